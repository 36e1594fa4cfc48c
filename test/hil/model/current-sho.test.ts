import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { isOpen } from "../../../hil/network/operator/drf/change.ts";
import { full } from "../../support/long-form.ts";
import {
	conclude,
	newSho,
	offerFirmware,
	register,
	type ShoMemory,
	send,
	wantApplication,
	withdraw,
} from "./current-sho.ts";
import { explore } from "./explore.ts";
import { accept, type Faults, type ModelTre, moves, newTre, type Signed } from "./tre.ts";

/** TRE, SHO[i], and all that a hostile host and network hold between them. */
interface World {
	readonly tre: ModelTre;
	readonly sho: ShoMemory;
	/** Every bootstrap ever signed: each may be delivered at any time, again and again. */
	readonly signed: readonly Signed[];
	/** The TRE as receipts with the open challenge show it; none where no challenge is open. */
	readonly receipts: readonly ModelTre[] | undefined;
	readonly attempts: number;
	/** An account for M2M applications, or a firmware, was asked for. */
	readonly wanted: boolean;
}

const start: World = { tre: newTre, sho: newSho, signed: [], receipts: undefined, attempts: 0, wanted: false };

/** What else than changes is under way, and the bounds of the exploration: attempts of the new SHO, and the highest SERIAL. */
interface Course {
	readonly want: (sho: ShoMemory) => ShoMemory;
	readonly attempts: number;
	readonly serial: number;
}

const application: Course = { want: wantApplication, attempts: 2, serial: full ? 9 : 5 };
const firmware: Course = { want: offerFirmware, attempts: full ? 2 : 1, serial: full ? 6 : 4 };

const sent = (world: World): World => {
	const { memory, sent } = send(world.sho);
	const known = !sent || world.signed.some((one) => one.serial === sent.serial);
	return { ...world, sho: memory, signed: known ? world.signed : [...world.signed, sent] };
};

/** Everything that may happen next. */
function next(world: World, course: Course, faults: Faults = {}): World[] {
	const { tre, sho, signed, receipts, attempts } = world;
	const open = sho.change !== undefined && isOpen(sho.change);
	const worlds: World[] = [...moves(tre), ...signed.map((one) => accept(tre, one, faults))].map((after) => ({
		...world,
		tre: after,
	}));
	if (!open && attempts < course.attempts && tre.life !== "committed")
		worlds.push({ ...world, sho: register(sho, attempts + 1), attempts: attempts + 1 });
	if (sho.change && sho.change.state !== "withdrawing") worlds.push({ ...world, sho: withdraw(sho) });
	if (!world.wanted) worlds.push({ ...world, sho: course.want(sho), wanted: true });
	if (sho.device.serial < course.serial) worlds.push(sent(world));
	if (receipts === undefined) worlds.push({ ...world, receipts: [] });
	else {
		if (tre.life !== "committed" && receipts.length < 2 && !receipts.some((one) => same(one, tre)))
			worlds.push({ ...world, receipts: [...receipts, tre] });
		for (const one of receipts) worlds.push({ ...world, sho: conclude(sho, one), receipts: undefined });
	}
	return worlds;
}

const same = (a: object, b: object): boolean => JSON.stringify(a) === JSON.stringify(b);

/** SHO[i] says that an attempt has ended, and the TRE is still, or again, on the way to it. */
function broken({ tre, sho }: World): boolean {
	const { change } = sho;
	return (
		change !== undefined &&
		(change.state === "withdrawn" || change.state === "reverted") &&
		tre.attempt === change.attempt &&
		tre.life !== "idle"
	);
}

/** SHO[i] takes an account for delivered that the TRE never accepted. */
const believedTooEarly = ({ tre, sho, wanted }: World): boolean =>
	wanted && sho.device.applications?.length === 0 && !tre.account;

/** SHO[i] takes an offer of firmware for accepted that the TRE never had. */
const offerBelievedTooEarly = ({ tre, sho }: World): boolean =>
	sho.device.offer?.state.kind === "accepted" && !tre.offer;

