import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";

/** What the linker put into flash and RAM of a board, as its committed report says it. */
export interface BoardSize {
	readonly board: string;
	readonly variant: string;
	readonly flash: number;
	readonly ram: number;
}

export function boardSizes(): readonly BoardSize[] {
	const folder = resolve("firmware/boards");
	return readdirSync(folder)
		.flatMap((board) => ["board", "qemu"].map((variant) => ({ board, variant })))
		.flatMap(({ board, variant }) => {
			const file = join(folder, board, `size-${variant}.txt`);
			if (!existsSync(file)) return [];
			const text = readFileSync(file, "utf8");
			const [flash, ram] = ["flash", "RAM"].map((what) => Number(new RegExp(`^${what} (\\d+)`, "m").exec(text)?.[1]));
			return [{ board, variant, flash: flash as number, ram: ram as number }];
		});
}
