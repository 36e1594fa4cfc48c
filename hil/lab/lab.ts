import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeFolder, makeOwnFolder } from "../../firmware/local/own-folder.ts";
import type { BenchEvent } from "../../host/wire/report/events.ts";
import type { UpdatePolicy } from "../factory/updates.ts";
import type { OperatorEntry, PvaEntry, RegistryContent, VnoEntry } from "../network/shared/registry.ts";
import { type Air, clearAir, readAir } from "../network/vno/air.ts";
import type { Rig } from "../rig/rig.ts";
import type { Target } from "../rig/targets.ts";
import { Child } from "./child.ts";
import { Tokens } from "./tokens.ts";
import { operatorsWith, type WorldChanges, world } from "./world.ts";

type Addresses = Record<string, string>;
type OnEvent = (event: BenchEvent, from: string) => void;

const operatorEntry = (from: Addresses): OperatorEntry => ({
	shoId: from.shoId,
	certificate: from.certificate,
	plmn: from.plmn,
	gsup: from.gsup,
	home: from.home,
	operations: from.operations,
	portal: from.portal,
	dpf: { host: from.dpfHost, address: from.dpfAddress },
	api: { host: from.apiHost, address: from.apiAddress },
});

const pvaEntry = (from: Addresses): PvaEntry => ({
	pvaId: from.pvaId,
	certificate: from.certificate,
	api: { host: from.apiHost, address: from.apiAddress },
});

const vnoEntry = (from: Addresses): VnoEntry => ({
	vnoId: from.vnoId,
	plmn: from.plmn,
	radio: from.radio,
});

export const worldFile = "world.json";

/** Operators that the visited network of a lab does not serve. */
export const barredPath = (folder: string): string => join(folder, "barred.json");

/** Takes an operator's coverage away, or gives it back; counts at once. */
export function setCoverage(folder: string, shoId: string, covered: boolean): readonly string[] {
	const path = barredPath(folder);
	const barred = existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as string[]) : [];
	const others = barred.filter((one) => one !== shoId);
	const now = covered ? others : [...others, shoId];
	writeFileSync(`${path}.new`, JSON.stringify(now));
	renameSync(`${path}.new`, path);
	return now;
}

const airPath = (folder: string): string => join(folder, "air.json");

/** What the air of a lab does to short messages from now on. */
export function setAir(folder: string, air: Partial<Air>): Air {
	const path = airPath(folder);
	writeFileSync(`${path}.new`, JSON.stringify({ ...clearAir, ...air }));
	renameSync(`${path}.new`, path);
	return readAir(path);
}

/** Operators, visited network and PVA as processes in one folder. */
export class Lab {
	readonly folder: string;
	readonly registryPath: string;
	readonly tokens: Tokens;
	readonly #onEvent: OnEvent;
	readonly #children = new Map<string, Child>();
	readonly #programs = new Map<string, { module: string; args: readonly string[] }>();
	#stopped: Promise<void> | undefined;
	#station: { key: string; certificate: string } = { key: "", certificate: "" };

	constructor(folder: string, onEvent: OnEvent) {
		this.folder = folder;
		this.registryPath = join(folder, "registry.json");
		this.tokens = new Tokens(folder);
		this.#onEvent = onEvent;
		makeOwnFolder(folder);
	}

