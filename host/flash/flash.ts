import { createHash } from "node:crypto";
import type { Area, FlashBoard } from "./board.ts";
import type { Chip } from "./chip.ts";
import { families } from "./families.ts";
import { type AreaName, type NamedArea, type PieceName, type Plan, type Step, stepsOf } from "./plan.ts";
import { FlashBroken, FlashRefused } from "./refused.ts";

/** What is being done, how far it is. */
export interface Progress {
	readonly doing: "reading" | "erasing" | "writing" | "comparing";
	readonly what: PieceName | AreaName;
	/** Octets, of all that this is about. */
	readonly done: number;
	readonly total: number;
}
export type Tell = (progress: Progress) => void;

/** What has been done to a device. */
export interface Flashed {
	readonly chip: string;
	readonly written: readonly PieceName[];
	/** The device had these already. */
	readonly same: readonly PieceName[];
	readonly cleared: readonly AreaName[];
	/** Digests before and after were equal; empty where nobody looked. */
	readonly kept: readonly AreaName[];
}

export interface FlashOptions {
	/** Key and store are read before and after, which takes its time on a serial line. */
	readonly isKeptCompared: boolean;
	/** Goes on where nobody can tell which chip it is: whoever flashes has named the board himself. */
	readonly isBoardNamed: boolean;
}

const readProtected = ({ flashing, flash }: FlashBoard): string =>
	"taking the protection off makes the chip erase all of its flash, device root key and store with it, and its TRE_id and " +
	`subscriptions are gone: ${families[flashing.family].unlock}` +
	(flash.slots ? "; a signed update needs none of that: --via update" : "");

/** Refuses what must not be flashed, before anything is erased. */
export function admit(chip: Chip, plan: Plan, isBoardNamed: boolean): void {
	const { name } = plan.board;
	if (chip.isOfBoard === false)
		throw new FlashRefused(
			"chip-other",
			`${chip.says}, which is no ${name}`,
			"nothing was erased; connect the right board",
		);
	if (chip.isOfBoard === undefined && !isBoardNamed)
		throw new FlashRefused(
			"chip-untold",
			`${chip.says}: nobody there says which chip it is`,
			`if you know that it is a ${name}, say so: --board ${name}`,
		);
	if (chip.protection?.isReadProtected)
		throw new FlashRefused("chip-read-protected", "the chip is protected against reading", readProtected(plan.board));
}

/** Erasing fails on them, and what comes first would be gone by then. */
function refuseProtected(chip: Chip, plan: Plan, steps: readonly Step[]): void {
	const touched = new Set(
		steps.flatMap((step) =>
			step.kind === "erase"
				? [step.sector]
				: plan.pieces.flatMap(({ what, area }) => (what === step.what ? area.sectors : [])),
		),
	);
	const locked = chip.protection?.writeProtected.filter((sector) => touched.has(sector)) ?? [];
	if (locked.length === 0) return;
	const bootStage = plan.board.flash.bootStage ?? [];
	const what = locked.every((sector) => bootStage.includes(sector))
		? "is write-protected, and what it holds is not the boot stage of this firmware"
		: "is write-protected";
	throw new FlashRefused(
		"sector-write-protected",
		`sector ${locked.join(", ")} ${what}`,
		`nothing was erased; take the protection off (stm32flash -u PORT, or OpenOCD's flash protect 0 ${locked[0]} ${locked.at(-1)} off) and flash again`,
	);
}

const digestOf = (octets: Uint8Array): string => createHash("sha256").update(octets).digest("hex");

class Flashing {
	readonly #chip: Chip;
	readonly #plan: Plan;
	readonly #tell: Tell;

	constructor(chip: Chip, plan: Plan, tell: Tell) {
		this.#chip = chip;
		this.#plan = plan;
		this.#tell = tell;
	}

