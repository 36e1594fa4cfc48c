import type { Scenario } from "../stage/play.ts";

/**
 * One change of operator while a fifth of all short messages is lost, some come twice and some in another order:
 * the DRF repeats what was not acknowledged, and the M2ME puts together what comes.
 */
export const badAir: Scenario = {
	name: "bad-air",
	does: "a fifth of the short messages is lost, others come twice or in another order: the change succeeds",
	play: async (stage) => {
		stage.air({ loss: 0.2, duplicate: 0.2, reorder: 0.2 });
		await stage.register("sho-1.example");
		await stage.served("sho-1.example");
	},
};
