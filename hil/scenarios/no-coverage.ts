import { ScenarioFailed } from "../stage/events.ts";
import type { Scenario } from "../stage/play.ts";

const NEW = "sho-1.example";
const fallback = { seconds: 4, boots: 3 };

/**
 * NOTE Y: the visited network does not serve the new SHO, the trial runs out, and the device is back with
 * its old MCIM and network parameters. SHO[i] tells SHO[i+1], which prepares anew; with coverage it succeeds.
 */
export const noCoverage: Scenario = {
	name: "no-coverage",
	does: "the new operator has no coverage: the device falls back, and a second attempt succeeds",
	world: { "ro.example": { fallback }, [NEW]: { fallback } },
	play: async (stage) => {
		const before = stage.device.imsi;
		stage.coverage(NEW, false);
		await stage.register(NEW);
		const first = await stage.until("the first attempt is under way", () => stage.registration(NEW));
		await stage.until(`${NEW} has heard of the revert and tries again`, async () => {
			const now = await stage.registration(NEW);
			return now?.tries === 2 ? now : undefined;
		});
		const { devices } = await stage.status("ro.example");
		if (!devices.some(({ treId, imsi, left }) => treId === stage.treId && imsi === before && !left))
			throw new ScenarioFailed("the RO does not serve the device after its revert");
		stage.coverage(NEW, true);
		await stage.served(NEW);
		if (stage.device.imsi === first.imsi) throw new ScenarioFailed("the second attempt uses the MCIM of the first");
	},
};
