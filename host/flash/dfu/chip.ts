import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { readFileSync, rmSync } from "node:fs";
import { addressOf, type FlashBoard } from "../board.ts";
import type { Chip } from "../chip.ts";
import { OwnFile } from "../own-file.ts";
import { FlashRefused } from "../refused.ts";
import { type DfuDevice, dfuWords, namesIn, readLayout } from "./command.ts";

/** What dfu-util says to a call that failed. */
export class DfuFailed extends Error {}

/** dfu-util erases all of a sector for the first octet that goes into it. */
const ROW = 16;

function dfuUtil(words: readonly string[]): Promise<string> {
	return new Promise((resolve, reject) => {
		execFile("dfu-util", [...words], (error, stdout, stderr) => {
			const lines = stderr.split("\n").filter((line) => line !== "" && !line.includes("DFU suffix"));
			if (error) reject(new DfuFailed(lines.at(-1)?.replace(/^dfu-util: /, "") ?? error.message));
			else resolve(stdout);
		});
	});
}

/** A chip behind the DFU loader in its ROM, driven by dfu-util. */
export class DfuChip implements Chip {
	readonly grain = "sectors";
	/** dfu-util reads into files, and a key belongs into none. */
	readonly readsPrivately = false;
	/** A loader says nothing of it; that of a protected chip does not read. */
	readonly protection = undefined;
	readonly says: string;
	readonly isOfBoard: boolean;
	readonly #device: DfuDevice;
	readonly #board: FlashBoard;
	readonly #file = new OwnFile();

	private constructor(device: DfuDevice, board: FlashBoard, name: string) {
		this.#device = device;
		this.#board = board;
		const layout = readLayout(name);
		this.says = `a DFU loader of "${name}"`;
		this.isOfBoard = layout?.base === board.flash.base && layout.sectors.join() === board.flash.sectors.join();
	}

	/** Throws FlashRefused where there is not one device, DfuFailed where dfu-util fails. */
	static async open(device: DfuDevice, board: FlashBoard): Promise<DfuChip> {
		const names = namesIn(await dfuUtil(dfuWords.list(device)), device.alt);
		const [name] = names;
		if (name === undefined)
			throw new FlashRefused(
				"target-silent",
				`no DFU loader ${device.device} is on USB`,
				"hold BOOT0 high while the board resets, and let this user open the device: tre doctor says how",
			);
		if (names.length > 1)
			throw new FlashRefused(
				"target-unfit",
				`${names.length} DFU loaders are on USB`,
				"name one by its serial number, as dfu:SERIAL; dfu-util -l shows them",
			);
		return new DfuChip(device, board, name);
	}

	async read(address: number, length: number, done: (octets: number) => void): Promise<Uint8Array> {
		// dfu-util writes into no file that is there.
		const path = this.#file.pathOf(`${randomUUID()}.bin`);
		await dfuUtil(dfuWords.read(this.#device, address, length, path));
		const octets = readFileSync(path);
		rmSync(path);
		done(length);
		return octets;
	}

	erase(sector: number): Promise<void> {
		return this.#download(addressOf(this.#board, sector), new Uint8Array(ROW).fill(0xff));
	}

	async write(address: number, octets: Uint8Array, done: (octets: number) => void): Promise<void> {
		await this.#download(address, octets);
		done(octets.length);
	}

	async start(): Promise<void> {
		const path = this.#file.pathOf(`${randomUUID()}.bin`);
		await dfuUtil(dfuWords.start(this.#device, this.#board.flash.base, path));
	}

	async close(): Promise<void> {
		this.#file.dispose();
	}

	async #download(address: number, octets: Uint8Array): Promise<void> {
		await dfuUtil(dfuWords.write(this.#device, address, this.#file.with("part.bin", octets)));
	}
}