	#read(doing: Progress["doing"], what: Progress["what"], { address, length }: Omit<Area, "sectors">) {
		return this.#chip.read(address, length, (done) => this.#tell({ doing, what, done, total: length }));
	}

	/** Pieces that need no writing. */
	async samePieces(): Promise<ReadonlySet<PieceName>> {
		const same = new Set<PieceName>();
		for (const { what, address, octets, digest, onlyIfOther } of this.#plan.pieces) {
			if (!onlyIfOther) continue;
			const there = await this.#read("comparing", what, { address, length: octets.length });
			if (digestOf(there) === digest) same.add(what);
		}
		return same;
	}

	async keptDigests(): Promise<readonly (readonly [AreaName, string])[]> {
		const digests: (readonly [AreaName, string])[] = [];
		for (const area of ofDevice(this.#plan))
			digests.push([area.what, digestOf(await this.#read("reading", area.what, area))]);
		return digests;
	}

	async run(steps: readonly Step[]): Promise<void> {
		for (const step of steps) {
			const { what } = step;
			if (step.kind === "erase") {
				const total = this.#plan.board.flash.sectors[step.sector] ?? 0;
				this.#tell({ doing: "erasing", what, done: 0, total });
				await this.#chip.erase(step.sector);
				this.#tell({ doing: "erasing", what, done: total, total });
			} else {
				const total = step.octets.length;
				await this.#chip.write(step.address, step.octets, (done) =>
					this.#tell({ doing: "writing", what, done, total }),
				);
			}
		}
	}

	/** Reads back what was written, and what was to be left blank. */
	async compare(): Promise<void> {
		for (const { what, address, octets, digest } of this.#plan.pieces) {
			const there = await this.#read("comparing", what, { address, length: octets.length });
			if (digestOf(there) !== digest) throw new FlashBroken(`${what}: it reads back other than it was written`);
		}
		for (const area of this.#plan.cleared)
			if ((await this.#read("comparing", area.what, area)).some((octet) => octet !== 0xff))
				throw new FlashBroken(`${area.what}: to be blank, and it is not`);
	}
}

/** What makes the device the one that it is. Slot B is a firmware like another: nobody waits for it to be read twice. */
const ofDevice = ({ kept }: Plan): readonly NamedArea[] => kept.filter(({ what }) => what !== "slot B");

const inner = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** What fails before anything was erased. */
async function reading<Result>(result: Promise<Result>): Promise<Result> {
	try {
		return await result;
	} catch (error) {
		throw new FlashRefused(
			"target-silent",
			`the chip cannot be read: ${inner(error)}`,
			"nothing was erased; mend the line to it, or take its read protection off, which erases all of it",
		);
	}
}

/**
 * Flashes a chip, reads back, compares, and starts what it has then. Throws FlashRefused while all is as it was, FlashBroken
 * from the first erase on.
 */
export async function flashChip(chip: Chip, plan: Plan, options: FlashOptions, tell: Tell): Promise<Flashed> {
	const flashing = new Flashing(chip, plan, tell);
	admit(chip, plan, options.isBoardNamed);
	const isCompared = options.isKeptCompared && chip.readsPrivately;
	const same = await reading(flashing.samePieces());
	const steps = stepsOf(plan, same, chip.grain);
	refuseProtected(chip, plan, steps);
	const before = isCompared ? await reading(flashing.keptDigests()) : [];
	try {
		await flashing.run(steps);
		await flashing.compare();
		const after = new Map(isCompared ? await flashing.keptDigests() : []);
		const lost = before.filter(([what, digest]) => after.get(what) !== digest).map(([what]) => what);
		if (lost.length > 0) throw new FlashBroken(`${lost.join(", ")}: not as before, and nothing here has written there`);
		await chip.start();
	} catch (error) {
		if (error instanceof FlashBroken) throw error;
		throw new FlashBroken(`flashing broke off: ${inner(error)}`);
	}
	return {
		chip: chip.says,
		written: plan.pieces.map(({ what }) => what).filter((what) => !same.has(what)),
		same: [...same],
		cleared: plan.cleared.map(({ what }) => what),
		kept: before.map(([what]) => what),
	};
}

/** Octets of all that `flashChip` will write. */
export const octetsToWrite = ({ pieces }: Plan): number => pieces.reduce((sum, { octets }) => sum + octets.length, 0);
