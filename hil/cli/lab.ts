import { spawn } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { resolve } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { readNamed } from "../../firmware/local/named-file.ts";
import { TreClient } from "../../host/tre/client.ts";
import { lifeStateWords } from "../../host/tre/words.ts";
import type { BenchEvent } from "../../host/wire/report/events.ts";
import type { DeliveryNote } from "../factory/station.ts";
import { devicesOf, inWords, statusOf } from "../lab/devices.ts";
import { KeptLab, LabError } from "../lab/kept.ts";
import { setAir, setCoverage } from "../lab/lab.ts";
import { type KeptNote, Notes } from "../lab/notes.ts";
import { world } from "../lab/world.ts";
import type { Subscribed } from "../network/operator/registration/registrar.ts";
import { newReleaseCode, releaseCodeHash } from "../network/operator/registration/release-code.ts";
import { postJson } from "../network/shared/http.ts";
import { Refusal } from "../network/shared/refusal.ts";
import type { OperatorEntry } from "../network/shared/registry.ts";
import { line } from "./ladder.ts";

interface Options {
	readonly lab: string;
	readonly json?: boolean;
}

/** Then their end is worth a word. */
const LEAVES_SOON_DAYS = 60;

const say = (text: string): void => void process.stdout.write(`${text}\n`);
const labOf = ({ lab }: Options): KeptLab => new KeptLab(resolve(lab));

/** Throws where it is not up. */
function upLab(options: Options): KeptLab {
	const lab = labOf(options);
	lab.registry.pvas();
	return lab;
}

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
	const lab = labOf(options);
	const { devices, silent, leavesEndInDays } = await statusOf(lab.registry, lab.tokens);
	if (options.json) return say(JSON.stringify({ devices, silent, leavesEndInDays }));
	if (devices.length === 0) say("No device has been made. Make one: hil factory PORT");
	for (const device of devices) say(inWords(device));
	for (const [shoId, why] of Object.entries(silent))
		say(`${shoId} does not answer, and what it knows is missing here: ${why}`);
	for (const [shoId, days] of Object.entries(leavesEndInDays))
		if (days < LEAVES_SOON_DAYS) say(`${shoId}: its TLS certificates end in ${days} days`);
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

function factoryArgs(lab: KeptLab, port: string): string[] {
	lab.registry.pvas();
	const { key, certificate } = lab.station;
	return [
		...["--port", port, "--registry", lab.registryPath, "--ro", world.operators[0].shoId],
		...["--key", key, "--certificate", certificate],
	];
}

interface FactoryOptions extends Options {
	readonly encryption: string;
	readonly updates: string;
	readonly dev?: boolean;
}

export async function factory(port: string, options: FactoryOptions): Promise<void> {
	const lab = labOf(options);
	const { encryption, updates, dev } = options;
	const making = ["--encryption", encryption, "--updates", updates, ...(dev ? ["--dev"] : [])];
	const args = [...factoryArgs(lab, port), ...making];
	let kept: string | undefined;
	const code = await run("hil/factory/main.js", args, (event) => {
		if (event.event === "document" && event.name === "delivery-note.json") {
			kept = new Notes(lab.folder).keep(JSON.parse(event.content) as DeliveryNote);
			// What the M2ME of an earlier device on this port remembered is of no use to this one.
			rmSync(equipmentFolder(lab, port), { recursive: true, force: true });
		} else show(options)(event);
	});
	process.exitCode = code;
	if (kept && !options.json) say(`Delivery note: ${kept}. Next: hil attach ${port}`);
}

export async function wipe(port: string, options: Options): Promise<void> {
	const lab = labOf(options);
	const code = await run("hil/factory/main.js", [...factoryArgs(lab, port), "--wipe"], show(options));
	process.exitCode = code;
	if (code === 0 && !options.json) say(`The TRE on ${port} is blank. A new life begins with: hil factory ${port}`);
}

/** The M2ME of a port keeps its state in the lab's folder, whichever command runs it. */
const equipmentFolder = (lab: KeptLab, port: string): string =>
	resolve(lab.folder, `m2me-${port.replaceAll(/[^A-Za-z0-9]+/g, "-")}`);

