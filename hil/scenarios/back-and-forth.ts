import type { Scenario } from "../stage/play.ts";

/** An operator that comes back reigns anew: new account, new MCIM, new K, new REIGN. */
export const backAndForth: Scenario = {
	name: "back-and-forth",
	does: "A → B → A → B: an operator comes back, twice",
	play: async (stage) => {
		for (const shoId of ["sho-1.example", "sho-2.example", "sho-1.example", "sho-2.example"]) await stage.change(shoId);
	},
};
