import type { TreErrorName } from "../../../firmware/contract/errors.ts";
import { HOST_WRITES, type LifeState } from "../../../firmware/contract/states.ts";

/*
 * What a TRE has to do (DESIGN sections 4 and 7, documents.md), without flash, keys or octets: the reference
 * that the running firmware is compared with after every step.
 */

/** A subscription inside the TRE. */
export interface Card {
	readonly operator: number;
	readonly imsi: string;
	readonly mcimId: string;
	readonly version: number;
	readonly k: string;
	/** Highest accepted SEQ by IND; where there is none, 0. */
	readonly seq: Readonly<Record<number, number>>;
	/** The host's reference of the network parameters that belong to it, hex. */
	readonly parameters?: string;
}

export interface Fallback {
	readonly on: boolean;
	readonly seconds: number;
	readonly boots: number;
}

export interface OpenChange {
	/** Operator whose root is pending. */
	readonly operator: number;
	readonly nonceA: string;
	readonly nonceB: string;
	readonly fallback: Fallback;
}

export interface Tre {
	readonly life: LifeState;
	readonly outcome: "none" | "committed" | "reverted" | "withdrawn";
	readonly operator: number;
	readonly reign: string;
	readonly serial: number;
	readonly active: Card;
	readonly pending?: Card;
	readonly change?: OpenChange;
	/** Name of the bootstrap that was accepted last. */
	readonly last?: string;
	readonly spent: readonly string[];
	/** Every K it has held. */
	readonly held: readonly string[];
	readonly authenticated: boolean;
	readonly bootsLeft: number;
	/** A DM account, and the nonce of the server that the host gave it, if it did. */
	readonly account?: { readonly nonce?: string };
	readonly pendingAccount?: { readonly nonce?: string };
	/** The operator offers firmware. */
	readonly offered: boolean;
	/** Writes to the flash that the host's word alone may still cause, and how many were left when the last one was made. */
	readonly writes: number;
	readonly writesKept: number;
}

/** A bootstrap as whoever made it knows it; `name` stands for its octets. */
export interface Bootstrap {
	readonly name: string;
	readonly kind: "initial" | "change" | "withdraw" | "application" | "update";
	readonly signer: number;
	readonly intact: boolean;
	readonly forThisTre: boolean;
	readonly reign: string;
	readonly serial: number;
	/** Operator of the certificate, and the one whose root the account names. */
	readonly root: number;
	readonly account: number;
	readonly nonceA: string;
	readonly fallback: Fallback;
}

/** An M2MMCIMMobj as whoever made it knows it. */
export interface Mcim {
	readonly signer: number;
	readonly intact: boolean;
	readonly nonceB: string;
	readonly forThisTre: boolean;
	readonly issuer: number;
	readonly card: Card;
	readonly fallback: Fallback;
}

export interface Vector {
	readonly k: string;
	readonly intact: boolean;
	readonly seq: number;
	readonly ind: number;
}

/** What the model expects of a command: the TRE after it, or the name of the refusal. */
export type Expected = { readonly tre: Tre; readonly outcome?: number } | { readonly refusal: TreErrorName };

const refusal = (name: TreErrorName): Expected => ({ refusal: name });

const SPENT_KEPT = 16;
const MAX_HELD = 512;
const DELTA = 2 ** 28;

/** States in which the contract allows the command. */
const within = (tre: Tre, ...states: readonly LifeState[]): boolean => states.includes(tre.life);

const spend = ({ spent, change }: Tre): readonly string[] =>
	change ? [change.nonceA, ...spent].slice(0, SPENT_KEPT) : spent;

function drop(tre: Tre, outcome: "reverted" | "withdrawn"): Tre {
	const { change: _change, pending: _pending, ...rest } = tre;
	return { ...rest, life: "idle", outcome, spent: spend(tre), authenticated: false, pendingAccount: undefined };
}

