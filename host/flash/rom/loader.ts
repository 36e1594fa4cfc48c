import type { Parity } from "../../link/port.ts";
import type { FlashBoard } from "../board.ts";
import type { Chip, Protection } from "../chip.ts";
import { FlashRefused } from "../refused.ts";
import { protectionOfBytes, stm32f4 } from "../stm32f4.ts";
import {
	BLOCK,
	code,
	eraseSector,
	getCommands,
	getId,
	go,
	isAnswer,
	NoLoader,
	needed,
	Refused,
	readBlock,
	SYNC,
	writeBlock,
} from "./an3155.ts";
import { Line, LineSilent } from "./line.ts";

const TRIES = 3;
const ANSWER_MS = 400;
const QUIET_MS = 100;
const WORD = 4;
/**
 * So many octets 0x7f end any command that a loader may be in the middle of: a block with its length and its sum, or the
 * 0x7f80 sectors that it takes them for where it waits for a number of sectors.
 */
const endings = [BLOCK + 3, 2 * 0x7f80 + 3] as const;
/** A start bit, eight of data, parity, a stop bit. */
const BITS = 11;

/** Sends one octet at a time: the first that a loader sees sets its rate; a pair of them is a command that it refuses. */
async function answers(line: Line): Promise<boolean> {
	for (let n = 0; n < TRIES; n++) {
		line.send(Uint8Array.of(SYNC));
		try {
			const [answer = 0] = await line.take(1, ANSWER_MS);
			if (isAnswer(answer)) return true;
			await line.drain(QUIET_MS);
		} catch (error) {
			if (!(error instanceof LineSilent)) throw error;
		}
	}
	return false;
}

/**
 * Gets a loader to listen for a command, also one that another program left in the middle of one: that takes 0x7f for the
 * octets it waits for, and refuses them: no sector has that number, and their sum is right for one length of a block only, which
 * then is in what was being written anyway. What it still says to that other program is not ours.
 */
async function synchronise(line: Line, baudRate: number): Promise<boolean> {
	await line.drain(QUIET_MS);
	if (await answers(line)) return true;
	for (const octets of endings) {
		line.send(new Uint8Array(octets).fill(SYNC));
		await line.drain(QUIET_MS + (octets * BITS * 1000) / baudRate);
		if (await answers(line)) return true;
	}
	return false;
}

/**
 * What the loader can do. An answer that came late was to an octet before the last, which then begins a command: the loader
 * refuses what comes next, and one more octet brings it back.
 */
async function commandsOf(line: Line): ReturnType<typeof askCommands> {
	for (let n = 1; ; n++) {
		try {
			return await askCommands(line);
		} catch (error) {
			if (!(error instanceof Refused || error instanceof NoLoader) || n === TRIES) throw error;
			await line.drain(QUIET_MS);
			await answers(line);
		}
	}
}

const askCommands = (line: Line) => line.talk(getCommands());

const silent = (target: string): FlashRefused =>
	new FlashRefused(
		"target-silent",
		`no ROM loader answers on ${target}`,
		"hold BOOT0 high while the board resets, and wire the adapter to a port that the ROM listens on (docs/boards.md); " +
			"a bridge that has no parity wants --parity none on both sides",
	);

const isRefusedGet = (error: unknown): boolean => error instanceof Refused && error.command === code.get;

/** A chip behind its ROM loader. */
export class RomChip implements Chip {
	readonly grain = "octets";
	readonly readsPrivately = true;
	readonly says: string;
	readonly isOfBoard: boolean;
	readonly protection: Protection;
	readonly #line: Line;
	readonly #base: number;

	private constructor(line: Line, board: FlashBoard, id: number, protection: Protection) {
		this.#line = line;
		this.#base = board.flash.base;
		this.says = `the ROM loader of a chip 0x${id.toString(16)}`;
		this.isOfBoard = id === board.flashing.rom?.productId;
		this.protection = protection;
	}

	/** Throws FlashRefused where no loader answers that this program can use. */
	static async open(target: string, baudRate: number, parity: Parity, board: FlashBoard): Promise<RomChip> {
		const line = await Line.open(target, baudRate, parity);
		try {
			if (!(await synchronise(line, baudRate))) throw silent(target);
			const { commands, version } = await commandsOf(line);
			const missing = needed.filter((one) => !commands.includes(one));
			if (missing.length > 0)
				throw new FlashRefused(
					"chip-other",
					`the ROM loader (version ${version >> 4}.${version & 15}) has no command ${missing.map((one) => `0x${one.toString(16)}`).join(", ")}`,
					"this program flashes chips whose loader erases by 0x44; take a probe for this one: --via openocd",
				);
			const id = await line.talk(getId());
			return new RomChip(line, board, id, await protectionBy(line));
		} catch (error) {
			await line.close();
			if (error instanceof LineSilent || error instanceof NoLoader || isRefusedGet(error)) throw silent(target);
			throw error;
		}
	}

	async read(address: number, length: number, done: (octets: number) => void): Promise<Uint8Array> {
		const parts: Uint8Array[] = [];
		for (let at = 0; at < length; at += BLOCK) {
			parts.push(await this.#line.talk(readBlock(address + at, Math.min(BLOCK, length - at))));
			done(Math.min(length, at + BLOCK));
		}
		return Buffer.concat(parts);
	}

	erase(sector: number): Promise<void> {
		return this.#line.talk(eraseSector(sector));
	}

	async write(address: number, octets: Uint8Array, done: (octets: number) => void): Promise<void> {
		for (let at = 0; at < octets.length; at += BLOCK) {
			const part = octets.subarray(at, at + BLOCK);
			const words = new Uint8Array(Math.ceil(part.length / WORD) * WORD).fill(0xff);
			words.set(part);
			await this.#line.talk(writeBlock(address + at, words));
			done(at + part.length);
		}
	}

	async start(): Promise<void> {
		await this.#line.talk(go(this.#base));
		await this.close();
	}

	close(): Promise<void> {
		return this.#line.close();
	}
}

/** A loader of a read-protected chip refuses to read at all. */
async function protectionBy(line: Line): Promise<Protection> {
	try {
		return protectionOfBytes(await line.talk(readBlock(stm32f4.optionBytes, stm32f4.OPTION_BYTES)));
	} catch (error) {
		if (error instanceof Refused && error.command === code.read) return { isReadProtected: true, writeProtected: [] };
		throw error;
	}
}
