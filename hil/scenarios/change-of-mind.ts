import { ScenarioFailed } from "../stage/events.ts";
import type { Scenario } from "../stage/play.ts";

const NEW = "sho-2.example";

/**
 * The TRE has asked for its MCIM, the PVA does not answer, and the subscriber withdraws. Only the TRE's
 * receipt ends the change; then he registers again, and it succeeds.
 */
export const changeOfMind: Scenario = {
	name: "change-of-mind",
	does: "the subscriber withdraws before the MCIM is installed, and registers again later",
	play: async (stage) => {
		await stage.lab.end("pva");
		await stage.register(NEW);
		await stage.until("the RO has delivered the bootstrap", async () => (await stage.registration(NEW))?.delivered);
		await stage.until("the TRE asked, and no answer of the PVA is no trust", async () =>
			stage.log.problems.some((problem) => problem.includes(`${NEW} DPF refuses`)) ? true : undefined,
		);
		const { imsi } = (await stage.registration(NEW)) ?? {};
		await stage.withdraw(NEW);
		await stage.until("the TRE's receipt ended the change at both operators", async () => {
			const change = (await stage.status("ro.example")).changes.find(({ treId }) => treId === stage.treId);
			return (await stage.registration(NEW))?.state === "withdrawn" && change?.state === "withdrawn" ? true : undefined;
		});
		await stage.lab.restart("pva");
		await stage.change(NEW);
		if (stage.changes[0].imsiAfter === imsi) throw new ScenarioFailed("the second attempt uses the MCIM of the first");
	},
};