/** `reign`: SHA-256 of the change's nonceB, hex. */
function commit(tre: Tre, reign: string): Tre {
	const { change, pending, ...rest } = tre;
	if (!change || !pending) throw new Error("nothing to commit");
	return {
		...rest,
		life: "idle",
		outcome: "committed",
		operator: change.operator,
		active: pending,
		...{ reign, serial: 0, spent: spend(tre), authenticated: false },
		...{ account: tre.pendingAccount, pendingAccount: undefined, offered: false },
	};
}

function isRepeat(tre: Tre, bootstrap: Bootstrap): boolean {
	if (bootstrap.serial !== tre.serial || bootstrap.reign !== tre.reign || bootstrap.name !== tre.last) return false;
	return bootstrap.kind !== "change" || tre.outcome === "none";
}

/** B.2.3.3, step 4. `nonceB`: what the TRE drew, if it accepts a change. */
export function acceptBootstrap(tre: Tre, bootstrap: Bootstrap, nonceB: string): Expected {
	if (!within(tre, "idle", "bootstrapped", "requested", "installed")) return refusal("wrong-state");
	if (bootstrap.signer !== tre.operator || !bootstrap.intact) return refusal("signature-invalid");
	if (!bootstrap.forThisTre) return refusal("wrong-tre");
	if (isRepeat(tre, bootstrap)) return { tre };
	if (bootstrap.reign !== tre.reign || bootstrap.serial <= tre.serial) return refusal("replayed");
	const moved = { ...tre, serial: bootstrap.serial, last: bootstrap.name };
	switch (bootstrap.kind) {
		case "withdraw":
			return within(tre, "bootstrapped", "requested", "installed")
				? { tre: drop(moved, "withdrawn") }
				: refusal("wrong-state");
		case "initial":
			return within(tre, "idle", "bootstrapped", "requested") ? { tre: moved } : refusal("wrong-state");
		case "application":
			return { tre: moved };
		case "update":
			return within(tre, "idle") ? acceptOffer(tre, moved, bootstrap) : refusal("wrong-state");
		case "change":
			return acceptChange(tre, moved, bootstrap, nonceB);
	}
}

/** B.2.3.6: an offer brings a DM account of the current SHO. */
function acceptOffer(tre: Tre, moved: Tre, bootstrap: Bootstrap): Expected {
	if (bootstrap.root !== tre.operator || bootstrap.account !== tre.operator) return refusal("root-mismatch");
	return { tre: { ...moved, account: {}, offered: true } };
}

function acceptChange(tre: Tre, moved: Tre, bootstrap: Bootstrap, nonceB: string): Expected {
	if (!within(tre, "idle", "bootstrapped", "requested")) return refusal("wrong-state");
	if (tre.held.length >= MAX_HELD) return refusal("store-full");
	if (bootstrap.root !== bootstrap.account) return refusal("root-mismatch");
	if (tre.spent.includes(bootstrap.nonceA)) return refusal("nonce-spent");
	const change = { operator: bootstrap.root, nonceA: bootstrap.nonceA, nonceB, fallback: bootstrap.fallback };
	const { pending: _pending, ...rest } = moved;
	return { tre: { ...rest, life: "bootstrapped", outcome: "none", change, pendingAccount: {} } };
}

export function provisioningRequest(tre: Tre): Expected {
	if (!within(tre, "bootstrapped", "requested")) return refusal("wrong-state");
	return { tre: { ...tre, life: "requested" } };
}

const together = (one: Fallback, other: Fallback): Fallback => ({
	on: one.on && other.on,
	seconds: Math.max(one.seconds, other.seconds),
	boots: Math.max(one.boots, other.boots),
});