function equipmentArgs(lab: KeptLab, port: string): string[] {
	const [vno] = lab.registry.content.vnos;
	return [port, "--radio", vno.radio, "--state", equipmentFolder(lab, port)];
}

export async function attach(port: string, options: Options): Promise<void> {
	process.exitCode = await run("host/daemon/main.js", equipmentArgs(labOf(options), port), show(options));
}

const NOTHING_TO_DO = 3;

/** One step of the M2ME, then where the TRE stands. */
export async function step(port: string, options: Options): Promise<void> {
	const args = [...equipmentArgs(labOf(options), port), "--once"];
	const code = await run("host/daemon/main.js", args, show(options));
	process.exitCode = code;
	if (code !== 0 && code !== NOTHING_TO_DO) return;
	const tre = await TreClient.open(port);
	try {
		const { state, activeImsi, pendingImsi } = await tre.status();
		const { means, next } = lifeStateWords[state];
		const worked = code === 0;
		if (options.json) say(JSON.stringify({ worked, state, activeImsi, pendingImsi, next }));
		else say(`${worked ? "" : "Nothing to do. "}The TRE is ${state}: ${means}. Next: ${next}.`);
	} finally {
		await tre.close();
	}
}

function operatorOf(lab: KeptLab, shoId: string): OperatorEntry {
	const operator = lab.registry.operator(shoId);
	if (operator) return operator;
	throw new LabError(`${shoId} is none of ${lab.registry.content.operators.map((one) => one.shoId).join(", ")}`);
}

function noteOf(lab: KeptLab, treId: string): KeptNote {
	const note = new Notes(lab.folder).find(treId);
	if (note) return note;
	throw new LabError(`no delivery note of a TRE ${treId}…; hil status lists the devices`);
}

/** Where the device of a note is, as its operators say; else where it was delivered from. */
async function servedBy(lab: KeptLab, note: KeptNote): Promise<string> {
	const device = (await devicesOf(lab.registry, lab.tokens)).find((one) => one.treId === note.treId);
	return device?.servedBy ?? note.shoId;
}

/**
 * Hands a fresh release code's hash in with a request. The code is kept before it is sent, so that no lost
 * answer loses it; after an answer it is that SHO's, after a refusal nobody's.
 */
async function withNextCode<T>(
	lab: KeptLab,
	note: KeptNote,
	shoId: string,
	post: (nextRelease: string) => Promise<T>,
): Promise<T> {
	const notes = new Notes(lab.folder);
	const { [shoId]: unanswered, ...chosen } = note.chosen;
	const next = unanswered ?? newReleaseCode().code;
	notes.keep({ ...note, chosen: { ...chosen, [shoId]: next } });
	try {
		const answer = await post(releaseCodeHash(next));
		notes.keep({ ...note, codes: { ...note.codes, [shoId]: next }, chosen });
		return answer;
	} catch (error) {
		if (error instanceof Refusal && error.status < 500) notes.keep({ ...note, chosen });
		throw error;
	}
}

/** The code that an SHO asks for: kept from its answer, or sent and never answered. */
const codeFor = ({ codes, chosen }: KeptNote, shoId: string): string | undefined => codes[shoId] ?? chosen[shoId];

export async function register(treId: string, shoId: string, options: Options & { code?: string }): Promise<void> {
	const lab = upLab(options);
	const operator = operatorOf(lab, shoId);
	const note = noteOf(lab, treId);
	const from = await servedBy(lab, note);
	if (from === shoId) throw new LabError(`${shoId} serves ${note.treId} already; register it at another operator`);
	const { certSign, certEncrypt } = note;
	const answer = await withNextCode(lab, note, shoId, (nextRelease) =>
		postJson<Subscribed>(`${operator.portal}/subscriptions`, {
			...{ treId: note.treId, certSign, certEncrypt, shoId: from },
			...{ releaseCode: options.code ?? codeFor(note, from), nextRelease },
		}),
	);
	if (options.json) return say(JSON.stringify(answer));
	const heard = answer.reached ? "" : ` ${from} has not answered yet; it is asked again.`;
	say(`Registered ${note.treId} at ${shoId}.${heard} hil status shows how far it is.`);
}

