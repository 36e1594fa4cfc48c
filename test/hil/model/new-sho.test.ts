import { beforeAll, describe, expect, test } from "vitest";
import type { ReceiptState } from "../../../firmware/contract/documents.ts";
import { mayHaveMcim, provesEnd, saysEnd } from "../../../hil/network/operator/registration/end.ts";
import type { Receipt } from "../../../host/wire/management/objects.ts";
import { full } from "../../support/long-form.ts";
import { explore } from "./explore.ts";

/** A TRE under a hostile SHO[i]: it may be bootstrapped with our account and with others, again and again. */
interface Tre {
	readonly state: ReceiptState;
	/** Counts accepted change bootstraps; nonceB of the latest. */
	readonly nonceB: number;
	/** Is the latest change ours? Then the pending root is, and our MCIM for that nonceB installs. */
	readonly ours: boolean;
}

/** A receipt that somebody has collected. */
interface Collected {
	readonly state: ReceiptState;
	readonly nonceB: number;
	readonly challenged: boolean;
}

interface World {
	readonly tre: Tre;
	/** nonceBs of M2MMobj that the TRE has signed for our account: each may arrive at the DPF at any time. */
	readonly requests: readonly number[];
	readonly receipts: readonly Collected[];
	/** The registration: nonceBs that were answered with an MCIM, and what is believed of it. */
	readonly answered: readonly number[];
	readonly belief: "open" | "withdrawing" | "ended";
}

const start: World = {
	tre: { state: "idle", nonceB: 0, ours: false },
	requests: [],
	receipts: [],
	answered: [],
	belief: "open",
};

const MAX_NONCES = full ? 4 : 3;
const MAX_RECEIPTS = 2;
const CHALLENGE = Buffer.alloc(16, 7);

const octets = (nonceB: number): Buffer => (nonceB === 0 ? Buffer.alloc(0) : Buffer.from([nonceB]));

const asked = ({ answered, belief }: World) => ({
	answered: answered.map((one) => octets(one).toString("base64")),
	...(belief === "open" ? {} : { challenge: CHALLENGE.toString("base64") }),
});

const receiptOf = ({ state, nonceB, challenged }: Collected): Receipt =>
	({ state, nonceB: octets(nonceB), challenge: challenged ? CHALLENGE : Buffer.alloc(0) }) as Receipt;

/** The TRE; nonceA is never refused, as if the sixteen that are remembered were always others. */
function treMoves({ tre, answered }: World): Tre[] {
	const after: Tre[] = [];
	const { state, nonceB, ours } = tre;
	const between = ["idle", "withdrawn", "reverted", "bootstrapped", "requested"].includes(state);
	if (between && nonceB < MAX_NONCES)
		for (const mine of [true, false]) after.push({ state: "bootstrapped", nonceB: nonceB + 1, ours: mine });
	if (state === "bootstrapped") after.push({ ...tre, state: "requested" });
	if (["bootstrapped", "requested", "installed"].includes(state)) after.push({ ...tre, state: "withdrawn" });
	if (state === "requested" && (!ours || answered.includes(nonceB))) after.push({ ...tre, state: "installed" });
	if (state === "installed") after.push({ ...tre, state: "trial" });
	if (state === "trial") after.push({ ...tre, state: "reverted" }, { ...tre, state: "committed" });
	return after;
}

type Rule = typeof provesEnd;

/** Receipts may be collected at any time; with the challenge from the withdrawal on. */
function collected(world: World): World[] {
	const { tre, receipts, belief } = world;
	if (receipts.length >= MAX_RECEIPTS) return [];
	const has = (one: Collected) => receipts.some((other) => JSON.stringify(other) === JSON.stringify(one));
	return (belief === "open" ? [false] : [false, true])
		.map((challenged): Collected => ({ state: tre.state, nonceB: tre.nonceB, challenged }))
		.filter((one) => !has(one))
		.map((one) => ({ ...world, receipts: [...receipts, one] }));
}

/** Everything that may happen next; the registration ends by the rule. */
function next(world: World, rule: Rule): World[] {
	const { tre, requests, receipts, answered, belief } = world;
	const worlds: World[] = treMoves(world).map((after) => ({ ...world, tre: after }));
	if (tre.ours && tre.state === "requested" && !requests.includes(tre.nonceB))
		worlds.push({ ...world, requests: [...requests, tre.nonceB] });
	for (const request of requests)
		if (belief === "open" && !answered.includes(request)) worlds.push({ ...world, answered: [...answered, request] });
	worlds.push(...collected(world));
	if (belief === "open") worlds.push({ ...world, belief: "withdrawing" });
	if (belief === "withdrawing" && !mayHaveMcim(asked(world))) worlds.push({ ...world, belief: "ended" });
	for (const receipt of receipts) {
		const told = receiptOf(receipt);
		const taken = belief === "withdrawing" || (belief === "open" && saysEnd(asked(world), told));
		if (taken && rule(asked(world), told)) worlds.push({ ...world, belief: "ended" });
	}
	return worlds;
}

/** The registration has ended, and an MCIM of it is in the TRE, or can still get there. */
const broken = ({ tre, answered, belief }: World): boolean =>
	belief === "ended" &&
	tre.ours &&
	answered.includes(tre.nonceB) &&
	["bootstrapped", "requested", "installed", "trial", "committed"].includes(tre.state);

describe("SHO[i+1], a TRE, and a hostile SHO[i] with the host in its hand: every order of events, to a bound", () => {
	let found: ReturnType<typeof explore<World>>;
	beforeAll(() => {
		found = explore(start, (world) => next(world, provesEnd), broken);
		process.stdout.write(`new SHO: ${found.worlds.length} states\n`);
	}, 3_600_000);

	test("a registration that ended has no MCIM in the TRE, and none will get there", () => {
		expect(found.broken).toBeUndefined();
		expect(found.worlds.length).toBeGreaterThan(1000);
	});

	test("planted faults are found: any receipt of an end, any fresh receipt, the latest nonceB only", () => {
		const faults: Rule[] = [
			saysEnd,
			(registration, receipt) => provesEnd(registration, receipt) || receipt.challenge.length > 0,
			(registration, receipt) => provesEnd({ ...registration, answered: registration.answered.slice(-1) }, receipt),
		];
		for (const rule of faults) expect(explore(start, (world) => next(world, rule), broken).broken).toBeDefined();
	});
});
