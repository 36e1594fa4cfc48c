import type { FlashBoard } from "../board.ts";
import type { Chip, Protection } from "../chip.ts";
import { families } from "../families.ts";
import { OwnFile } from "../own-file.ts";
import { Openocd } from "./session.ts";

/** What OpenOCD reads at once, and what is a step of progress. */
const READ_WORDS = 1024;
const WRITE = 16 * 1024;
const WORD = 4;

const hex = (value: number): string => `0x${value.toString(16)}`;

async function wordsAt(openocd: Openocd, address: number, count: number): Promise<Buffer> {
	const words = (await openocd.run(`read_memory ${hex(address)} 32 ${count}`)).trim().split(/\s+/);
	const octets = Buffer.alloc(count * WORD);
	for (let n = 0; n < count; n++) octets.writeUInt32LE(Number(words[n]), n * WORD);
	return octets;
}

/** A chip behind a probe that OpenOCD drives. What is read comes over a pipe: no key gets into a file. */
export class OpenocdChip implements Chip {
	readonly grain = "octets";
	readonly readsPrivately = true;
	readonly says: string;
	readonly isOfBoard: boolean;
	readonly protection: Protection;
	readonly #openocd: Openocd;
	readonly #base: number;
	readonly #file = new OwnFile();

	private constructor(openocd: Openocd, board: FlashBoard, id: number, protection: Protection) {
		this.#openocd = openocd;
		this.#base = board.flash.base;
		this.says = `a chip ${hex(id)} behind OpenOCD`;
		this.isOfBoard = id === board.flashing.openocd?.idcode;
		this.protection = protection;
	}

	/** `words` are the configuration of adapter and target, as OpenOCD takes them. Throws OpenocdFailed. */
	static async open(words: readonly string[], board: FlashBoard): Promise<OpenocdChip> {
		const openocd = new Openocd(words);
		try {
			await openocd.run("reset halt");
			const family = families[board.flashing.family];
			const id = (await wordsAt(openocd, family.idRegister, 1)).readUInt32LE(0) & family.idMask;
			const options = (await wordsAt(openocd, family.optionRegister, 1)).readUInt32LE(0);
			return new OpenocdChip(openocd, board, id, family.protectionOf(options));
		} catch (error) {
			await openocd.close();
			throw error;
		}
	}

	async read(address: number, length: number, done: (octets: number) => void): Promise<Uint8Array> {
		const parts: Buffer[] = [];
		const words = Math.ceil(length / WORD);
		for (let at = 0; at < words; at += READ_WORDS) {
			const count = Math.min(READ_WORDS, words - at);
			parts.push(await wordsAt(this.#openocd, address + at * WORD, count));
			done(Math.min(length, (at + count) * WORD));
		}
		return Buffer.concat(parts).subarray(0, length);
	}

	async erase(sector: number): Promise<void> {
		await this.#openocd.run(`flash erase_sector 0 ${sector} ${sector}`);
	}

	async write(address: number, octets: Uint8Array, done: (octets: number) => void): Promise<void> {
		for (let at = 0; at < octets.length; at += WRITE) {
			const part = octets.subarray(at, at + WRITE);
			const path = this.#file.with("part.bin", part);
			await this.#openocd.run(`flash write_bank 0 {${path}} ${hex(address + at - this.#base)}`);
			done(at + part.length);
		}
	}

	async start(): Promise<void> {
		await this.#openocd.run("reset run");
	}

	async close(): Promise<void> {
		await this.#openocd.close();
		this.#file.dispose();
	}
}
