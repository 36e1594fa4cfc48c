import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { generator } from "../../../../hil/rig/sampling.ts";
import { PUSH_PORT, SOURCE_PORT } from "../../../../host/wire/push/media.ts";
import { encodePush } from "../../../../host/wire/push/wsp.ts";
import { decodeDeliver, encodeDeliver, type SmsDeliver } from "../../../../host/wire/sms/deliver.ts";
import { Reassembly } from "../../../../host/wire/sms/reassembly.ts";
import { segment, TpduError } from "../../../../host/wire/sms/user-data.ts";
import { times } from "../../../support/long-form.ts";
import { tshark, upperPduCapture } from "../../../support/tshark.ts";

const body = readFileSync(resolve("test/vectors/examples/bootstrap.sent.wbxml"));
const push = encodePush({ tid: 1, contentType: "application/vnd.wap.connectivity-wbxml", body });
const message: Omit<SmsDeliver, "concatenation"> = {
	originator: "+15551234567",
	timestamp: [2026, 11, 25, 1, 2, 3, 4],
	ports: { destination: PUSH_PORT, source: SOURCE_PORT },
	data: push,
};

const deliver: fc.Arbitrary<SmsDeliver> = fc.record(
	{
		originator: fc
			.tuple(fc.constantFrom("", "+"), fc.stringMatching(/^\d{1,20}$/))
			.map(([plus, digits]) => `${plus}${digits}`),
		timestamp: fc.tuple(
			...[fc.integer({ min: 2000, max: 2099 }), fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 28 })],
			...[fc.integer({ min: 0, max: 23 }), fc.integer({ min: 0, max: 59 }), fc.integer({ min: 0, max: 59 })],
			fc.integer({ min: -48, max: 56 }).map((quarters) => quarters || 0),
		) as fc.Arbitrary<SmsDeliver["timestamp"]>,
		concatenation: fc.constantFrom<8 | 16>(8, 16).chain((bits) =>
			fc.integer({ min: 1, max: 255 }).chain((total) =>
				fc.record({
					reference: fc.nat(2 ** bits - 1),
					bits: fc.constant(bits),
					total: fc.constant(total),
					sequence: fc.integer({ min: 1, max: total }),
				}),
			),
		),
		ports: fc.record({ destination: fc.nat(65_535), source: fc.nat(65_535) }),
		data: fc.uint8Array({ maxLength: 120 }),
	},
	{ requiredKeys: ["originator", "timestamp", "data"] },
);

