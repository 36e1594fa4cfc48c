import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { toolchainOf } from "../../firmware/build/toolchain.mjs";
import type { BoardTarget } from "./targets.ts";

export const elfOf = (target: BoardTarget): string =>
	resolve(`build/boards/${target.slice("qemu:".length)}/qemu/tre.elf`);

/** ELF's number of RISC-V; it stands at this offset. */
const [MACHINE, RISCV] = [18, 243];

/** Is it machine code of a RISC-V? The others are Thumb. */
export const isRiscv = (elf: string): boolean => readFileSync(elf).readUInt16LE(MACHINE) === RISCV;

/** How the programs begin that read such an image. */
export const toolsFor = (elf: string): string => toolchainOf(isRiscv(elf) ? "rv32imc" : "cortex-m4").prefix;

/** Addresses of an image's symbols. */
export function symbolsOf(elf: string): ReadonlyMap<string, number> {
	const table = execFileSync(`${toolsFor(elf)}nm`, [elf], { encoding: "utf8" });
	const rows = [...table.matchAll(/^([0-9a-f]{8}) \w (\S+)$/gm)];
	return new Map(rows.map(([, address, name]) => [name as string, Number.parseInt(address as string, 16)]));
}

export function symbol(elf: string, name: string): number {
	const address = symbolsOf(elf).get(name);
	if (address === undefined) throw new Error(`${elf} has no symbol ${name}`);
	return address;
}

/** Where an address lies in the file (ELF32 little endian, its program headers). */
function offsetOf(octets: Buffer, address: number): number {
	const [table, size, count] = [octets.readUInt32LE(28), octets.readUInt16LE(42), octets.readUInt16LE(44)];
	for (let n = 0; n < count; n++) {
		const header = table + n * size;
		const [offset, at] = [octets.readUInt32LE(header + 4), octets.readUInt32LE(header + 8)];
		const length = octets.readUInt32LE(header + 16);
		if (address >= at && address < at + length) return offset + address - at;
	}
	throw new Error(`address ${address.toString(16)} is in no segment`);
}

/** 16-bit halves at the beginning of a function or variable, by its name. */
export type Patches = Readonly<Record<string, readonly number[]>>;

/** A copy of an image with other machine code or data in places. */
export function patched(elf: string, patches: Patches, output: string): string {
	const octets = readFileSync(elf);
	for (const [name, halves] of Object.entries(patches)) {
		const at = offsetOf(octets, symbol(elf, name));
		for (const [n, half] of halves.entries()) octets.writeUInt16LE(half, at + 2 * n);
	}
	writeFileSync(output, octets);
	return output;
}

/** A branch from the beginning of one function to another one, in the machine code of that image. */
export function branch(elf: string, from: string, to: string): readonly number[] {
	const addresses = [symbol(elf, from), symbol(elf, to)] as const;
	return isRiscv(elf) ? jal(...addresses) : branchWide(...addresses);
}

/** `jal x0` (RISC-V, type J). */
function jal(from: number, to: number): readonly number[] {
	const offset = to - from;
	const bits = (at: number, count: number): number => (offset >> at) & ((1 << count) - 1);
	const word = (bits(20, 1) << 31) | (bits(1, 10) << 21) | (bits(11, 1) << 20) | (bits(12, 8) << 12) | 0x6f;
	return [word & 0xffff, word >>> 16];
}

/** `b.w` (Thumb, encoding T4). */
function branchWide(from: number, to: number): readonly number[] {
	const offset = to - (from + 4);
	const [s, i1, i2] = [(offset >> 24) & 1, (offset >> 23) & 1, (offset >> 22) & 1];
	const [j1, j2] = [1 - (i1 ^ s), 1 - (i2 ^ s)];
	return [0xf000 | (s << 10) | ((offset >> 12) & 0x3ff), 0x9000 | (j1 << 13) | (j2 << 11) | ((offset >> 1) & 0x7ff)];
}
