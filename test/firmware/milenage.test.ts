import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { loadArtefacts } from "../../firmware/emulator/artefacts.ts";
import { CryptoSide } from "../../firmware/emulator/crypto-side.ts";
import { milenage } from "../../hil/network/operator/hss/milenage.ts";
import { seal } from "../support/flash-image.ts";
import { independentMilenage } from "../support/independent.ts";
import { compileMilenage } from "../support/milenage-module.ts";

interface TestSet {
	readonly set: number;
	readonly clause: string;
	readonly [name: string]: string | number;
}

const { sets } = JSON.parse(readFileSync(resolve("test/vectors/milenage.json"), "utf8")) as { sets: TestSet[] };
const octets = (set: TestSet, name: string): Buffer => Buffer.from(set[name] as string, "hex");

/** Offsets at which the entry leaves the outputs. */
const layout = {
	f1: [0, 8],
	f1star: [8, 16],
	f2: [16, 24],
	f3: [24, 40],
	f4: [40, 56],
	f5: [56, 62],
	f5star: [62, 68],
} as const;

describe("MILENAGE against TS 35.208 clause 4.3", () => {
	const folder = mkdtempSync(join(tmpdir(), "milenage-"));
	afterAll(() => rmSync(folder, { recursive: true, force: true }));

	const compile = (): WebAssembly.Module => {
		const output = join(folder, "milenage.wasm");
		compileMilenage(output);
		return new WebAssembly.Module(new Uint8Array(readFileSync(output)));
	};

	const rootKey = new Uint8Array(32).fill(1);

	test("inside the WASM, with K and OPc on the crypto side", () => {
		interface Exports {
			memory: WebAssembly.Memory;
			buffer(): number;
			run(key: number): number;
		}
		let exports: Exports | undefined;
		const memory = () => new Uint8Array((exports as Exports).memory.buffer);
		const side = new CryptoSide(loadArtefacts().crypto, rootKey).imports(memory);
		exports = new WebAssembly.Instance(compile(), { crypto: side }).exports as unknown as Exports;
		const at = exports.buffer();
		expect(sets.length).toBeGreaterThan(5);
		for (const set of sets) {
			const sealed = seal(rootKey, 5, Buffer.concat([octets(set, "K"), octets(set, "OPc")]));
			memory().set(sealed, at);
			const key = side.import_sealed(at, sealed.length);
			memory().set(Buffer.concat([octets(set, "RAND"), octets(set, "SQN"), octets(set, "AMF")]), at);
			expect(exports.run(key)).toBe(1);
			for (const [name, [from, to]] of Object.entries(layout)) {
				const found = Buffer.from(memory().slice(at + from, at + to)).toString("hex");
				expect(found, `${name} of set ${set.set} (${set.clause})`).toBe(set[name]);
			}
			side.destroy_key(key);
		}
	});

	test("of the operators' HSS, and of the tests' own independent one", () => {
		for (const set of sets) {
			const input = ["K", "OPc", "RAND", "SQN", "AMF"].map((name) => octets(set, name)) as [
				Buffer,
				Buffer,
				Buffer,
				Buffer,
				Buffer,
			];
			const ours = milenage(...input);
			const other = independentMilenage(...input);
			for (const name of Object.keys(layout)) expect(other[name as keyof typeof other].toString("hex")).toBe(set[name]);
			const { macA, macS, res, ck, ik, ak, akStar } = ours;
			const found = [macA, macS, res, ck, ik, ak, akStar].map((one) => one.toString("hex"));
			expect(found).toEqual(Object.keys(layout).map((name) => set[name]));
		}
	});
});
