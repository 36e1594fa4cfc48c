import { randomInt } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { ScenarioFailed } from "../stage/events.ts";
import type { Scenario } from "../stage/play.ts";
import type { Stage } from "../stage/stage.ts";

const CUTS = 4;
const RESETS = 3;
/** A change has about so many operations of the flash; a cut comes at one of them. */
const OPERATIONS = 8;
const OCTETS = 16;
const PAUSE_MS = 400;

/** Does something to the device again and again while it changes to its next operator. */
async function disturbed(stage: Stage, toSho: string, times: number, disturb: () => Promise<void>): Promise<void> {
	let done = false;
	await stage.register(toSho);
	const served = stage.served(toSho).finally(() => {
		done = true;
	});
	served.catch(() => undefined);
	for (let n = 0; n < times && !done; n++) {
		await disturb();
		await Promise.race([served, sleep(PAUSE_MS)]);
	}
	await served;
}

/** G4 and G5 for a whole device: it loses its power in the middle of what it writes, and its host its line. */
export const powerCuts: Scenario = {
	name: "power-cuts",
	does: "power cuts at operations of the flash during one change, resets during the next; both succeed",
	play: async (stage) => {
		const { rig } = stage.device;
		let cuts = 0;
		await disturbed(stage, "sho-1.example", CUTS, async () => {
			const cut = { operations: randomInt(OPERATIONS), octets: randomInt(OCTETS) };
			const what = `the power goes after ${cut.operations} operations of the flash, ${cut.octets} octets into the next`;
			await stage.told({ clause: "G4", from: "rig", to: "TRE", what }, () => rig.cutPowerAt(cut));
			cuts++;
		});
		await disturbed(stage, "sho-2.example", RESETS, () =>
			stage.told({ clause: "G5", from: "rig", to: "TRE", what: "reset" }, () => rig.reset()),
		);
		if (cuts === 0) throw new ScenarioFailed("no cut was planned");
	},
};
