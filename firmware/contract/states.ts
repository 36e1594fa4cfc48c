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

/**
 * The longest trial (NOTE Y): running seconds, and boots. An SHO with an MCIM that never authenticates holds a device
 * no longer than that.
 */
export const MAX_TRIAL_SECONDS = 604_800;
export const MAX_TRIAL_BOOTS = 100;

/** Writes to the flash that a host may cause by its word alone: so many at once, and one more in so many seconds. */
export const HOST_WRITES = 256;
export const HOST_WRITE_SECONDS = 60;
/** What the erase of a slot for firmware counts for: eight at once, then one in 32 minutes. */
export const SLOT_ERASE_WRITES = 32;

/** MCIMs that a TRE has room for. */
export const MCIM_SLOTS = 8;
/** Fingerprints of K that a TRE remembers in one life (G7). */
export const MAX_FINGERPRINTS = 512;
