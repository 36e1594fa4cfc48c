import type { Scenario } from "../stage/play.ts";

/** The complete story of the 3GPP text: manufacture, initial attach, two changes of operator. */
export const story: Scenario = {
	name: "story",
	does: "manufacture, initial attach, and two changes of operator (B.2.2.1 to B.2.3.5)",
	play: async (stage) => {
		await stage.change("sho-1.example");
		await stage.change("sho-2.example");
	},
};
