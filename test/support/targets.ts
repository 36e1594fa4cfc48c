import {
	closeSync,
	existsSync,
	openSync,
	readFileSync,
	readSync,
	truncateSync,
	writeFileSync,
	writeSync,
} from "node:fs";
import { join } from "node:path";
import { qemuBoards } from "../../hil/rig/targets.ts";
import { full } from "./long-form.ts";

/** Boards in QEMU that the tests run on. */
export type BoardTarget = `qemu:${(typeof qemuBoards)[number]}`;
export const boards: readonly BoardTarget[] = qemuBoards.map((name): BoardTarget => `qemu:${name}`);
/** One of each family of drivers: the short form of the tests runs all of them on these, and a part on the others. */
export const mainBoards: readonly BoardTarget[] = ["qemu:stm32f405", "qemu:mps2-an505"];
export const boardsOfForm = full ? boards : mainBoards;
export type TestTarget = "emulator" | BoardTarget;

/** What tests of the emulator run on, too, where somebody asks for it: TRE_TARGET=qemu:stm32f405. */
export const defaultTarget = (process.env.TRE_TARGET ?? "emulator") as TestTarget;

/** Arguments that make `tre emulate` run that target. */
export const argumentsOf = (target: TestTarget): string[] =>
	target === "emulator" ? [] : ["--board", target.slice("qemu:".length)];

interface Layout {
	/** File in the device's folder. */
	readonly file: string;
	readonly size: number;
	/** Where the store begins, and how large one of its two banks is. */
	readonly store: number;
	readonly bank: number;
	/** Where the device root key stands, where the flash has it. */
	readonly key?: number;
	/** What a flash that has been used begins with. */
	readonly mark?: string;
}

const KIB = 1024;

/** The whole chip: the key in sector 9, the store in 10 and 11. */
const stm32: Layout = { file: "flash.bin", size: KIB * KIB, store: 768 * KIB, bank: 128 * KIB, key: 640 * KIB };
const mps2: Layout = {
	...{ file: "psram.bin", size: 16 * KIB * KIB, store: 4 * KIB, bank: 64 * KIB, key: 132 * KIB },
	mark: "464c5348",
};

const layouts: Record<TestTarget, Layout> = {
	emulator: { file: "flash.bin", size: 128 * KIB, store: 0, bank: 64 * KIB },
	"qemu:stm32f405": stm32,
	"qemu:mps2-an505": mps2,
	"qemu:mps2-an386": mps2,
	"qemu:netduino2": stm32,
	"qemu:riscv-virt": { file: "flash.bin", size: 192 * KIB, store: 0, bank: 64 * KIB, key: 128 * KIB },
};

/** The flash of a device on a target, in its folder: read and written while the device is off, read at any time. */
export class TargetFlash {
	readonly #folder: string;
	readonly #layout: Layout;

	constructor(folder: string, target: TestTarget) {
		this.#folder = folder;
		this.#layout = layouts[target];
	}

	get #path(): string {
		return join(this.#folder, this.#layout.file);
	}

	/** Octets of the store, both banks. */
	store(): Buffer {
		return this.#read(this.#layout.store, 2 * this.#layout.bank);
	}

	rootKey(): Buffer {
		const { key } = this.#layout;
		return key === undefined ? readFileSync(join(this.#folder, "root.key")) : this.#read(key, 32);
	}

	/** Makes it a flash with this store, of whatever bank size, under that device root key. */
	fill(store: Buffer, rootKey: Buffer): void {
		const { size, bank, key, mark } = this.#layout;
		const half = store.length / 2;
		const octets = Buffer.alloc(2 * bank, 0xff);
		store.copy(octets, 0, 0, Math.min(half, bank));
		store.copy(octets, bank, half, half + Math.min(half, bank));
		if (!existsSync(this.#path)) writeFileSync(this.#path, "");
		truncateSync(this.#path, size);
		this.#write(this.#layout.store, octets);
		if (key === undefined) writeFileSync(join(this.#folder, "root.key"), rootKey);
		else this.#write(key, Buffer.concat([rootKey, rootKey.map((octet) => ~octet & 0xff), Buffer.alloc(4)]));
		if (mark !== undefined) this.#write(0, Buffer.from(mark, "hex"));
	}

	#read(at: number, length: number): Buffer {
		const octets = Buffer.alloc(length);
		const file = openSync(this.#path, "r");
		readSync(file, octets, 0, length, at);
		closeSync(file);
		return octets;
	}

	#write(at: number, octets: Uint8Array): void {
		const file = openSync(this.#path, "r+");
		writeSync(file, octets, 0, octets.length, at);
		closeSync(file);
	}
}
