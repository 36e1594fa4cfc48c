import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { StepEvent } from "../../host/wire/report/events.ts";
import type { UpdatePolicy } from "../factory/updates.ts";
import type { WorldChanges } from "../lab/world.ts";
import { type Target, targetNamed } from "../rig/targets.ts";
import { ScenarioFailed } from "./events.ts";
import { Evidence } from "./evidence.ts";
import { interruptible } from "./interrupt.ts";
import { type Change, type Disturbance, Stage } from "./stage.ts";

/** A story with one device: what happens, and what must be true at its end. */
export interface Scenario {
	readonly name: string;
	readonly does: string;
	/** What its world has otherwise. */
	readonly world?: WorldChanges;
	/** Which updates its device takes; any that the factory signed where nothing is said. */
	readonly updates?: UpdatePolicy;
	play(stage: Stage): Promise<void>;
}

export interface PlayOptions {
	/** Folder that is to hold the evidence; it must be empty or not exist. */
	readonly evidence?: string;
	/** Keep the lab's folder: databases, keys, flash. */
	readonly keep?: boolean;
	readonly disturb?: Disturbance;
	/** What it is played on; the emulator where nothing is said. */
	readonly target?: Target;
	readonly onStep: (step: StepEvent) => void;
}

/** result.json of the evidence folder. */
export interface ScenarioResult {
	readonly ok: boolean;
	readonly scenario: string;
	readonly target: string;
	readonly treId: string;
	readonly versions: Readonly<Record<string, string>>;
	readonly changes: readonly Change[];
}

export interface Played {
	readonly result: ScenarioResult;
	readonly steps: readonly StepEvent[];
	readonly timings: Readonly<Record<string, Readonly<Record<string, number>>>>;
	readonly wallMs: number;
	/** The lab's folder, where it was kept. */
	readonly folder?: string;
}

/** Of this clone, wherever the command is run from. */
const buildFolder = fileURLToPath(new URL("../../../", import.meta.url));

function freshEvidence(folder: string | undefined): Evidence {
	const there = folder === undefined ? undefined : statSync(folder, { throwIfNoEntry: false });
	if (folder !== undefined && there && (!there.isDirectory() || readdirSync(folder).length > 0)) {
		throw new ScenarioFailed(`${folder} is there and not empty; name a new folder for the evidence`);
	}
	return new Evidence(folder);
}

/** Plays a scenario on a target, in a lab of its own that is gone afterwards. */
export async function play(scenario: Scenario, options: PlayOptions): Promise<Played> {
	const started = performance.now();
	const evidence = freshEvidence(options.evidence);
	const folder = mkdtempSync(join(buildFolder, "lab-"));
	const target = options.target ?? targetNamed("emulator");
	const stage = new Stage(folder, target, evidence, options, options.disturb);
	let ok = false;
	const result = (): ScenarioResult => ({
		ok,
		scenario: scenario.name,
		target: target.name,
		treId: stage.treId,
		versions: { node: process.version },
		changes: stage.changes,
	});
	const end = async (): Promise<void> => {
		await stage.stop();
		evidence.json("result.json", result());
		evidence.json(
			"ladder.json",
			stage.log.steps.map(({ clause, from, to, what, ms, ok }) => ({ clause, from, to, what, ms, ok })),
		);
		if (!options.keep) rmSync(folder, { recursive: true, force: true });
	};
	await interruptible(end, async () => {
		try {
			await stage.open(scenario.world, scenario.updates);
			await scenario.play(stage);
			await stage.checkDevice();
			ok = true;
		} finally {
			await end();
		}
	});
	const { steps, timings } = stage.log;
	const wallMs = performance.now() - started;
	return { result: result(), steps, timings, wallMs, ...(options.keep ? { folder } : {}) };
}
