import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { TreClient } from "../../host/tre/client.ts";
import type { BenchEvent, StepEvent } from "../../host/wire/report/events.ts";
import type { DeliveryNote } from "../factory/station.ts";
import { Lab } from "../lab/lab.ts";
import type { OperatorStatus } from "../network/operator/portal/portal.ts";
import { getJson, postJson, Refusal } from "../network/shared/http.ts";
import type { OperatorEntry } from "../network/shared/registry.ts";
import { EventLog, StoryFailed } from "./events.ts";
import { Evidence } from "./evidence.ts";

export interface StoryOptions {
	/** Folder that is to hold the evidence; it must be empty or not exist. */
	readonly evidence?: string;
	/** Keep the lab's folder: databases, keys, flash. */
	readonly keep?: boolean;
	/** kill -9 and restart one process right after the n-th step (from 1). */
	readonly disturb?: { readonly element: string; readonly step: number };
	readonly onStep: (step: StepEvent) => void;
}

/** One change of operator, as it went. */
export interface ToldChange {
	readonly fromSho: string;
	readonly toSho: string;
	readonly imsiBefore: string;
	readonly imsiAfter: string;
}

/** result.json of the evidence folder. */
export interface StoryResult {
	readonly ok: boolean;
	readonly target: string;
	readonly treId: string;
	readonly versions: Readonly<Record<string, string>>;
	readonly changes: readonly ToldChange[];
}

export interface Story {
	readonly result: StoryResult;
	readonly steps: readonly StepEvent[];
	readonly timings: Readonly<Record<string, Readonly<Record<string, number>>>>;
	readonly wallMs: number;
	/** The lab's folder, where it was kept. */
	readonly folder?: string;
}

/** Of this clone, wherever the command is run from. */
const buildFolder = fileURLToPath(new URL("../../../", import.meta.url));

/** Longest wait for any one part; key generation on a loaded machine is the slowest. */
const PATIENCE_MS = 120_000;
const POLL_MS = 50;
const RETRY_MS = 500;

function freshEvidence(folder: string | undefined): Evidence {
	const there = folder === undefined ? undefined : statSync(folder, { throwIfNoEntry: false });
	if (folder !== undefined && there && (!there.isDirectory() || readdirSync(folder).length > 0)) {
		throw new StoryFailed(`${folder} is there and not empty; name a new folder for the evidence`);
	}
	return new Evidence(folder);
}

/** The complete story of the 3GPP text on an emulated TRE: manufacture, initial attach, two changes. */
export async function tellStory(options: StoryOptions): Promise<Story> {
	const started = performance.now();
	const evidence = freshEvidence(options.evidence);
	const folder = mkdtempSync(join(buildFolder, "lab-"));
	const teller = new Teller(folder, evidence, options);
	const remove = () => {
		if (!options.keep) rmSync(folder, { recursive: true, force: true });
	};
	const interrupted = () => {
		process.stderr.write(
			`\nstopping all processes${options.evidence ? `; ${options.evidence} holds what happened so far` : ""}\n`,
		);
		teller.stop().finally(() => {
			remove();
			process.exit(130);
		});
	};
	process.once("SIGINT", interrupted);
	process.once("SIGTERM", interrupted);
	let result: StoryResult = {
		ok: false,
		target: "emulator",
		treId: "",
		versions: { node: process.version },
		changes: [],
	};
	try {
		const { treId, changes } = await teller.tell();
		result = { ...result, ok: true, treId, changes };
	} finally {
		await teller.stop();
		evidence.json("result.json", result);
		evidence.json(
			"ladder.json",
			teller.log.steps.map(({ clause, from, to, what, ms, ok }) => ({ clause, from, to, what, ms, ok })),
		);
		process.off("SIGINT", interrupted);
		process.off("SIGTERM", interrupted);
		remove();
	}
	const { steps, timings } = teller.log;
	const wallMs = performance.now() - started;
	return { result, steps, timings, wallMs, ...(options.keep ? { folder } : {}) };
}

/** Drives a lab through the story, and reads from the operators, not from reports, how far it is. */
class Teller {
	readonly log: EventLog;
	readonly #lab: Lab;
	readonly #evidence: Evidence;
	readonly #disturbed: boolean;
	#note: DeliveryNote | undefined;
	#restart: Promise<void> = Promise.resolve();

	constructor(folder: string, evidence: Evidence, options: StoryOptions) {
		this.#evidence = evidence;
		this.#disturbed = options.disturb !== undefined;
		this.log = new EventLog(
			(step) => {
				options.onStep(step);
				const { disturb } = options;
				if (disturb && this.log.steps.length === disturb.step) this.#restart = this.#lab.restart(disturb.element);
			},
			(event: Extract<BenchEvent, { event: "document" }>) => {
				if (event.name === "delivery-note.json") this.#note = JSON.parse(event.content) as DeliveryNote;
				evidence.document(event);
			},
		);
		this.#lab = new Lab(folder, (event, from) => this.log.take(event, from));
	}

