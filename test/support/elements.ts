import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { processOf } from "../../firmware/local/process.ts";
import { Tokens } from "../../hil/lab/tokens.ts";
import { world } from "../../hil/lab/world.ts";
import type { OperatorConfig } from "../../hil/network/operator/config.ts";
import { OperatorStore } from "../../hil/network/operator/store.ts";
import { makeRoot } from "../../hil/network/shared/certificates.ts";
import { keepIdentity } from "../../hil/network/shared/identity.ts";
import type { OperatorEntry, PvaEntry, RegistryContent, VnoEntry } from "../../hil/network/shared/registry.ts";
import { ElementProcess } from "./element-process.ts";

const POLL_MS = 20;
const PATIENCE = 1_500;

/** Asks again until `fits` is content. */
export async function until(what: string, fits: () => Promise<boolean> | boolean): Promise<void> {
	for (let n = 0; n < PATIENCE; n++) {
		if (await fits()) return;
		await sleep(POLL_MS);
	}
	throw new Error(`${what} did not come about`);
}

/** File descriptors that a process has open. */
export const descriptorsOf = (pid: number): number => readdirSync(`/proc/${pid}/fd`).length;

/** Network elements as processes in one folder, without a keeper that starts them again: a test sees which one ends. */
export class Elements {
	readonly folder = mkdtempSync(join(tmpdir(), "elements-"));
	readonly registryPath = join(this.folder, "registry.json");
	readonly tokens = new Tokens(this.folder);
	readonly #running = new Map<string, ElementProcess>();

	constructor() {
		this.contract({ operators: [], pvas: [], vnos: [] });
	}

	get content(): RegistryContent {
		return JSON.parse(readFileSync(this.registryPath, "utf8")) as RegistryContent;
	}

	/** From now on these are the contracted parties. */
	contract(content: RegistryContent): void {
		writeFileSync(`${this.registryPath}.new`, JSON.stringify(content, null, 2));
		renameSync(`${this.registryPath}.new`, this.registryPath);
	}

	/** One more contracted operator, in place of one of that name. */
	contractOperator(entry: OperatorEntry): void {
		const { operators, ...others } = this.content;
		this.contract({ ...others, operators: [...operators.filter(({ shoId }) => shoId !== entry.shoId), entry] });
	}

	/** One more contracted PVA. */
	contractPva(entry: PvaEntry): void {
		const { pvas, ...others } = this.content;
		this.contract({ ...others, pvas: [...pvas.filter(({ pvaId }) => pvaId !== entry.pvaId), entry] });
	}

	/** An operator of the embedded world, `plant` being what stands in its registers before it starts. */
	async operator(
		shoId: string,
		plant: (store: OperatorStore) => unknown = () => undefined,
		changes: Partial<OperatorConfig> = {},
	): Promise<ElementProcess> {
		const folder = this.folderOf(`operator-${shoId}`);
		const store = await OperatorStore.open(folder);
		// On an elliptic curve: quick to make.
		await keepIdentity(store.identities, "root", () => makeRoot(shoId, "ec"));
		await plant(store);
		await store.close();
		const { vnoId } = world.vno;
		const access = { staff: this.tokens.staff(shoId), networks: { [vnoId]: this.tokens.network(shoId, vnoId) } };
		const shape = world.operators.find((one) => one.shoId === shoId);
		const element = this.#start(`operator-${shoId}`, "operator", { ...shape, ...changes, access });
		const from = await element.ready;
		this.contractOperator({
			...{ shoId, certificate: from.certificate, plmn: from.plmn, gsup: from.gsup, home: from.home },
			...{ operations: from.operations, portal: from.portal },
			dpf: { host: from.dpfHost, address: from.dpfAddress },
			api: { host: from.apiHost, address: from.apiAddress },
		});
		return element;
	}

	async pva(): Promise<ElementProcess> {
		const element = this.#start("pva", "pva", world.pva);
		const { pvaId, certificate, apiHost, apiAddress } = await element.ready;
		this.contractPva({ pvaId, certificate, api: { host: apiHost, address: apiAddress } });
		return element;
	}

	async vno(): Promise<ElementProcess> {
		const { vnoId } = world.vno;
		const tokens = Object.fromEntries(world.operators.map(({ shoId }) => [shoId, this.tokens.network(shoId, vnoId)]));
		const element = this.#start("vno", "vno", {
			...{ ...world.vno, tokens, barred: join(this.folder, "barred.json"), air: join(this.folder, "air.json") },
		});
		const { plmn, radio } = await element.ready;
		this.contract({ ...this.content, vnos: [{ vnoId, plmn, radio }] });
		return element;
	}

	entry(shoId: string): OperatorEntry {
		return this.content.operators.find((one) => one.shoId === shoId) as OperatorEntry;
	}

	get visited(): VnoEntry {
		return this.content.vnos[0] as VnoEntry;
	}

	/** Port of one of an element's services. */
	portOf(name: string, service: string): number {
		const ports = JSON.parse(readFileSync(join(this.folder, name, "ports.json"), "utf8")) as Record<string, number>;
		return ports[service] as number;
	}

	folderOf(name: string): string {
		const folder = join(this.folder, name);
		mkdirSync(folder, { recursive: true, mode: 0o700 });
		return folder;
	}

	/** Elements that have ended although nobody asked them to. */
	get died(): readonly string[] {
		return [...this.#running].flatMap(([name, { pid }]) => (processOf(pid) ? [] : [name]));
	}

	/** Asks one to end; resolves to its code. */
	async end(name: string): Promise<number | null> {
		const element = this.#running.get(name);
		this.#running.delete(name);
		return (await element?.stop()) ?? null;
	}

	async stop(): Promise<void> {
		for (const name of [...this.#running.keys()].reverse()) await this.end(name);
		rmSync(this.folder, { recursive: true, force: true });
	}

	#start(name: string, kind: string, shape: object): ElementProcess {
		const folder = this.folderOf(name);
		const config = join(folder, "config.json");
		writeFileSync(config, JSON.stringify({ ...shape, folder, registry: this.registryPath }), { mode: 0o600 });
		const element = new ElementProcess(kind, config);
		this.#running.set(name, element);
		return element;
	}
}