describe("SMS-DELIVER (TS 23.040)", () => {
	test("decode(encode(x)) = x", () => {
		fc.assert(
			fc.property(deliver, (one) => {
				const read = decodeDeliver(encodeDeliver(one));
				expect({ ...read, data: Buffer.from(read.data) }).toEqual({ ...one, data: Buffer.from(one.data) });
			}),
		);
	});

	test("tshark reads the segments, puts them together, and finds the push and its document", () => {
		for (const bits of [8, 16] as const) {
			const segments = segment<SmsDeliver>(message, 7, bits);
			const capture = upperPduCapture("gsm_sms", segments.map(encodeDeliver));
			const shown = tshark(capture, "-o", "gsm_sms.reassemble:TRUE", "-V");
			expect(shown).toContain(`Message parts: ${segments.length}`);
			expect(shown).toContain(`Message part number: ${segments.length}`);
			expect(shown).toContain("TP-OA Digits: 15551234567");
			expect(shown).toContain("(2948)");
			expect(shown).toMatch(/Timezone: GMT \+ 1 hours 0 minutes/);
			expect(shown).not.toMatch(/Malformed/);
		}
	});

	test("a short message goes whole; a long one in as few segments as there can be", () => {
		expect(segment<SmsDeliver>({ ...message, data: push.subarray(0, 133) }, 1)).toHaveLength(1);
		expect(segment<SmsDeliver>({ ...message, data: push.subarray(0, 134) }, 1)).toHaveLength(2);
		expect(segment<SmsDeliver>(message, 1).length).toBe(Math.ceil(push.length / 128));
		expect(() => segment<SmsDeliver>({ ...message, data: Buffer.alloc(128 * 256) }, 1)).toThrow(TpduError);
	});

	test.each([
		["nothing", "", "end-of-input at 0"],
		["an SMS-SUBMIT", "01", "type at 0"],
		["an address that is longer than there are", `041591${"00".repeat(20)}`, "address at 1"],
		["text in the default alphabet", "040181f10000621152102030400000", "coding at 5"],
		["more user data than a message has", `040181f100f5${"62115210203040"}8d`, "user-data-length at 13"],
		["less user data than it says", `040181f100f5${"62115210203040"}0241`, "user-data-length at 13"],
		["octets behind the user data", `040181f100f5${"62115210203040"}01410a`, "trailing-octets at 15"],
		["a header longer than the user data", `440181f100f5${"62115210203040"}020500`, "user-data-header at 14"],
		["an element longer than its header", `440181f100f5${"62115210203040"}0403000200`, "user-data-header at 15"],
	])("refused: %s", (_what, hex, expected) => {
		let found = "none";
		try {
			decodeDeliver(Buffer.from(hex, "hex"));
		} catch (error) {
			const { refusal, offset } = error as TpduError;
			found = `${refusal} at ${offset}`;
		}
		expect(found).toBe(expected);
	});

	/** Short messages of other makes: what nobody needs does not decide about them (TS 23.040 clauses 9.1.2.5, 9.2.3.11; TS 23.038). */
	const body = "0b0605040b8423f0deadbeef";
	const stamp = "62117202320000";
	test.each([
		["a name", `44 0ed0 4f78591ea6bfe5 00 f5 ${stamp}`, "Operator"],
		["a national number", `44 0aa1 1032547698 00 f5 ${stamp}`, "0123456789"],
		["a short code with * and #", `44 0481 1ab0 00 f5 ${stamp}`.replace("1ab0", "a1b0"), "1*0#"],
		["no originator", `44 0081 00 f5 ${stamp}`, ""],
		["a time without digits", "44 0491 1032 00 f5 ffffffffffffff", "+0123"],
		["a zone without digits", "44 0491 1032 00 f5 621172023200ff", "+0123"],
		["a time of zeros", "44 0491 1032 00 f5 00000000000000", "+0123"],
		["8-bit data, to be deleted when read", `44 0491 1032 00 45 ${stamp}`, "+0123"],
		["8-bit data without a class", `44 0491 1032 00 04 ${stamp}`, "+0123"],
		["UCS2", `44 0491 1032 00 08 ${stamp}`, "+0123"],
	])("read: %s", (_what, head, originator) => {
		const read = decodeDeliver(Buffer.from(`${head}${body}`.replaceAll(" ", ""), "hex"));
		expect(read.originator).toBe(originator);
		expect(Buffer.from(read.data).toString("hex")).toBe("deadbeef");
		expect(decodeDeliver(encodeDeliver(read))).toEqual(read);
	});

	test("tshark reads a name as it was meant", () => {
		const named = encodeDeliver({ originator: "Meter 7@x", data: Buffer.from("data") });
		expect(tshark(upperPduCapture("gsm_sms", [named]), "-V")).toContain("Meter 7@x");
	});

	test("any octets, and changed ones: a refusal by name, or a message", () => {
		const good = encodeDeliver(segment<SmsDeliver>(message, 9)[1] as SmsDeliver);
		fc.assert(
			fc.property(fc.uint8Array({ maxLength: 180 }), fc.nat(good.length - 1), fc.nat(255), (octets, at, value) => {
				const changed = Buffer.from(good);
				changed[at] = value;
				for (const input of [octets, changed, good.subarray(0, at)]) {
					try {
						decodeDeliver(input);
					} catch (error) {
						expect(error).toBeInstanceOf(TpduError);
					}
				}
			}),
			{ numRuns: times(1500) },
		);
	});
});

/** The order of some things, by a seed. */
function shuffled<T>(things: readonly T[], random: () => number): T[] {
	return things
		.map((thing) => ({ thing, at: random() }))
		.sort((a, b) => a.at - b.at)
		.map(({ thing }) => thing);
}

