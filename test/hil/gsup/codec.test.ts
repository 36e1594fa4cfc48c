import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { nameOf, readIdentity } from "../../../hil/network/gsup/ccm.ts";
import { extensions, IpaDeframer, ipaFrame, MAX_FRAME, streams } from "../../../hil/network/gsup/ipa.ts";
import {
	decodeGsup,
	encodeGsup,
	type Gsup,
	GsupError,
	refusalOf,
	type SmAddress,
} from "../../../hil/network/gsup/message.ts";
import { messageKinds, type Procedure, type ProcedureRow, procedures } from "../../../hil/network/gsup/tables.ts";
import { generator } from "../../../hil/rig/sampling.ts";
import { tcpCaptureOf } from "../../../hil/stage/capture.ts";
import { encodeDeliver } from "../../../host/wire/sms/deliver.ts";
import { gsupCaptures } from "../../support/gsup-captures.ts";
import { times } from "../../support/long-form.ts";
import { Mutator } from "../../support/mutate.ts";
import { tshark } from "../../support/tshark.ts";

const captures = gsupCaptures();
const gsupIn = (octets: Buffer): Buffer[] =>
	new IpaDeframer()
		.push(octets)
		.filter(({ stream, payload }) => stream === streams.osmocom && payload[0] === extensions.gsup)
		.map(({ payload }) => payload.subarray(1));

const framed = (message: Gsup): Buffer =>
	ipaFrame({ stream: streams.osmocom, payload: Buffer.concat([Uint8Array.of(extensions.gsup), encodeGsup(message)]) });

/** Captured requests that are wrong on purpose. */
const wrong = /Invalid IMSI/;

describe("GSUP against what osmo-hlr sent and took", () => {
	test.each(captures.map((one, n) => [`${n} ${one.about}`, one] as const))("%s", (_name, { about, octets }) => {
		for (const payload of gsupIn(octets)) {
			if (wrong.test(about)) expect(() => decodeGsup(payload)).toThrow(GsupError);
			else expect(encodeGsup(decodeGsup(payload)).equals(payload)).toBe(true);
		}
	});

	test("an identity is read as osmo-hlr reads it", () => {
		const response = captures.find(({ about, toHlr }) => about === "IPA handshake" && toHlr);
		const [frame] = new IpaDeframer().push(response?.octets ?? Buffer.alloc(0));
		expect(nameOf(readIdentity(frame.payload) ?? new Map())).toBe("VLR-1");
	});
});

const octets = (minLength: number, maxLength = minLength) =>
	fc.uint8Array({ minLength, maxLength }).map((value) => Buffer.from(value));
const digits = (least: number, most: number) => fc.stringMatching(new RegExp(`^\\d{${least},${most}}$`));
const small = fc.integer({ min: 0, max: 255 });
const name = fc.stringMatching(/^[!-~]{1,20}$/);
const smAddress: fc.Arbitrary<SmAddress> = fc.oneof(
	fc.constant({ kind: "none" as const, digits: "" }),
	fc.record({ kind: fc.constant("imsi" as const), digits: digits(5, 15) }),
	fc.record({ kind: fc.constantFrom("msisdn" as const, "smsc" as const), digits: fc.stringMatching(/^\+?\d{1,18}$/) }),
);
const kinds = (Object.keys(procedures) as Procedure[]).flatMap((procedure) =>
	messageKinds
		.filter((kind) => (procedures[procedure] as ProcedureRow)[kind] !== undefined)
		.map((kind) => ({ procedure, kind })),
);
const message: fc.Arbitrary<Gsup> = fc
	.tuple(
		fc.constantFrom(...kinds),
		digits(5, 15),
		fc.record(
			{
				...{ cause: small, vectors: small, cancelType: small, domain: small, rat: small, imeiResult: small },
				...{ smReference: small, smCause: small, smMore: small, smAlertReason: small, messageClass: small },
				...{ auts: octets(14, 16), rand: octets(16), smUi: octets(1, 176), source: name, destination: name },
				freezePtmsi: fc.constant(true),
				pdpComplete: fc.constant(true),
				msisdn: digits(0, 15),
				imei: digits(14, 16),
				smDestination: smAddress,
				smOriginator: smAddress,
				tuples: fc.array(
					fc.record(
						{
							...{ rand: octets(16), sres: octets(4), kc: octets(8), ik: octets(16), ck: octets(16) },
							...{ autn: octets(16), res: octets(4, 16) },
						},
						{ requiredKeys: ["rand"] },
					),
					{ minLength: 1, maxLength: 5 },
				),
				pdp: fc.array(
					fc.record(
						{ contextId: small, apn: fc.stringMatching(/^[a-z0-9-]{1,20}(\.[a-z0-9-]{1,20}){0,3}$/) },
						{ requiredKeys: ["contextId"] },
					),
					{ minLength: 1, maxLength: 3 },
				),
			},
			{ requiredKeys: [] },
		),
	)
	.map(([head, imsi, fields]) => ({ ...head, imsi, ...fields }));

