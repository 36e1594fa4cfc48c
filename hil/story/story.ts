import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { BenchEvent, StepEvent } from "../../host/wire/report/events.ts";
import type { DeliveryNote } from "../factory/station.ts";
import { Lab } from "../lab/lab.ts";
import { postJson } from "../network/shared/http.ts";
import { EventLog, StoryFailed } from "./events.ts";
import { Evidence } from "./evidence.ts";

export interface StoryOptions {
	/** Folder that is to hold the evidence; it must be empty or not exist. */
	readonly evidence?: string;
	/** Keep the lab's folder: databases, keys, flash. */
	readonly keep?: boolean;
	readonly onStep: (step: StepEvent) => void;
}

/** result.json of the evidence folder. */
export interface StoryResult {
	readonly ok: boolean;
	readonly target: string;
	readonly treId: string;
	readonly versions: Readonly<Record<string, string>>;
	readonly changes: readonly { fromSho: string; toSho: string; imsiBefore: string; imsiAfter: string }[];
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

function freshEvidence(folder: string | undefined): Evidence {
	if (folder !== undefined && existsSync(folder) && readdirSync(folder).length > 0) {
		throw new StoryFailed(`${folder} is not empty; name a new folder for the evidence`);
	}
	return new Evidence(folder);
}

/** The complete story of the 3GPP text on an emulated TRE: manufacture, initial attach, two changes. */
export async function tellStory(options: StoryOptions): Promise<Story> {
	const started = performance.now();
	const evidence = freshEvidence(options.evidence);
	const folder = mkdtempSync(join(buildFolder, "lab-"));
	let note: DeliveryNote | undefined;
	let told: StoryResult = {
		ok: false,
		target: "emulator",
		treId: "",
		versions: { node: process.version },
		changes: [],
	};
	const log = new EventLog(options.onStep, (event: Extract<BenchEvent, { event: "document" }>) => {
		if (event.name === "delivery-note.json") note = JSON.parse(event.content) as DeliveryNote;
		evidence.document(event);
	});
	const lab = new Lab(folder, (event, from) => log.take(event, from));
	const interrupted = () => {
		lab.stop().finally(() => {
			if (!options.keep) rmSync(folder, { recursive: true, force: true });
			process.exit(130);
		});
	};
	process.once("SIGINT", interrupted);
	process.once("SIGTERM", interrupted);
	try {
		await lab.start();
		evidence.certificates(lab.registry);
		const { port } = await lab.emulator("tre");
		await lab.factory(port, evidence.serial);
		if (!note) throw new StoryFailed("the factory delivered no note");

		const connected = log.waitFor("connected", "m2me", PATIENCE_MS);
		lab.equipment(port, evidence.serial);
		await connected;
		const changes = await tellChanges(lab, log, evidence, note);
		const result: StoryResult = {
			ok: true,
			target: "emulator",
			treId: note.treId,
			versions: { node: process.version },
			changes,
		};
		told = result;
		return {
			result,
			steps: log.steps,
			timings: log.timings,
			wallMs: performance.now() - started,
			...(options.keep ? { folder } : {}),
		};
	} finally {
		await lab.stop();
		evidence.json("result.json", told);
		evidence.json(
			"ladder.json",
			log.steps.map(({ clause, from, to, what, ms, ok }) => ({ clause, from, to, what, ms, ok })),
		);
		process.off("SIGINT", interrupted);
		process.off("SIGTERM", interrupted);
		if (!options.keep) rmSync(folder, { recursive: true, force: true });
	}
}

/** RO to SHO[1], then SHO[1] to SHO[2]: the first change and the general case. */
async function tellChanges(lab: Lab, log: EventLog, evidence: Evidence, note: DeliveryNote) {
	const changes: { fromSho: string; toSho: string; imsiBefore: string; imsiAfter: string }[] = [];
	const { operators } = lab.registry;
	let imsiBefore = /as (\d+)/.exec(log.steps.find(({ what }) => what.startsWith("attach as"))?.what ?? "")?.[1] ?? "";
	for (let n = 1; n < operators.length; n++) {
		const [from, to] = [operators[n - 1], operators[n]];
		evidence.begin(n);
		const ended = Promise.all([
			log.waitFor("committed", to.shoId, PATIENCE_MS),
			log.waitFor("reported", "m2me", PATIENCE_MS),
		]);
		ended.catch(() => undefined);
		const start = performance.now();
		const { imsi } = await postJson<{ imsi: string }>(`${to.portal}/subscriptions`, { ...note, shoId: from.shoId });
		log.take(
			{
				event: "step",
				clause: "B.2.3.2",
				from: "subscriber",
				to: to.shoId,
				what: "registered {TRE_id, CertTRE, SHO_id}",
				ms: Math.round(performance.now() - start),
				ok: true,
			},
			"subscriber",
		);
		await ended;
		changes.push({ fromSho: from.shoId, toSho: to.shoId, imsiBefore, imsiAfter: imsi });
		imsiBefore = imsi;
	}
	return changes;
}