/** At the new SHO, or at the one that serves the device: that one changes the release code, too. */
export async function withdraw(treId: string, shoId: string, options: Options): Promise<void> {
	const lab = upLab(options);
	const note = noteOf(lab, treId);
	const { portal } = operatorOf(lab, shoId);
	const body = { treId: note.treId, releaseCode: codeFor(note, shoId) };
	const answer =
		(await servedBy(lab, note)) === shoId
			? await withNextCode(lab, note, shoId, (nextRelease) =>
					postJson<object>(`${portal}/devices/keep`, { ...body, nextRelease }),
				)
			: await postJson<object>(`${portal}/subscriptions/withdraw`, body);
	if (options.json) return say(JSON.stringify(answer));
	say(`${shoId} withdraws ${note.treId}; it counts once the TRE's receipt says so. hil status shows how far it is.`);
}

/** An account with its credentials comes from a file: on a command line everybody could read them. */
export async function application(treId: string, file: string, options: Options): Promise<void> {
	const lab = upLab(options);
	const note = noteOf(lab, treId);
	const shoId = await servedBy(lab, note);
	const account = readAccountFile(file);
	const body = { treId: note.treId, releaseCode: codeFor(note, shoId), account };
	const answer = await postJson<object>(`${operatorOf(lab, shoId).portal}/devices/application`, body);
	if (options.json) return say(JSON.stringify(answer));
	say(
		`${shoId} sends ${note.treId} the account; it is there once the TRE's receipt says so. hil status shows how far it is.`,
	);
}

/** Firmware over the air: the operator's staff offers it, or takes an offer back. */
export async function offer(
	treId: string,
	file: string | undefined,
	options: Options & { withdraw?: boolean },
): Promise<void> {
	if ((file === undefined) !== (options.withdraw === true))
		throw new LabError("name a bundle to offer, or --withdraw what was offered");
	const lab = upLab(options);
	const note = noteOf(lab, treId);
	const shoId = await servedBy(lab, note);
	const url = `${operatorOf(lab, shoId).portal}/devices/offer`;
	const staff = lab.tokens.staff(shoId);
	if (file === undefined) {
		const answer = await postJson<object>(`${url}/withdraw`, { treId: note.treId }, staff);
		if (options.json) return say(JSON.stringify(answer));
		return say(`${shoId} takes back what it offered ${note.treId}; hil status shows when the TRE has heard of it.`);
	}
	const body = { treId: note.treId, bundle: readNamed(file).toString("base64") };
	const answer = await postJson<{ version: string; digest: string }>(url, body, staff);
	if (options.json) return say(JSON.stringify(answer));
	say(`${shoId} offers ${note.treId} firmware ${answer.version}; hil status shows what becomes of it.`);
}

function readAccountFile(file: string): unknown {
	const text = (file === "-" ? readFileSync(0) : readNamed(file)).toString("utf8");
	try {
		return JSON.parse(text);
	} catch {
		// What the parser would say quotes the text, credentials included.
		throw new LabError(`${file} is no JSON`);
	}
}

export function coverage(shoId: string, covered: "on" | "off", options: Options): void {
	const lab = labOf(options);
	operatorOf(lab, shoId);
	const barred = setCoverage(lab.folder, shoId, covered === "on");
	if (options.json) say(JSON.stringify({ barred }));
	else say(`From now on the visited network serves ${barred.length === 0 ? "all" : `all but ${barred.join(", ")}`}.`);
}

interface AirOptions extends Options {
	readonly loss: number;
	readonly duplicate: number;
	readonly reorder: number;
}

export function air({ loss, duplicate, reorder, ...options }: AirOptions): void {
	const now = setAir(upLab(options).folder, { loss, duplicate, reorder });
	if (options.json) say(JSON.stringify(now));
	else
		say(
			`Of the short messages: ${Object.entries(now)
				.map(([name, share]) => `${name} ${share * 100} %`)
				.join(", ")}.`,
		);
}
