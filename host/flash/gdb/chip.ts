import { addressOf, type FlashBoard } from "../board.ts";
import type { Chip, Protection } from "../chip.ts";
import { OwnFile } from "../own-file.ts";
import type { Grain } from "../plan.ts";
import { protectionOfRegister, stm32f4 } from "../stm32f4.ts";
import { intelHex } from "./intel-hex.ts";
import { Gdb } from "./mi.ts";

/** What is a step of progress. */
const READ = 16 * 1024;
const WRITE = 16 * 1024;
/** GDB erases all of a sector for the first octet that goes into it. */
const ROW = 16;

const hex = (value: number): string => `0x${value.toString(16)}`;

async function octetsAt(gdb: Gdb, address: number, length: number): Promise<Buffer> {
	const result = await gdb.mi(`-data-read-memory-bytes ${hex(address)} ${length}`);
	return Buffer.from([...result.matchAll(/contents="([0-9a-f]*)"/g)].map(([, part]) => part).join(""), "hex");
}

/** A word of a register; zero where the server has none, as QEMU. */
async function wordAt(gdb: Gdb, address: number): Promise<number> {
	return (await octetsAt(gdb, address, 4)).readUInt32LE(0);
}

interface Found {
	/** The server tells GDB which of the memory is flash. */
	readonly hasMap: boolean;
	/** Zero where it does not say. */
	readonly id: number;
	readonly options: number;
}

/** A chip behind a GDB server, driven by GDB. What is read comes over a pipe: no key gets into a file. */
export class GdbChip implements Chip {
	readonly readsPrivately = true;
	readonly says: string;
	readonly isOfBoard: boolean | undefined;
	readonly grain: Grain;
	readonly protection: Protection | undefined;
	readonly #gdb: Gdb;
	readonly #board: FlashBoard;
	readonly #file = new OwnFile();

	private constructor(gdb: Gdb, board: FlashBoard, { hasMap, id, options }: Found) {
		this.#gdb = gdb;
		this.#board = board;
		this.says = id === 0 ? "a chip behind a GDB server" : `a chip ${hex(id)} behind a GDB server`;
		this.isOfBoard = id === 0 ? undefined : id === board.flashing.gdb?.idcode;
		this.grain = hasMap ? "sectors" : "octets";
		this.protection = id === 0 ? undefined : protectionOfRegister(options);
	}

	/** `address` as HOST:PORT. Throws GdbFailed. */
	static async open(address: string, board: FlashBoard): Promise<GdbChip> {
		const gdb = new Gdb();
		try {
			for (const setting of ["confirm off", "code-cache off", "stack-cache off", "tcp auto-retry off"])
				await gdb.cli(`set ${setting}`);
			await gdb.mi(`-target-select extended-remote ${address}`);
			const hasMap = /\bflash\b/.test(await gdb.cli("info mem"));
			// A probe's server may have stopped the core in the middle of what it did with its flash.
			if (hasMap) await gdb.cli("monitor reset halt").catch(() => undefined);
			// A server that hides what it does not know by name would hide the registers.
			await gdb.cli("set mem inaccessible-by-default off");
			const id = (await wordAt(gdb, stm32f4.idRegister)) & stm32f4.idMask;
			const options = await wordAt(gdb, stm32f4.optionRegister);
			return new GdbChip(gdb, board, { hasMap, id, options });
		} catch (error) {
			await gdb.close();
			throw error;
		}
	}

	async read(address: number, length: number, done: (octets: number) => void): Promise<Uint8Array> {
		const parts: Buffer[] = [];
		for (let at = 0; at < length; at += READ) {
			const count = Math.min(READ, length - at);
			parts.push(await octetsAt(this.#gdb, address + at, count));
			done(at + count);
		}
		return Buffer.concat(parts);
	}

	async erase(sector: number): Promise<void> {
		const address = addressOf(this.#board, sector);
		if (this.grain === "sectors") await this.#load(address, new Uint8Array(ROW).fill(0xff));
		else await this.#restore(address, new Uint8Array(this.#board.flash.sectors[sector] ?? 0).fill(0xff));
	}

	async write(address: number, octets: Uint8Array, done: (octets: number) => void): Promise<void> {
		if (this.grain === "sectors") {
			await this.#load(address, octets);
			done(octets.length);
			return;
		}
		for (let at = 0; at < octets.length; at += WRITE) {
			const part = octets.subarray(at, at + WRITE);
			await this.#restore(address + at, part);
			done(at + part.length);
		}
	}

	async start(): Promise<void> {
		await this.#gdb.cli(this.grain === "sectors" ? "monitor reset" : "monitor system_reset");
		await this.#gdb.mi("-target-detach");
	}

	async close(): Promise<void> {
		await this.#gdb.close();
		this.#file.dispose();
	}

	async #load(address: number, octets: Uint8Array): Promise<void> {
		await this.#gdb.cli(`load ${this.#file.with("part.hex", intelHex(address, octets))}`);
	}

	async #restore(address: number, octets: Uint8Array): Promise<void> {
		await this.#gdb.cli(`restore ${this.#file.with("part.bin", octets)} binary ${hex(address)}`);
	}
}
