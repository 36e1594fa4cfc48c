import type { Parity } from "../../link/port.ts";
import type { FlashBoard } from "../board.ts";
import type { Chip } from "../chip.ts";
import { type Flashed, type FlashOptions, flashChip, type Tell } from "../flash.ts";
import type { Plan } from "../plan.ts";
import { FlashRefused } from "../refused.ts";
import type { Tool } from "../tools.ts";

/** Where a device is, as the command line says it. */
export interface Where {
	readonly target: string;
	readonly baudRate: number;
	readonly parity: Parity;
}

/** How a firmware gets into a device. */
export interface Way {
	/** In one line, for people. */
	readonly does: string;
	/** What TARGET is, for people. */
	readonly target: string;
	/** Programs that it runs. */
	readonly tools: readonly Tool[];
	/** Whether TARGET looks like one of its. */
	takes(target: string): boolean;
	/** Throws FlashRefused while all is as it was, FlashBroken afterwards. */
	flash(where: Where, plan: Plan, options: FlashOptions, tell: Tell): Promise<Flashed>;
}

/** A way that gets at the flash of a chip whose core stands still. */
export function chipWay(way: Omit<Way, "flash">, open: (where: Where, board: FlashBoard) => Promise<Chip>): Way {
	return {
		...way,
		async flash(where, plan, options, tell) {
			if (!way.takes(where.target))
				throw new FlashRefused("target-unfit", `"${where.target}" is nothing for this way`, `it takes ${way.target}`);
			const chip = await open(where, plan.board);
			try {
				return await flashChip(chip, plan, options, tell);
			} finally {
				await chip.close();
			}
		},
	};
}

/** The board has no such entry. */
export const notOnBoard = (board: FlashBoard, what: string): FlashRefused =>
	new FlashRefused("board-not-flashable", `${board.name} is not flashed by ${what}`, "take another way: --via");
