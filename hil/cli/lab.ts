import { spawn } from "node:child_process";
import { resolve } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { BenchEvent } from "../../host/wire/report/events.ts";
import type { DeliveryNote } from "../factory/station.ts";
import { devicesOf, inWords, Notes } from "../lab/devices.ts";
import { KeptLab, LabError } from "../lab/kept.ts";
import { world } from "../lab/world.ts";
import { postJson } from "../network/shared/http.ts";
import { line } from "./ladder.ts";

interface Options {
	readonly lab: string;
	readonly json?: boolean;
}

const say = (text: string): void => void process.stdout.write(`${text}\n`);
const labOf = ({ lab }: Options): KeptLab => new KeptLab(resolve(lab));

export async function up(options: Options): Promise<void> {
	const lab = labOf(options);
	const started = await lab.up();
	const { operators, vnos } = lab.registry.content;
	if (options.json)
		return say(JSON.stringify({ started, folder: lab.folder, pid: lab.keeper()?.pid, ...lab.registry.content }));
	say(
		`${started ? "The lab is up" : "The lab was up already"} (process ${lab.keeper()?.pid}, state in ${lab.folder}).`,
	);
	for (const { shoId, portal } of operators) say(`  ${shoId.padEnd(16)} portal ${portal}`);
	for (const { vnoId, radio } of vnos) say(`  ${vnoId.padEnd(16)} radio ${radio}`);
}

export async function down(options: Options): Promise<void> {
	const lab = labOf(options);
	const stopped = await lab.down();
	if (options.json) say(JSON.stringify({ stopped, folder: lab.folder }));
	else say(stopped ? `The lab is down; its state stays in ${lab.folder}.` : `No lab is up in ${lab.folder}.`);
}

export async function status(options: Options): Promise<void> {
	const devices = await devicesOf(labOf(options));
	if (options.json) return say(JSON.stringify(devices));
	if (devices.length === 0) say("No device has been made. Make one: hil factory PORT");
	for (const device of devices) say(inWords(device));
}

/** Runs a program of the bench, handing its events on; resolves to its exit code. */
function run(module: string, args: readonly string[], onEvent: (event: BenchEvent) => void): Promise<number> {
	const path = fileURLToPath(new URL(`../../${module}`, import.meta.url));
	const child = spawn(process.execPath, [path, ...args], { stdio: ["ignore", "pipe", "inherit"] });
	for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => child.kill(signal));
	createInterface({ input: child.stdout }).on("line", (text) => onEvent(JSON.parse(text) as BenchEvent));
	return new Promise((done) => child.on("close", (code) => done(code ?? 1)));
}

const show =
	(options: Options) =>
	(event: BenchEvent): void => {
		if (options.json) say(JSON.stringify(event));
		else if (event.event === "step") say(line(event));
		else if (event.event === "problem") say(`  ${event.what}`);
	};

export async function factory(port: string, options: Options): Promise<void> {
	const lab = labOf(options);
	lab.registry.pvas();
	const { key, certificate } = lab.station;
	const args = [
		"--port",
		port,
		"--registry",
		lab.registryPath,
		"--ro",
		world.operators[0].shoId,
		"--key",
		key,
		"--certificate",
		certificate,
	];
	let kept: string | undefined;
	const code = await run("hil/factory/main.js", args, (event) => {
		if (event.event === "document" && event.name === "delivery-note.json") {
			kept = new Notes(lab).keep(JSON.parse(event.content) as DeliveryNote);
		} else show(options)(event);
	});
	process.exitCode = code;
	if (kept && !options.json) say(`Delivery note: ${kept}. Next: hil attach ${port}`);
}

export async function attach(port: string, options: Options): Promise<void> {
	const lab = labOf(options);
	const [vno] = lab.registry.content.vnos;
	const state = resolve(lab.folder, `m2me-${port.replaceAll(/[^A-Za-z0-9]+/g, "-")}`);
	const args = ["--port", port, "--radio", vno.radio, "--state", state];
	process.exitCode = await run("host/daemon/main.js", args, show(options));
}

export async function register(treId: string, shoId: string, options: Options): Promise<void> {
	const lab = labOf(options);
	const operator = lab.registry.operator(shoId);
	const note = new Notes(lab).find(treId);
	if (!operator)
		throw new LabError(`${shoId} is none of ${lab.registry.content.operators.map((one) => one.shoId).join(", ")}`);
	if (!note) throw new LabError(`no delivery note of a TRE ${treId}…; hil status lists the devices`);
	const device = (await devicesOf(lab)).find((one) => one.treId === note.treId);
	const answer = await postJson<object>(`${operator.portal}/subscriptions`, {
		...note,
		shoId: device?.servedBy ?? note.shoId,
	});
	if (options.json) say(JSON.stringify(answer));
	else say(`Registered ${note.treId} at ${shoId}. hil status shows how far it is.`);
}
