/** Life of a device (DESIGN section 7), in the order in which it is lived. Numbers go on the wire. */
export const lifeStates = {
	blank: 0,
	keyed: 1,
	personalised: 2,
	idle: 3,
	bootstrapped: 4,
	requested: 5,
	installed: 6,
	trial: 7,
} as const;

export type LifeState = keyof typeof lifeStates;

export const lifeStateOf = (number: number): LifeState | undefined =>
	(Object.keys(lifeStates) as LifeState[]).find((name) => lifeStates[name] === number);

/** What an MCIM in a slot is to the TRE, by number. */
export const mcimRoles = ["empty", "active", "pending", "kept"] as const;
export type McimRole = (typeof mcimRoles)[number];
/** The roles of MCIMs that authenticate, or will. */
export type ServingRole = Extract<McimRole, "active" | "pending">;

/** MCIMs that a TRE has room for. */
export const MCIM_SLOTS = 8;
/** Fingerprints of K that a TRE remembers in one life (G7). */
export const MAX_FINGERPRINTS = 512;
