import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { decode, encode } from "cborg";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type CommandRow, commands } from "../../../firmware/contract/commands.ts";
import { errors } from "../../../firmware/contract/errors.ts";
import { outputs } from "../../../firmware/contract/generate/main.ts";
import { decodeResponse, encodeRequest } from "../../../host/tre/codec.ts";
import { DirectTre } from "../../support/machine.ts";

describe("the contract", () => {
	test.each(Object.entries(outputs))("%s is what the table generates", (path, make) => {
		expect(readFileSync(resolve(path), "utf8")).toBe(make());
	});

	test("numbers of commands and errors are given once", () => {
		for (const table of [commands, errors]) {
			const numbers = Object.values<{ number: number }>(table).map(({ number }) => number);
			expect(new Set(numbers).size).toBe(numbers.length);
		}
	});

	test("masked response fields exist", () => {
		for (const row of Object.values<CommandRow>(commands)) {
			for (const field of row.varies ?? []) expect(Object.keys(row.response)).toContain(field);
		}
	});

	test("requests are the deterministic CBOR that an independent codec writes", () => {
		const request = fc.record({
			document: fc.uint8Array({ maxLength: 3000 }),
			algorithm: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
			signature: fc.uint8Array({ maxLength: 600 }),
		});
		fc.assert(
			fc.property(request, (fields) => {
				const octets = Buffer.from(encodeRequest("acceptBootstrap", fields));
				expect(octets.equals(encode([33, fields.document, fields.algorithm, fields.signature]))).toBe(true);
			}),
		);
	});

	test("responses that are not deterministic, or of another shape, are refused by the host", () => {
		const good = encode([0, new Uint8Array(16)]);
		expect(decodeResponse("releaseRoot", good)).toMatchObject({ response: {} });
		const bad = [
			Buffer.concat([good, Buffer.from([0])]),
			good.subarray(0, -1),
			Buffer.from("9f0041aaff", "hex"),
			Buffer.from("82005801aa", "hex"),
			Buffer.from("82180041aa", "hex"),
			encode([0, 1]),
			encode([0]),
			encode({ 0: 1 }),
		];
		for (const octets of bad)
			expect(() => decodeResponse("releaseRoot", octets), Buffer.from(octets).toString("hex")).toThrow(/CBOR|fields/);
	});

	test("malformed requests get a named answer from the firmware, and the next good one works", () => {
		const tre = new DirectTre();
		const good = encodeRequest("info", {});
		const answers = (octets: Uint8Array) => (decode(tre.exchange(octets)) as number[])[0];
		const malformed = [
			[Buffer.alloc(0), errors["malformed-request"].number],
			[Buffer.from([0x80]), errors["malformed-request"].number],
			[Buffer.from([0x9f, 0x02, 0xff]), errors["malformed-request"].number],
			[Buffer.from([0x81, 0x18, 0x02]), errors["malformed-request"].number],
			[Buffer.concat([good, Buffer.from([0])]), errors["malformed-request"].number],
			[Buffer.from("9703", "hex"), errors["malformed-request"].number],
			[Buffer.from("99010003", "hex"), errors["malformed-request"].number],
			[encode([1, 1, 1, 16, 8192]), errors["malformed-request"].number],
			[encode([1, 9, 9, 480, 8192]), errors["version-unsupported"].number],
			[encode([99]), errors["unknown-command"].number],
			[encode([32, new Uint8Array(16), new Uint8Array(16)]), errors["wrong-state"].number],
		] as const;
		for (const [octets, number] of malformed) {
			expect(answers(octets), Buffer.from(octets).toString("hex")).toBe(number);
			expect(answers(good)).toBe(0);
		}
		fc.assert(
			fc.property(fc.uint8Array({ maxLength: 1200 }), (octets) => {
				// 0x82 0x01 would be a hello; the rest must not disturb the TRE.
				answers(octets);
				return answers(good) === 0;
			}),
		);
	});
});