/** An honest host: what is due is delivered, the receipt comes back. */
function honestRound(world: World): World {
	const before = sent(world);
	const newest = before.signed.at(-1);
	const tre = newest ? accept(before.tre, newest) : before.tre;
	return { ...before, tre, sho: conclude(before.sho, tre), receipts: undefined };
}

/** A withdrawal counts only when a receipt says so, and then for ever (documents.md, "What an operator may believe"). */
describe("SHO[i], a TRE, and everybody between them hostile: every order of events, to a bound", () => {
	const write = process.stdout.write.bind(process.stdout);
	// The register tells of receipts as a process of the bench does.
	const quiet = vi.spyOn(process.stdout, "write").mockReturnValue(true);
	afterAll(() => quiet.mockRestore());
	let worlds: readonly World[] = [];
	let found: World | undefined;

	beforeAll(() => {
		const wrong = (world: World) => broken(world) || believedTooEarly(world);
		({ worlds, broken: found } = explore(start, (world) => next(world, application), wrong));
		write(`withdrawal: ${worlds.length} states\n`);
	}, 3_600_000);

	test("what SHO[i] records as withdrawn or reverted never happens", () => {
		expect(found).toBeUndefined();
		expect(worlds.length).toBeGreaterThan(1000);
	});

	test("an account for M2M applications counts as delivered only when the TRE has accepted it, and then does", () => {
		const wanting = worlds.filter(({ sho }) => sho.device.applications?.length);
		expect(wanting.length).toBeGreaterThan(1000);
		for (const world of wanting) {
			if ((world.sho.change && isOpen(world.sho.change)) || world.tre.life !== "idle") continue;
			let now = world;
			for (let rounds = 0; rounds < 4; rounds++) now = honestRound(now);
			expect(now.sho.device.applications, JSON.stringify(world)).toEqual([]);
			expect(now.tre.account).toBe(true);
		}
	});

	test("from each of these states an honest host brings a withdrawal to its end, and an attempt to the TRE", {
		timeout: 3_600_000,
	}, () => {
		for (const world of worlds) {
			const { change } = world.sho;
			if (!change || !isOpen(change) || world.tre.life === "trial" || world.tre.life === "committed") continue;
			let now = world;
			for (let rounds = 0; rounds < 8; rounds++) now = honestRound(now);
			const ended = now.sho.change?.state === "withdrawn" || now.sho.change?.state === "reverted";
			const underWay = now.tre.attempt === change.attempt && now.tre.life !== "idle";
			const waitsForDevice = world.tre.life === "installed" && change.state !== "withdrawing";
			expect(ended || underWay || waitsForDevice, JSON.stringify(world)).toBe(true);
			if (change.state === "withdrawing") expect(ended, JSON.stringify(world)).toBe(true);
		}
	});

	test("an offer of firmware counts as accepted only when the TRE has it, and then does", {
		timeout: 3_600_000,
	}, () => {
		const wrong = (world: World) => broken(world) || offerBelievedTooEarly(world);
		const explored = explore(start, (world) => next(world, firmware), wrong);
		expect(explored.broken).toBeUndefined();
		const offering = explored.worlds.filter(({ sho }) => sho.device.offer?.state.kind === "offered");
		write(`offer of firmware: ${explored.worlds.length} states\n`);
		expect(offering.length).toBeGreaterThan(1000);
		for (const world of offering) {
			if ((world.sho.change && isOpen(world.sho.change)) || world.tre.life !== "idle") continue;
			let now = world;
			for (let rounds = 0; rounds < 4; rounds++) now = honestRound(now);
			expect(now.sho.device.offer?.state.kind, JSON.stringify(world)).toBe("accepted");
			expect(now.tre.offer).toBe(true);
		}
	});

	test.each<[string, Course, Faults, (world: World) => boolean]>([
		["a TRE that does not look at SERIAL", application, { ignoreSerial: true }, broken],
		["a SERIAL that moves without its account", application, { dropAccount: true }, believedTooEarly],
		["a SERIAL that moves without its offer", firmware, { dropOffer: true }, offerBelievedTooEarly],
	])("a planted fault is found: %s", (_what, course, faults, wrong) => {
		expect(explore(start, (world) => next(world, course, faults), wrong).broken).toBeDefined();
	});
});