describe("reassembly", () => {
	test("a reference that comes again begins a new message: nothing of two is ever mixed", () => {
		const parts = (letter: string) => segment<SmsDeliver>({ ...message, data: Buffer.alloc(300, letter) }, 7);
		const [a, b] = [parts("A"), parts("B")];
		const whole = (segments: readonly SmsDeliver[]) => {
			const reassembly = new Reassembly();
			return segments.flatMap(
				(one) =>
					reassembly
						.take(one, 0)
						?.data.toString("latin1")
						.replace(/(.)\1+/g, "$1") ?? [],
			);
		};
		expect(whole([...a.slice(0, 2), ...b])).toEqual(["B"]);
		expect(whole([...a.slice(0, 2), ...b, ...b])).toEqual(["B", "B"]);
		expect(whole([...a, ...a, a[2] as SmsDeliver])).toEqual(["A", "A"]);
	});

	test("in any order, repeated, interleaved with other messages: each message once, and nothing is kept", () => {
		fc.assert(
			fc.property(
				fc.integer(),
				fc.array(fc.uint8Array({ minLength: 200, maxLength: 2000 }), { minLength: 1, maxLength: 6 }),
				(seed, bodies) => {
					const random = generator(seed);
					const all = bodies.flatMap((data, n) => segment<SmsDeliver>({ ...message, data }, n));
					const sent = shuffled([...all, ...all.filter(() => random() < 0.3)], random);
					const reassembly = new Reassembly();
					const found: string[] = [];
					for (const one of sent) {
						const whole = reassembly.take(decodeDeliver(encodeDeliver(one)), 0);
						if (whole) found.push(whole.data.toString("hex"));
					}
					for (const data of bodies) expect(found).toContain(Buffer.from(data).toString("hex"));
				},
			),
			{ numRuns: times(60) },
		);
	});

	test("a lost segment: the message is given up after its time, and a new sending is taken", () => {
		const reassembly = new Reassembly({ timeoutMs: 1000 });
		const segments = segment<SmsDeliver>(message, 1);
		for (const [n, one] of segments.entries()) if (n !== 5) expect(reassembly.take(one, n)).toBeUndefined();
		expect(reassembly.kept.messages).toBe(1);
		reassembly.take({ ...message, data: Buffer.alloc(3) }, 5000);
		expect(reassembly.kept).toEqual({ messages: 0, octets: 0 });
		const again = segment<SmsDeliver>(message, 2).map((one) => reassembly.take(one, 6000));
		expect(again.at(-1)?.data.equals(push)).toBe(true);
	});

	test("20 % of the segments are lost, and sent again with the next sending: it gets through", () => {
		const random = generator(20);
		const reassembly = new Reassembly();
		let sendings = 0;
		for (let whole = false; !whole; sendings++) {
			expect(sendings).toBeLessThan(40);
			// The same reference: what came in an earlier sending still counts.
			for (const one of shuffled(segment<SmsDeliver>(message, 1), random))
				if (random() >= 0.2 && reassembly.take(one, sendings)) whole = true;
		}
	});

	test.each([
		["of the same originator", (_n: number) => message.originator],
		["each of another originator", (n: number) => `+1555${String(n).padStart(7, "0")}`],
	])("a flood of forged segments %s does not starve the real ones, and memory stays bounded", (_who, originator) => {
		const random = generator(4);
		const reassembly = new Reassembly({ maxMessages: 64, maxOctets: 64 * 1024 });
		let forged = 0;
		let whole: Buffer | undefined;
		for (const one of segment<SmsDeliver>(message, 3)) {
			for (let n = 0; n < 40; n++) {
				const total = 2 + Math.floor(random() * 250);
				const concatenation = { reference: 1000 + forged, bits: 16 as const, total, sequence: 1 };
				reassembly.take({ ...message, originator: originator(forged++), concatenation, data: Buffer.alloc(128) }, 0);
				expect(reassembly.kept.messages).toBeLessThanOrEqual(64);
				expect(reassembly.kept.octets).toBeLessThanOrEqual(64 * 1024);
			}
			whole = reassembly.take(one, 0)?.data ?? whole;
		}
		expect(whole?.equals(push)).toBe(true);
	});
});
