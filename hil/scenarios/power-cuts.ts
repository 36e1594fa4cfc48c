import { randomInt } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Rig } from "../rig/rig.ts";
import { ScenarioFailed } from "../stage/events.ts";
import type { Scenario } from "../stage/play.ts";
import type { Stage } from "../stage/stage.ts";

const CUTS = 5;
/** Fewer would not show much. */
const LEAST_CUTS = 2;
/** A change has more operations of the flash than that; a cut comes at one of them. */
const OPERATIONS = 6;
const OCTETS = 16;
const POLL_MS = 20;

/** The device changes to its next operator while `disturb` goes on; that stops when the new operator serves it. */
async function changeDisturbed(
	stage: Stage,
	toSho: string,
	disturb: (over: () => boolean) => Promise<void>,
): Promise<void> {
	let over = false;
	await stage.register(toSho);
	const served = stage.served(toSho).finally(() => {
		over = true;
	});
	served.catch(() => undefined);
	await disturb(() => over);
	await served;
}

/** Plans cut after cut, each when the one before has come; how many came. */
async function cutAgain(stage: Stage, rig: Rig, over: () => boolean): Promise<number> {
	let cuts = 0;
	while (cuts < CUTS && !over()) {
		const cut = { operations: randomInt(OPERATIONS), octets: randomInt(OCTETS) };
		const what = `the power goes after ${cut.operations} operations of the flash, ${cut.octets} octets into the next`;
		await stage.told({ clause: "G4", from: "rig", to: "TRE", what }, async () => {
			await rig.cutPowerAt(cut);
			while (rig.isCutPlanned() && !over()) await sleep(POLL_MS);
		});
		if (!rig.isCutPlanned()) cuts++;
	}
	// One that has not come would come in what follows.
	if (rig.isCutPlanned()) await rig.cutPower();
	return cuts;
}

/** Resets whenever the change has got on, as the new operator sees it; how many there were. */
async function resetAgain(stage: Stage, rig: Rig, toSho: string, over: () => boolean): Promise<number> {
	const seen = new Set<string>();
	while (!over()) {
		const { state, delivered } = (await stage.registration(toSho)) ?? {};
		const progress = `${state} ${delivered}`;
		if (state !== undefined && state !== "committed" && !seen.has(progress)) {
			seen.add(progress);
			await stage.told({ clause: "G5", from: "rig", to: "TRE", what: `reset: the change is ${state}` }, () =>
				rig.reset(),
			);
		}
		await sleep(POLL_MS);
	}
	return seen.size;
}

/** G4 and G5 for a whole device: it loses its power in the middle of what it writes, and its host its line. */
export const powerCuts: Scenario = {
	name: "power-cuts",
	does: "power cuts at operations of the flash during one change, resets during the next; both succeed",
	play: async (stage) => {
		const { rig } = stage.device;
		const bootsDuring = async (run: () => Promise<void>): Promise<number> => {
			const counters: number[] = [];
			const count = () => stage.withoutEquipment(async (tre) => void counters.push(tre.bootCounter));
			await count();
			await run();
			await count();
			return (counters[1] ?? 0) - (counters[0] ?? 0);
		};
		let [cuts, resets] = [0, 0];
		const afterCuts = await bootsDuring(() =>
			changeDisturbed(stage, "sho-1.example", async (over) => {
				cuts = await cutAgain(stage, rig, over);
			}),
		);
		// A boot whose own operations are cut does not count itself.
		if (cuts < LEAST_CUTS || afterCuts === 0)
			throw new ScenarioFailed(
				`${cuts} power cuts came, ${LEAST_CUTS} at least were to; the TRE booted ${afterCuts} times`,
			);
		const afterResets = await bootsDuring(() =>
			changeDisturbed(stage, "sho-2.example", async (over) => {
				resets = await resetAgain(stage, rig, "sho-2.example", over);
			}),
		);
		if (resets === 0 || afterResets < resets)
			throw new ScenarioFailed(`the TRE booted ${afterResets} times after ${resets} resets`);
	},
};
