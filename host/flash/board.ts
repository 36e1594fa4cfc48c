import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { inClone } from "../../firmware/local/repository.ts";
import { FlashRefused } from "./refused.ts";

const number = z
	.string()
	.regex(/^0x[0-9a-fA-F]{1,8}$/)
	.transform((text) => Number.parseInt(text, 16));
const sectors = z.array(z.int().nonnegative()).nonempty();

const shape = z.object({
	flash: z.object({
		base: number,
		/** Octets of each sector, in order from `base` on. */
		sectors: z.array(z.int().positive()).nonempty(),
		/** Without it one image stands at `base`, with no header before it, in all sectors before key and store. */
		bootStage: sectors.optional(),
		bootRecords: sectors.optional(),
		slots: z.array(sectors).min(2).optional(),
		rootKey: sectors,
		store: sectors,
	}),
	flashing: z.object({
		/** What is asked of a chip before anything is erased. */
		family: z.enum(["stm32f4", "nrf52"]),
		rom: z.object({ productId: number }).optional(),
		openocd: z
			.object({
				target: z.string(),
				idcode: number,
				/** What has to be chosen with a probe whose first choice the target does not speak, by the probe's file. */
				transports: z.record(z.string(), z.string()).default({}),
			})
			.optional(),
		dfu: z.object({ device: z.string(), alt: z.int() }).optional(),
		gdb: z.object({ idcode: number }).optional(),
	}),
});

export type FlashBoard = z.output<typeof shape> & { readonly name: string };

/** Consecutive sectors of a flash. */
export interface Area {
	/** Where it begins in the address space of the core. */
	readonly address: number;
	/** Octets. */
	readonly length: number;
	readonly sectors: readonly number[];
}

const boardsFolder = () => inClone("firmware/boards");
const fileOf = (name: string): string => join(boardsFolder(), name, "board.json");

/** Names of all boards, those that are in QEMU only among them. */
export const boardNames = (): readonly string[] =>
	readdirSync(boardsFolder())
		.filter((name) => existsSync(fileOf(name)))
		.sort();

/** Reads what a `board.json` says of its flash. Throws FlashRefused where it says nothing. */
export function readBoard(name: string, json: unknown): FlashBoard {
	const read = shape.safeParse(json);
	if (read.success) return { name, ...read.data };
	if (typeof json === "object" && json !== null && "flashing" in json)
		throw new FlashRefused(
			"board-not-flashable",
			`no way of this program writes the flash of ${name} yet`,
			`docs/boards.md has the command of its own tools, and npm run firmware -- --board ${name} the file`,
		);
	throw new FlashRefused(
		"board-not-flashable",
		`${name} has no flash that a host writes`,
		"it runs in QEMU only: tre emulate --board takes it",
	);
}

/** The flash of a board of this clone. Throws FlashRefused. */
export function flashBoard(name: string): FlashBoard {
	const known = boardNames();
	if (known.includes(name)) return readBoard(name, JSON.parse(readFileSync(fileOf(name), "utf8")));
	throw new FlashRefused("board-unknown", `no board "${name}"`, `there are: ${known.join(", ")}`);
}

/** Where a sector begins. */
export const addressOf = ({ flash }: FlashBoard, sector: number): number =>
	flash.sectors.slice(0, sector).reduce((sum, size) => sum + size, flash.base);

/** Where consecutive sectors begin, and their octets in all. */
export const areaOf = (board: FlashBoard, all: readonly number[]): Area => ({
	address: addressOf(board, all[0] as number),
	length: all.reduce((sum, sector) => sum + (board.flash.sectors[sector] ?? 0), 0),
	sectors: all,
});

/** Places of the images: each slot, or on a board without a boot stage the one that begins at the base. */
export function imageAreas(board: FlashBoard): readonly Area[] {
	const { bootStage, slots = [], rootKey, store } = board.flash;
	if (bootStage) return slots.map((slot) => areaOf(board, slot));
	const end = Math.min(...rootKey, ...store);
	return [
		areaOf(
			board,
			Array.from({ length: end }, (_, sector) => sector),
		),
	];
}
