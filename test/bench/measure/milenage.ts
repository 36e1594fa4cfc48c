import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadArtefacts } from "../../../firmware/emulator/artefacts.ts";
import { CryptoSide } from "../../../firmware/emulator/crypto-side.ts";
import { milenage } from "../../../hil/network/operator/hss/milenage.ts";
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

/**
 * MILENAGE in the emulator (two memories, octets copied over) against the same functions over node:crypto, one
 * call a block: how many times as fast. All of f1 to f5* each time.
 */
export function milenageAgainstNode(rounds: number, vectors: number): number {
	const inside = openMilenage();
	const [k, opc, rand] = [randomBytes(16), randomBytes(16), randomBytes(16)];
	const [sqn, amf] = [Buffer.alloc(6), Buffer.alloc(2)];
	const repeat = (run: () => void) => () => {
		for (let n = 0; n < vectors; n++) run();
	};
	const node = repeat(() => void milenage(k, opc, rand, sqn, amf));
	const wasm = repeat(inside);
	node();
	wasm();
	return ratio(rounds, node, wasm);
}