	async stop(): Promise<void> {
		await this.#restart.catch(() => undefined);
		await this.#lab.stop();
	}

	async tell(): Promise<{ treId: string; changes: readonly ToldChange[] }> {
		await this.#lab.start();
		const { operators } = this.#lab.registry;
		this.#evidence.certificates(this.#lab.registry);
		const { port } = await this.#lab.emulator("tre");
		const note = await this.#manufacture(port);
		this.#lab.equipment(port, this.#evidence.serial);
		const initial = await this.#until("the device uses the NAPDEF of the RO", async () => {
			const { devices } = await this.#status(operators[0]);
			return devices.find(({ treId, bootstrapped }) => treId === note.treId && bootstrapped);
		});

		const changes: ToldChange[] = [];
		let imsiBefore = initial.imsi;
		for (let n = 1; n < operators.length; n++) {
			this.#evidence.begin(n);
			const [from, to] = [operators[n - 1], operators[n]];
			const imsiAfter = await this.#change(note, from, to);
			changes.push({ fromSho: from.shoId, toSho: to.shoId, imsiBefore, imsiAfter });
			imsiBefore = imsiAfter;
		}
		await this.#checkDevice(port, imsiBefore);
		return { treId: note.treId, changes };
	}

	async #manufacture(port: string): Promise<DeliveryNote> {
		const patience = performance.now() + PATIENCE_MS;
		while (!(await this.#lab.factory(port, this.#evidence.serial))) {
			await this.#restart;
			if (!this.#disturbed || performance.now() > patience) throw new StoryFailed(this.log.problems.join("\n"));
			await sleep(RETRY_MS);
		}
		if (!this.#note) throw new StoryFailed("the factory delivered no note");
		return this.#note;
	}

	/** B.2.3.2 to B.2.3.5: from the subscriber's registration until both operators know it is committed. */
	async #change(note: DeliveryNote, from: OperatorEntry, to: OperatorEntry): Promise<string> {
		const reported = this.#disturbed ? Promise.resolve() : this.log.waitFor("reported", "m2me", PATIENCE_MS);
		reported.catch(() => undefined);
		const start = performance.now();
		const what = "registered {TRE_id, CertTRE, SHO_id}";
		await this.#subscribe(note, from, to);
		const ms = Math.round(performance.now() - start);
		this.log.take(
			{ event: "step", clause: "B.2.3.2", from: "subscriber", to: to.shoId, what, ms, ok: true },
			"subscriber",
		);
		const imsi = await this.#until(`${to.shoId} serves the device, and ${from.shoId} knows it`, async () => {
			const { devices, registrations } = await this.#status(to);
			const done = registrations.find(({ treId, told }) => treId === note.treId && told);
			return done && devices.find(({ treId, left }) => treId === note.treId && !left)?.imsi;
		});
		await reported;
		return imsi;
	}

	/** As a person would: try again when the portal does not answer; a change under way is what was wanted. */
	async #subscribe(note: DeliveryNote, from: OperatorEntry, to: OperatorEntry): Promise<void> {
		const patience = performance.now() + PATIENCE_MS;
		for (;;) {
			try {
				await postJson(`${to.portal}/subscriptions`, { ...note, shoId: from.shoId });
				return;
			} catch (error) {
				if (error instanceof Refusal && error.code === "change-under-way" && this.#disturbed) return;
				if (!this.#disturbed || performance.now() > patience) throw error;
				await sleep(RETRY_MS);
			}
		}
	}

	/** The device and the last operator agree: one MCIM, that one, and no change under way. */
	async #checkDevice(port: string, imsi: string): Promise<void> {
		await this.#restart;
		await this.#lab.end("m2me");
		const tre = await TreClient.open(port);
		try {
			const { state, activeImsi, pendingImsi } = await tre.status();
			if (state !== "idle" || activeImsi !== imsi || pendingImsi !== "") {
				throw new StoryFailed(
					`the TRE is ${state} with ${activeImsi} and ${pendingImsi || "nothing"} pending; ${imsi} was expected`,
				);
			}
		} finally {
			await tre.close();
		}
	}

	#status(operator: OperatorEntry): Promise<OperatorStatus> {
		return getJson<OperatorStatus>(`${operator.portal}/status`);
	}

	/** Asks again until there is an answer. */
	async #until<T>(what: string, ask: () => Promise<T | undefined>): Promise<T> {
		const patience = performance.now() + PATIENCE_MS;
		for (;;) {
			if (this.log.fatal) throw this.log.fatal;
			const found = await ask().catch((error: unknown) => {
				if (!this.#disturbed) throw error;
				return undefined;
			});
			if (found !== undefined) return found;
			if (performance.now() > patience) {
				throw new StoryFailed([`${what}: not within ${PATIENCE_MS / 1000} s`, ...this.log.problems].join("\n"));
			}
			await sleep(POLL_MS);
		}
	}
}
