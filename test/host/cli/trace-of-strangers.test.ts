import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { decode, encode } from "cborg";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { commands, wire } from "../../../firmware/contract/commands.ts";
import { encodeFrame } from "../../../host/link/frame.ts";
import { traceFolder } from "../../../host/trace/folder.ts";
import { lineTraced } from "../../../host/trace/line.ts";
import { encodeRequest } from "../../../host/tre/codec.ts";
import { times } from "../../support/long-form.ts";

const cli = resolve("build/js/host/cli/main.js");
const trace = (...args: string[]) => spawnSync(process.execPath, [cli, "trace", ...args], { encoding: "utf8" });

/** A frame as another program left it on the line, with its delimiter, and one in front. */
const left = (hex: string): Buffer => Buffer.from(`00${hex}`, "hex");
/** A request whose octets are no CBOR: 0x9b announces an array of 2^64 - 1. */
const INVALID_CBOR = left(`030109010f019b${"ff".repeat(8)}f125452800`);
/** A frame that says that its message has no segments. */
const NO_SEGMENTS = left("030109010106805793369a00");

const { request: REQUEST, response: RESPONSE } = wire.kinds;
const requestFrame = (id: number, octets: Uint8Array, segment = 0, segments = 1): Uint8Array =>
	encodeFrame({ kind: REQUEST, id, segment, segments, octets });
const status = (id: number): Uint8Array => requestFrame(id, encodeRequest("status", {}));

