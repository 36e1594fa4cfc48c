import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { thinC, UnknownTranslation } from "../../../firmware/build/thin-c.mjs";
import { CompiledC } from "../../support/compile-wasm.ts";
import { moduleText, operations } from "./thin/module.ts";

const PAGE = 65_536;
const common = "firmware/boards/common";
const folder = mkdtempSync(join(tmpdir(), "thin-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function translated(
	text: string,
	name: string,
): { readonly wasm: Uint8Array<ArrayBuffer>; readonly c: string; readonly room: string } {
	const room = join(folder, name);
	mkdirSync(room, { recursive: true });
	writeFileSync(join(room, "tre.wat"), text);
	execFileSync("wat2wasm", [join(room, "tre.wat"), "-o", join(room, "tre.wasm")]);
	execFileSync("wasm2c", [join(room, "tre.wasm"), "--module-name=tre", "-o", join(room, "tre.c")]);
	return {
		wasm: new Uint8Array(readFileSync(join(room, "tre.wasm"))),
		c: readFileSync(join(room, "tre.c"), "utf8"),
		room,
	};
}

/** What a call did: its result, or that it trapped, and the octets of the page after it. */
type Outcome = { readonly result: number | bigint | undefined } | "trap";

const attempt = (run: () => unknown): Outcome => {
	try {
		return { result: run() as number | bigint | undefined };
	} catch (error) {
		if (error instanceof WebAssembly.RuntimeError) return "trap";
		throw error;
	}
};

/** Addresses, lengths and operands where mistakes live, and any other. */
const word = fc
	.oneof(
		fc.constantFrom(0, 1, 3, 4, 7, 8, 31, 32, 33, PAGE - 9, PAGE - 8, PAGE - 7, PAGE - 4, PAGE - 2, PAGE - 1, PAGE),
		fc.constantFrom(PAGE + 1, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - PAGE, 2 ** 32 - 4, 2 ** 32 - 1),
		fc.integer({ min: 0, max: PAGE }),
		fc.integer({ min: 0, max: 2 ** 32 - 1 }),
	)
	.map((value) => value | 0);

const long = fc.oneof(
	fc.constantFrom(0n, 1n, -1n, 2n ** 63n - 1n, -(2n ** 63n)),
	fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n),
);

describe("tre.wasm in thin C does what the WASM does", () => {
	let inV8: WebAssembly.Exports;
	let inC: CompiledC;

	beforeAll(() => {
		const { wasm, c, room } = translated(moduleText, "all");
		writeFileSync(join(room, "thin.c"), thinC(c));
		inV8 = new WebAssembly.Instance(new WebAssembly.Module(wasm)).exports;
		inC = new CompiledC([join(room, "thin.c"), "test/firmware/boards/thin/runtime.c"], [room, common]);
		inC.call("begin");
	});

	const pages = (): [Buffer, Buffer] => [
		Buffer.from((inV8.memory as WebAssembly.Memory).buffer),
		inC.octets(inC.address("wasm_page"), PAGE),
	];

	test("the data segments stand where they belong", () => {
		const [ours, theirs] = pages();
		expect(theirs.equals(ours)).toBe(true);
		expect(ours.subarray(0, 16).toString("latin1")).toBe("the first octets");
		expect(ours.subarray(PAGE - 4).toString("latin1")).toBe("last");
	});

	test.each(operations)("$name: results, traps and the page are the same", ({ name, params }) => {
		const args = fc.tuple(...params.map((type) => (type === "i64" ? long : word)));
		const seen = { results: 0, traps: 0 };
		fc.assert(
			fc.property(args, (values) => {
				const there = attempt(() => (inV8[name] as (...all: unknown[]) => unknown)(...values));
				const instance = inC.call("instance");
				const here = attempt(() => inC.call(`Z_treZ_${name}`, instance, ...(values as number[])));
				expect(here).toEqual(there);
				const [ours, theirs] = pages();
				expect(theirs.equals(ours)).toBe(true);
				if (there === "trap") seen.traps++;
				else seen.results++;
			}),
			{ numRuns: 150, seed: 42 },
		);
		// An address that is always behind the page has no result.
		if (!/(65535|65536|4294967295)$/.test(name)) expect(seen.results).toBeGreaterThan(0);
		if (/load|store|memory(fill|copy)|div|rem|stop/.test(name)) expect(seen.traps).toBeGreaterThan(0);
	});
});

describe("what is not understood is refused, never translated wrongly", () => {
	/** A module with an exported memory, as ours is, and one thing more. */
	const thinned = (name: string, more: string, pages = 1) =>
		thinC(translated(`(module (memory (export "memory") ${pages} ${pages}) (func) ${more})`, name).c);

	test("what is understood passes", () => {
		expect(thinned("plain", '(data (i32.const 10) "abc")')).toContain("memory_init_all");
	});

	test("a table", () => {
		const call = '(func (export "run") (call_indirect (type $t) (i32.const 0)))';
		const table = `(table 1 funcref) (type $t (func)) (func $f) (elem (i32.const 0) $f) ${call}`;
		expect(() => thinned("table", table)).toThrow(/in a way that is not known/);
	});

	test("a memory of two pages", () => {
		expect(() => thinned("pages", "", 2)).toThrow(/the memory being made/);
	});

	test("a segment that leaves the page, or that is copied in part", () => {
		const { c } = translated('(module (memory (export "memory") 1 1) (func) (data (i32.const 10) "abc"))', "segment");
		expect(() => thinC(c.replace("w2c_memory, 10u", "w2c_memory, 65535u"))).toThrow(/leaves the page/);
		expect(() => thinC(c.replace("w2c_d0, 3)", "w2c_d0, 4)"))).toThrow(/another length/);
		expect(() => thinC(c.replace(/ {2}LOAD_DATA\(instance.*\n/, ""))).toThrow(/copied never/);
	});

	test("C of another version of wasm2c", () => {
		expect(() => thinC("/* Automatically generated by wasm2c */\nint nothing;\n")).toThrow(UnknownTranslation);
	});
});
