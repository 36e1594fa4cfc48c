import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import type { BoardTarget } from "./targets.ts";

export const elfOf = (target: BoardTarget): string =>
	resolve(`build/boards/${target.slice("qemu:".length)}/qemu/tre.elf`);

/** Addresses of an image's symbols. */
export function symbolsOf(elf: string): ReadonlyMap<string, number> {
	const table = execFileSync("arm-none-eabi-nm", [elf], { encoding: "utf8" });
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

/** `b.w` from one address to another (encoding T4). */
export function branch(from: number, to: number): readonly number[] {
	const offset = to - (from + 4);
	const [s, i1, i2] = [(offset >> 24) & 1, (offset >> 23) & 1, (offset >> 22) & 1];
	const [j1, j2] = [1 - (i1 ^ s), 1 - (i2 ^ s)];
	return [0xf000 | (s << 10) | ((offset >> 12) & 0x3ff), 0x9000 | (j1 << 13) | (j2 << 11) | ((offset >> 1) & 0x7ff)];
}