const root = mkdtempSync(join(tmpdir(), "strangers-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

let folders = 0;
/** A folder of evidence with these files. */
function evidence(files: Readonly<Record<string, Uint8Array | string>>): string {
	const folder = join(root, String(++folders));
	for (const [name, content] of Object.entries(files)) {
		mkdirSync(dirname(join(folder, name)), { recursive: true });
		writeFileSync(join(folder, name), content);
	}
	return folder;
}
const line = (toTre: Uint8Array, fromTre: Uint8Array = Buffer.alloc(0)): string =>
	evidence({ "serial/to-tre.bin": toTre, "serial/from-tre.bin": fromTre });

/** Code 0, or a refusal in words; never a stack. */
function expectWords({ status: code, stdout, stderr }: ReturnType<typeof trace>): void {
	expect(stderr).not.toMatch(/^\s+at |defect|node:internal|file:\/\//m);
	if (code !== 0) expect([code, stderr]).toEqual([1, expect.stringMatching(/^tre trace: \S.*\n$/)]);
	else expect([stdout === "", stderr]).toEqual([false, ""]);
}

describe("tre trace --serial of a recording that holds what no host of this project sent", () => {
	test.each([
		["octets that are no CBOR", INVALID_CBOR],
		["a message without segments", NO_SEGMENTS],
	])("%s: what is around it is shown", (_what, stranger) => {
		const traced = trace(line(Buffer.concat([status(1), stranger, status(2)])), "--serial");
		expectWords(traced);
		expect(traced.status).toBe(0);
		expect(traced.stdout.match(/status: /g)).toHaveLength(2);
	});

	test("octets that are no CBOR are told in their place, masked", () => {
		const { stdout } = trace(line(INVALID_CBOR), "--serial");
		expect(stdout).toMatch(/\? +cannot be read: /);
		expect(stdout).toMatch(/→ octets +\d+ octets, masked/);
	});

	test("an answer that cannot be read is told, too, and the next one is shown", () => {
		const answer = (id: number, octets: Uint8Array) =>
			encodeFrame({ kind: RESPONSE, id, segment: 0, segments: 1, octets });
		const answers = [answer(1, Buffer.from("9bffffffffffffffff", "hex")), answer(2, Uint8Array.of(0x81, 16))];
		const { stdout, status: code } = trace(
			line(Buffer.concat([status(1), status(2)]), Buffer.concat(answers)),
			"--serial",
		);
		expect(code).toBe(0);
		expect(stdout).toMatch(/cannot be read: /);
		expect(stdout).toMatch(/refused: certificate-malformed/);
	});

	test("nothing but noise is no evidence, and that is said", () => {
		const traced = trace(line(Buffer.from("U-Boot 2026.10\r\n\0\0\0")), "--serial");
		expectWords(traced);
		expect(traced).toMatchObject({ status: 1, stderr: expect.stringContaining("--evidence") });
	});
});

const octets = fc.uint8Array({ maxLength: 200 });
const numbers = Object.values(commands).map(({ number }) => number);

/** CBOR that is nearly a request or a response: a known number in front, anything behind it. */
const nearly = fc
	.tuple(
		fc.constantFrom(...numbers, 0, 1, 48),
		fc.array(fc.oneof(fc.nat(), fc.string(), octets, fc.boolean(), fc.constant(null)), { maxLength: 12 }),
	)
	.map(([first, rest]) => encode([first, ...rest]));
/** Other items than a message is: maps, tags, floats, big numbers. */
const otherCbor = fc
	.oneof(fc.jsonValue(), fc.double(), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }))
	.map((value) => {
		const made = encode(value);
		expect(() => decode(made)).not.toThrow();
		return made;
	});
const content = fc.oneof(octets, nearly, otherCbor);
const frame = fc
	.record({
		kind: fc.constantFrom(0, 1, 2, 3, 4, 255),
		id: fc.constantFrom(0, 1, 2, 0xffff),
		segment: fc.constantFrom(0, 0, 0, 1, 31, 255),
		segments: fc.constantFrom(1, 1, 1, 0, 2, 32, 255),
		octets: content,
	})
	.map((one) => Buffer.from(encodeFrame(one)));
const recording = fc
	.array(fc.oneof({ weight: 3, arbitrary: frame }, { weight: 1, arbitrary: octets.map((one) => Buffer.from(one)) }), {
		maxLength: 12,
	})
	.map((parts) => Buffer.concat(parts));

describe("any octets in a record", () => {
	test("of the serial line: every message gets a line", () => {
		fc.assert(
			fc.property(recording, recording, (to, from) => {
				for (const { parts } of lineTraced(to, from)) expect(parts).toHaveLength(1);
			}),
			{ numRuns: times(2000) },
		);
	});

	const file = fc.constantFrom(
		...["initial/push.hex", "change-1/push.hex", "change-1/syncml/01-client.wbxml", "change-1/syncml/02-server.xml"],
		...["receipt-idle.xml", "certs/sho-0.pem", "serial/to-tre.bin", "serial/from-tre.bin", "ladder.json", "notes.txt"],
	);
	const text = fc.oneof(
		octets,
		fc.string({ unit: "binary" }).map((one) => Buffer.from(one)),
		octets.map((one) => Buffer.from(Buffer.from(one).toString("hex"))),
		recording,
	);

	test("of any file of the evidence: it is shown, or told that it cannot be read", () => {
		fc.assert(
			fc.property(fc.dictionary(file, text, { minKeys: 1, maxKeys: 6 }), (files) => {
				const folder = evidence({ ...files, "change-1/push.hex": "00" });
				expect(traceFolder(folder).length).toBeGreaterThan(0);
				rmSync(folder, { recursive: true });
			}),
			{ numRuns: times(150) },
		);
	});

	test("on the command line: code 0, or a refusal in words", () => {
		fc.assert(
			fc.property(
				recording,
				recording,
				fc.dictionary(file, text, { maxKeys: 3 }),
				fc.boolean(),
				(to, from, files, json) => {
					const folder = evidence({ "serial/to-tre.bin": to, "serial/from-tre.bin": from, ...files });
					expectWords(trace(folder, "--serial", ...(json ? ["--json"] : [])));
				},
			),
			{ numRuns: times(12), endOnFailure: true },
		);
	});
});
