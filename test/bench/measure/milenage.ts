import assert from "node:assert/strict";
import { createCipheriv, randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadArtefacts } from "../../../firmware/emulator/artefacts.ts";
import { CryptoSide } from "../../../firmware/emulator/crypto-side.ts";
import { milenage, xor } from "../../../hil/network/operator/hss/milenage.ts";
import { seal } from "../../support/flash-image.ts";
import { compileMilenage } from "../../support/milenage-module.ts";
import { ratio } from "./statistics.ts";

interface Exports {
	memory: WebAssembly.Memory;
	buffer(): number;
	run(key: number): number;
}

/** The firmware's MILENAGE with its functions laid open, beside a crypto side with an open key. */
export function openMilenage(): () => void {
	const folder = mkdtempSync(join(tmpdir(), "milenage-"));
	try {
		const output = join(folder, "milenage.wasm");
		compileMilenage(output);
		const module = new WebAssembly.Module(new Uint8Array(readFileSync(output)));
		const rootKey = new Uint8Array(32).fill(1);
		let exports: Exports | undefined;
		let view = new Uint8Array(0);
		const memory = (): Uint8Array => {
			const { buffer } = (exports as Exports).memory;
			if (view.buffer !== buffer) view = new Uint8Array(buffer);
			return view;
		};
		const side = new CryptoSide(loadArtefacts().crypto, rootKey).imports(memory);
		exports = new WebAssembly.Instance(module, { crypto: side }).exports as unknown as Exports;
		const at = exports.buffer();
		const sealed = seal(rootKey, 5, randomBytes(32));
		memory().set(sealed, at);
		const key = side.import_sealed(at, sealed.length);
		const { run } = exports;
		return () => {
			if (run(key) !== 1) throw new Error("MILENAGE failed");
		};
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
}

const rotated = (block: Buffer, octets: number): Buffer =>
	Buffer.concat([block.subarray(octets), block.subarray(0, octets)]);

/** r1 to r5 in octets and the last octet of c1 to c5 (TS 35.206 clause 4.1). */
const CONSTANTS = [
	[8, 0],
	[0, 1],
	[4, 2],
	[8, 4],
	[12, 8],
] as const;

/**
 * The yardstick: f1 to f5* (TS 35.206 clause 4.1) as they are most plainly written over node:crypto, one cipher a block.
 * It is the bench's own, so that the HSS may become faster without moving what the TRE is measured by.
 */
function milenagePerBlock(k: Buffer, opc: Buffer, rand: Buffer, sqn: Buffer, amf: Buffer): Buffer[] {
	const aes = (block: Buffer): Buffer => createCipheriv("aes-128-ecb", k, null).setAutoPadding(false).update(block);
	const temp = aes(xor(rand, opc));
	const in1 = Buffer.concat([sqn, amf, sqn, amf]);
	return CONSTANTS.map(([octets, last], n) => {
		const c = Buffer.alloc(16);
		c[15] = last;
		const turned = rotated(xor(n === 0 ? in1 : temp, opc), octets);
		return xor(aes(xor(n === 0 ? xor(turned, temp) : turned, c)), opc);
	});
}

/** MILENAGE in the emulator (two memories, octets copied over) against the yardstick: how many times as fast. */
export function milenageAgainstNode(rounds: number, vectors: number): number {
	const inside = openMilenage();
	const [k, opc, rand] = [randomBytes(16), randomBytes(16), randomBytes(16)];
	const [sqn, amf] = [Buffer.alloc(6), Buffer.alloc(2)];
	const { macA, res, ck, ik } = milenage(k, opc, rand, sqn, amf);
	const [out1, out2, out3, out4] = milenagePerBlock(k, opc, rand, sqn, amf);
	assert.deepEqual([out1?.subarray(0, 8), out2?.subarray(8), out3, out4], [macA, res, ck, ik]);
	const repeat = (run: () => void) => () => {
		for (let n = 0; n < vectors; n++) run();
	};
	const node = repeat(() => void milenagePerBlock(k, opc, rand, sqn, amf));
	const wasm = repeat(inside);
	node();
	wasm();
	return ratio(rounds, node, wasm);
}