describe("GSUP: properties", () => {
	test("decode(encode(x)) = x", () => {
		fc.assert(
			fc.property(message, (one) => {
				expect(decodeGsup(encodeGsup(one))).toEqual(one);
			}),
			{ numRuns: times(300) },
		);
	});

	test("frames are cut out of a stream in any portions", () => {
		fc.assert(
			fc.property(fc.array(message, { maxLength: 5 }), fc.integer({ min: 1, max: 700 }), (messages, portion) => {
				const stream = Buffer.concat(messages.map(framed));
				const deframer = new IpaDeframer();
				const frames = Array.from({ length: Math.ceil(stream.length / portion) }, (_, n) =>
					deframer.push(stream.subarray(n * portion, (n + 1) * portion)),
				).flat();
				expect(frames.map(({ payload }) => decodeGsup(payload.subarray(1)))).toEqual(messages);
				expect(deframer.waiting).toBe(0);
			}),
			{ numRuns: times(50) },
		);
	});

	test("a frame that is too long is refused before it is kept", () => {
		const deframer = new IpaDeframer();
		expect(() => deframer.push(Buffer.from("ffffee", "hex"))).toThrow("IPA refused at octet 0: too-long");
		for (let n = 0; n < 100; n++) new IpaDeframer().push(Buffer.alloc(2));
		expect(() => ipaFrame({ stream: 0xee, payload: Buffer.alloc(MAX_FRAME + 1) })).toThrow(/too-long/);
	});

	test("mutated messages: refused by name with an octet, or read and written again the same", () => {
		const corpus = captures.flatMap(({ octets: frame }) => gsupIn(frame));
		const random = generator(11);
		const mutator = new Mutator(random, [
			Buffer.from("0108", "hex"),
			Buffer.from("0320", "hex"),
			Buffer.from("280101", "hex"),
		]);
		const any = () => corpus[Math.floor(random() * corpus.length)] as Buffer;
		let [read, refused] = [0, 0];
		for (let n = 0; n < times(5_000); n++) {
			const input = mutator.mutate(any(), any());
			try {
				const one = decodeGsup(input);
				expect(decodeGsup(encodeGsup(one))).toEqual(one);
				read++;
			} catch (error) {
				if (!(error instanceof GsupError)) throw error;
				expect(error.offset).toBeLessThanOrEqual(input.length);
				// Whatever asks gets an answer that others can read, where it named a subscriber at all.
				const refusal = refusalOf(input, 96);
				expect(refusal !== undefined).toBe(input.length > 0 && (input[0] & 3) === 0);
				refused++;
			}
		}
		expect(Math.min(read, refused)).toBeGreaterThan(times(300));
	});
});

describe("GSUP: tshark", () => {
	const tpdu = encodeDeliver({
		...{ originator: "+88299001122", timestamp: [2026, 1, 2, 3, 4, 5, 0] },
		data: Buffer.from("a message"),
	});

	/**
	 * tshark 4.0 cannot read what osmo-hlr and its documentation have: elements without a value, no address, an IMSI as
	 * originator, numbers that no country has, and TPDUs outside of their procedures.
	 */
	const readable = ({ freezePtmsi, pdpComplete, smOriginator, smDestination, smUi, msisdn, ...rest }: Gsup): Gsup => ({
		...rest,
		...(msisdn === undefined ? {} : { msisdn: `46${msisdn.slice(0, 10)}` }),
		...(smUi === undefined || rest.procedure !== "MtForwardSm" || rest.kind !== "request" ? {} : { smUi: tpdu }),
		...(smOriginator === undefined ? {} : { smOriginator: { kind: "smsc", digits: "+88299001122" } }),
		...(smDestination === undefined ? {} : { smDestination: { kind: "imsi", digits: "001010000000001" } }),
	});
	const samples = fc.sample(message, { numRuns: 200, seed: 7 }).map(readable);

	const capture = (messages: readonly Gsup[]) =>
		tcpCaptureOf(
			4222,
			messages.map((one) => ({ octets: framed(one), at: new Date(0) })),
		);

	test("reads what is written here, without a complaint", () => {
		const printed = tshark(capture(samples), "-V");
		expect(printed.match(/^(GSUP|Osmocom General Subscriber Update Protocol)/gm)?.length).toBeGreaterThanOrEqual(
			samples.length,
		);
		expect(printed.split("\n").filter((line) => /Malformed|Expert Info|Dissector bug/.test(line))).toEqual([]);
		const types = tshark(capture(samples), "-T", "fields", "-e", "gsup.msg_type").trim().split("\n");
		const expected = samples.map(({ procedure, kind }) => (procedures[procedure] as ProcedureRow)[kind]);
		expect(types.map(Number)).toEqual(expected);
	});

	test("finds a short message in MT-ForwardSM", () => {
		const forward: Gsup = {
			...{ procedure: "MtForwardSm", kind: "request", imsi: "001010000000001", smReference: 7 },
			smDestination: { kind: "imsi", digits: "001010000000001" },
			smOriginator: { kind: "smsc", digits: "+88299001122" },
			smUi: tpdu,
		};
		const printed = tshark(capture([forward]), "-V");
		expect(printed).toContain("SM-RP-MR (Message Reference): 0x07");
		expect(printed).toMatch(/88299001122/);
		expect(printed).toContain("GSM SMS TPDU (GSM 03.40) SMS-DELIVER");
		expect(printed).not.toMatch(/Malformed|Expert Info/);
	});

	test("finds the fields", () => {
		const sai: Gsup = {
			...{ procedure: "SendAuthInfo", kind: "result", imsi: "001010000000001" },
			tuples: [
				{
					rand: Buffer.alloc(16, 1),
					ik: Buffer.alloc(16, 2),
					ck: Buffer.alloc(16, 3),
					autn: Buffer.alloc(16, 4),
					res: Buffer.alloc(8, 5),
				},
			],
			domain: 1,
		};
		const fields = ["e212.imsi", "gsup.rand", "gsup.ik", "gsup.ck", "gsup.autn", "gsup.res", "gsup.cn_domain"];
		const args = fields.flatMap((field) => ["-e", field]);
		const printed = tshark(capture([sai]), "-T", "fields", ...args)
			.trim()
			.split("\t");
		expect(printed).toEqual([
			"001010000000001",
			...["01", "02", "03", "04"].map((one) => one.repeat(16)),
			"05".repeat(8),
			"1",
		]);
	});
});