/** B.2.3.4 VI and VII, step 8. */
export function acceptMcim(tre: Tre, mcim: Mcim): Expected {
	const { change } = tre;
	if (tre.life !== "requested" || !change) return refusal("wrong-state");
	if (mcim.signer !== change.operator || !mcim.intact) return refusal("signature-invalid");
	if (mcim.nonceB !== change.nonceB) return refusal("nonce-mismatch");
	if (!mcim.forThisTre) return refusal("wrong-tre");
	if (mcim.issuer !== change.operator) return refusal("root-mismatch");
	if (tre.held.includes(mcim.card.k)) return refusal("key-reused");
	const { active } = tre;
	const same = active.mcimId === mcim.card.mcimId && active.operator === mcim.issuer;
	if (same && active.version >= mcim.card.version) return refusal("version-not-higher");
	return {
		tre: {
			...tre,
			life: "installed",
			pending: mcim.card,
			held: [...tre.held, mcim.card.k],
			change: { ...change, fallback: together(change.fallback, mcim.fallback) },
		},
	};
}

export function activate(tre: Tre, reign: string): Expected {
	const { change } = tre;
	if (tre.life !== "installed" || !change) return refusal("wrong-state");
	if (!change.fallback.on) return { tre: commit(tre, reign) };
	return { tre: { ...tre, life: "trial", authenticated: false, bootsLeft: change.fallback.boots } };
}

export function confirmConnectivity(tre: Tre, reign: string): Expected {
	// Whoever comes too late hears that it was too late.
	if (tre.life !== "trial") return refusal(tre.outcome === "reverted" ? "trial-over" : "wrong-state");
	return tre.authenticated ? { tre: commit(tre, reign) } : refusal("not-authenticated");
}

/** TS 33.102 clause 6.3.3 and Annex C: MAC before SQN; outcome 1 is a synchronisation failure. */
export function authenticate(tre: Tre, vector: Vector): Expected {
	const trial = tre.life === "trial" && tre.pending !== undefined;
	const card = trial && tre.pending ? tre.pending : tre.active;
	if (vector.k !== card.k || !vector.intact) return refusal("autn-mac");
	const own = card.seq[vector.ind] ?? 0;
	if (vector.seq <= own || vector.seq - own > DELTA) return { tre, outcome: 1 };
	const used = { ...card, seq: { ...card.seq, [vector.ind]: vector.seq } };
	return {
		tre: trial ? { ...tre, pending: used, authenticated: true } : { ...tre, active: used },
		outcome: 0,
	};
}

/** B.2.3.4 VIII: what the host ties to an MCIM comes and goes with it. Roles as in the contract. */
export function bindParameters(tre: Tre, role: number, parameters: string): Expected {
	const card = role === 1 ? tre.active : role === 2 ? tre.pending : undefined;
	if (!card) return refusal("no-mcim");
	if (card.parameters === parameters) return { tre };
	const bound = { ...card, parameters };
	return written(role === 1 ? { ...tre, active: bound } : { ...tre, pending: bound });
}

/** What nobody but the host asks for costs one of the writes that it may cause. */
function written(tre: Tre): Expected {
	return tre.writes > 0
		? { tre: { ...tre, writes: tre.writes - 1, writesKept: tre.writes - 1 } }
		: refusal("wear-limited");
}

/** The DM client's digest; a nonce that the account does not have is kept. */
export function dmCredential(tre: Tre, nonce: string): Expected {
	const account = tre.pendingAccount ?? tre.account;
	if (!account) return refusal("no-account");
	if (nonce === "" || account.nonce === nonce) return { tre };
	return written(tre.pendingAccount ? { ...tre, pendingAccount: { nonce } } : { ...tre, account: { nonce } });
}

/** A boot counts against a trial (NOTE Y), and brings one more write that a host may cause. */
export function boot(before: Tre): Tre {
	const tre = { ...before, writes: Math.min(before.writesKept + 1, HOST_WRITES) };
	if (tre.life !== "trial") return tre;
	return tre.bootsLeft <= 1 ? drop(tre, "reverted") : { ...tre, bootsLeft: tre.bootsLeft - 1 };
}

export const receiptState = ({ life, outcome }: Tre): string =>
	life === "idle" && outcome !== "none" ? outcome : life;
