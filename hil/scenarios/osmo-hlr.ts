import type { Scenario } from "../stage/play.ts";

/**
 * SHO[1] runs osmo-hlr, all others the HLR/AuC of this project: the device comes to it and leaves it again. Its
 * credential works at the end, as at the other operators.
 */
export const osmoHlr: Scenario = {
	name: "osmo-hlr",
	does: "SHO[1] has osmo-hlr for its HLR/AuC: the device comes to it, and leaves it again",
	world: { "sho-1.example": { hlr: "osmo-hlr" } },
	play: async (stage) => {
		for (const shoId of ["sho-1.example", "sho-2.example", "sho-1.example"]) {
			await stage.register(shoId);
			await stage.served(shoId);
		}
	},
};