	/** Starts all of them and writes the registry that they read. */
	async start(): Promise<void> {
		this.#writeRegistry({ operators: [], pvas: [], vnos: [] });
		const shapes = operatorsWith(this.#changes());
		const { vnoId } = world.vno;
		const network = (shoId: string) => this.tokens.network(shoId, vnoId);
		const operators = shapes.map((shape) => {
			const { shoId } = shape;
			const access = { staff: this.tokens.staff(shoId), networks: { [vnoId]: network(shoId) } };
			return this.#element(`operator-${shoId}`, "operator", { ...shape, access });
		});
		const pva = this.#element("pva", "pva", world.pva);
		const vno = this.#element("vno", "vno", {
			...{ ...world.vno, barred: barredPath(this.folder) },
			air: airPath(this.folder),
			tokens: Object.fromEntries(shapes.map(({ shoId }) => [shoId, network(shoId)])),
		});
		const pvaAddresses = await pva.ready;
		this.#station = { key: pvaAddresses.stationKey, certificate: pvaAddresses.stationCertificate };
		this.#writeRegistry({
			operators: (await Promise.all(operators.map((child) => child.ready))).map(operatorEntry),
			pvas: [pvaEntry(pvaAddresses)],
			vnos: [vnoEntry(await vno.ready)],
		});
	}

	/** What this lab has otherwise than the embedded world. */
	change(changes: WorldChanges): void {
		writeFileSync(join(this.folder, worldFile), JSON.stringify(changes, null, 2));
	}

	#changes(): WorldChanges {
		const path = join(this.folder, worldFile);
		if (!existsSync(path)) return {};
		try {
			return JSON.parse(readFileSync(path, "utf8")) as WorldChanges;
		} catch {
			throw new Error(`${path} is no JSON; mend it, or remove it for the world as it is`);
		}
	}

	get registry(): RegistryContent {
		return JSON.parse(readFileSync(this.registryPath, "utf8")) as RegistryContent;
	}

	/** Starts a TRE on a target and resolves to its port. */
	async device(name: string, target: Target): Promise<{ port: string; rig: Rig }> {
		await target.prepare?.();
		const folder = join(this.folder, name);
		const { module, args } = target.program(folder, join(this.folder, `${name}.tty`));
		const { port } = await this.#spawn(name, module, args).ready;
		return { port, rig: target.rig(folder, () => this.restart(name)) };
	}

	/** Personalises the TRE on a port, in a process of its own; false where it did not get to its end. */
	async factory(port: string, target: Target, updates: UpdatePolicy, record?: string): Promise<boolean> {
		const { key, certificate } = this.#station;
		const child = this.#spawn(
			"factory",
			"hil/factory/main.js",
			[
				...["--port", port, "--registry", this.registryPath, "--ro", world.operators[0].shoId],
				...["--key", key, "--certificate", certificate, "--updates", updates],
				...(target.isForDevelopment ? ["--dev"] : []),
				...(record === undefined ? [] : ["--record", record]),
			],
			true,
		);
		return (await child.ended) === 0;
	}

	/** Starts the M2ME of a TRE on its port. */
	equipment(port: string, treId: string, record?: string): Child {
		const [vno] = this.registry.vnos;
		return this.#spawn("m2me", "host/daemon/main.js", [
			...[port, "--radio", vno.radio, "--state", join(this.folder, "m2me"), "--tre-id", treId],
			...(record === undefined ? [] : ["--record", record]),
		]);
	}

	/** Names of what runs, or has run. */
	get names(): readonly string[] {
		return [...this.#children.keys()];
	}

	/** kill -9, and a new start with the same state. Undefined where nothing of that name has run yet. */
	async restart(name: string): Promise<void> {
		const program = this.#programs.get(name);
		if (!program) return;
		await this.#children.get(name)?.kill();
		if (!this.#stopped) await this.#spawn(name, program.module, program.args).ready;
	}

	/** Ends one process and waits for it. */
	async end(name: string): Promise<void> {
		await this.#children.get(name)?.stop();
	}

	/** Ends all processes, the last started first; none starts afterwards. */
	stop(): Promise<void> {
		this.#stopped ??= this.#stopAll();
		return this.#stopped;
	}

	async #stopAll(): Promise<void> {
		for (const child of [...this.#children.values()].reverse()) await child.stop();
	}

	#spawn(name: string, module: string, args: readonly string[], mayFail = false): Child {
		if (this.#stopped) throw new Error("the lab is being stopped");
		const child = new Child(name, module, args, this.#onEvent, mayFail);
		this.#children.set(name, child);
		this.#programs.set(name, { module, args });
		return child;
	}

	#element(name: string, kind: string, shape: object): Child {
		const folder = join(this.folder, name);
		makeFolder(folder, 0o700);
		const path = join(folder, "config.json");
		// There are tokens in it.
		writeFileSync(path, JSON.stringify({ ...shape, folder, registry: this.registryPath }, null, 2), { mode: 0o600 });
		return this.#spawn(name, `hil/network/${kind}/main.js`, ["--config", path]);
	}

	#writeRegistry(content: RegistryContent): void {
		const next = `${this.registryPath}.new`;
		writeFileSync(next, JSON.stringify(content, null, 2));
		renameSync(next, this.registryPath);
	}
}
