import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { generator } from "../../../../hil/rig/sampling.ts";
import { captureOf } from "../../../../hil/stage/capture.ts";
import { submissionOf } from "../../../../host/wire/push/delivery.ts";
import { decodePush } from "../../../../host/wire/push/wsp.ts";
import { Reassembly } from "../../../../host/wire/sms/reassembly.ts";
import { decodeSubmit, encodeSubmit, type SmsSubmit } from "../../../../host/wire/sms/submit.ts";
import { TpduError } from "../../../../host/wire/sms/user-data.ts";
import { times } from "../../../support/long-form.ts";
import { Mutator } from "../../../support/mutate.ts";
import { tshark } from "../../../support/tshark.ts";

const submit: fc.Arbitrary<SmsSubmit> = fc.record(
	{
		messageReference: fc.integer({ min: 0, max: 255 }),
		recipient: fc.stringMatching(/^\+?\d{1,20}$/),
		ports: fc.record({ destination: fc.integer({ min: 0, max: 65_535 }), source: fc.integer({ min: 0, max: 65_535 }) }),
		data: fc.uint8Array({ maxLength: 120 }).map((octets) => Buffer.from(octets)),
	},
	{ requiredKeys: ["messageReference", "recipient", "data"] },
);

const plain = ({ data, ...rest }: SmsSubmit) => ({ ...rest, data: Buffer.from(data).toString("hex") });

describe("SMS-SUBMIT (TS 23.040 clause 9.2.2.2)", () => {
	test("decode(encode(x)) = x", () => {
		fc.assert(
			fc.property(submit, (one) => {
				expect(plain(decodeSubmit(encodeSubmit(one)))).toEqual(plain(one));
			}),
			{ numRuns: times(300) },
		);
	});

	test.each([
		["relative", 0x10, 1],
		["enhanced", 0x08, 7],
		["absolute", 0x18, 7],
	])("a validity period (%s) is passed over", (_what, format, octets) => {
		const good: SmsSubmit = { messageReference: 1, recipient: "+88299001122", data: Buffer.from("data") };
		const encoded = encodeSubmit(good);
		const at = 2 + 2 + 6 + 2;
		const withPeriod = Buffer.concat([encoded.subarray(0, at), Buffer.alloc(octets, 0x11), encoded.subarray(at)]);
		withPeriod[0] |= format;
		expect(plain(decodeSubmit(withPeriod))).toEqual(plain(good));
	});

	test("a message of a device goes up in segments, and is put together and read at the other end", () => {
		const body = Buffer.alloc(1499, 0x41);
		const tpdus = submissionOf({ contentType: "application/vnd.x-m2m.receipt+xml", body }, "+88299001122");
		expect(tpdus.length).toBeGreaterThan(10);
		const reassembly = new Reassembly();
		const wholes = [...tpdus]
			.reverse()
			.flatMap((tpdu) => reassembly.take({ originator: "imsi", ...decodeSubmit(tpdu) }, 0) ?? []);
		expect(wholes).toHaveLength(1);
		expect(decodePush(wholes[0]?.data as Buffer)).toMatchObject({ contentType: "application/vnd.x-m2m.receipt+xml" });
		expect(Buffer.from(decodePush(wholes[0]?.data as Buffer).body).equals(body)).toBe(true);
	});

	test("tshark reads the segments, their concatenation and their ports", () => {
		const tpdus = submissionOf({ contentType: "text/plain", body: Buffer.alloc(200, 0x41) }, "+88299001122");
		// The dissector takes the way for that of the switch.
		const packets = tpdus.map((octets) => ({ octets, at: new Date(0), direction: "received" as const }));
		const printed = tshark(captureOf("gsm_sms", packets), "-V");
		expect(printed.match(/SMS-SUBMIT/g)?.length).toBeGreaterThanOrEqual(tpdus.length);
		expect(printed).toContain("88299001122");
		expect(printed).toMatch(/16-bit/);
		expect(printed).toMatch(/9200/);
		expect(printed).not.toMatch(/Malformed/);
	});

	test("mutated: refused by name with an octet, or read and written again the same", () => {
		const corpus = submissionOf({ contentType: "text/plain", body: Buffer.alloc(400, 0x41) }, "+88299001122");
		const random = generator(3);
		const mutator = new Mutator(random, [
			Buffer.from("0504", "hex"),
			Buffer.from("0804", "hex"),
			Buffer.from("f5", "hex"),
		]);
		const any = () => corpus[Math.floor(random() * corpus.length)] as Buffer;
		const seen = { read: 0, refused: 0 };
		for (let n = 0; n < times(5_000); n++) {
			const input = mutator.mutate(any(), any());
			try {
				const read = decodeSubmit(input);
				expect(plain(decodeSubmit(encodeSubmit(read)))).toEqual(plain(read));
				seen.read++;
			} catch (error) {
				if (!(error instanceof TpduError)) throw error;
				expect(error.offset).toBeLessThanOrEqual(input.length + 256);
				seen.refused++;
			}
		}
		expect(Math.min(seen.read, seen.refused)).toBeGreaterThan(times(200));
	});
});
