import type { LifeState } from "../../firmware/contract/states.ts";

/** What a life state means, and what comes next (DESIGN section 7); the firmware holds no words. */
export const lifeStateWords: Record<LifeState, { readonly means: string; readonly next: string }> = {
	blank: { means: "it has no keys", next: "the factory makes it: hil factory PORT" },
	keyed: {
		means: "it has keys, and no certificates or no credential yet",
		next: "the factory goes on: hil factory PORT",
	},
	personalised: { means: "it is locked and was never on the air", next: "the first attach with its PCID" },
	idle: { means: "it uses its MCIM; no change is open", next: "a bootstrap of its SHO" },
	bootstrapped: { means: "it has accepted a change", next: "M2MMobj to the new SHO's DPF" },
	requested: { means: "it has asked for its MCIM", next: "M2MMCIMMobj from the new SHO" },
	installed: { means: "the new MCIM is installed, not in use", next: "network parameters, then the trial" },
	trial: { means: "it uses the new MCIM on trial", next: "AKA and IP connectivity, then commit; else it falls back" },
};
