import { randomBytes } from "node:crypto";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { idResponse } from "../../../hil/network/gsup/ccm.ts";
import { extensions, IpaDeframer, ipaFrame, streams } from "../../../hil/network/gsup/ipa.ts";
import { decodeGsup, encodeGsup, type Gsup, type Tuple } from "../../../hil/network/gsup/message.ts";
import { cancelTypes, domains } from "../../../hil/network/gsup/tables.ts";
import { sqnOf } from "../../../hil/network/operator/hss/vectors.ts";
import { tcpCaptureOf } from "../../../hil/stage/capture.ts";
import { autsOf, newSubscriber, OsmoBench, OwnBench, sqnIn, TestVlr } from "../../support/hlr-bench.ts";
import { tshark } from "../../support/tshark.ts";

/** How an HLR answers, without what is random and what is each HLR's own. */
type Told = readonly string[];

const subscriber = newSubscriber(1);
const second = newSubscriber(2);
const UNKNOWN = "001019999999999";

/** What a visited network sees of an answer. */
const shownOf = ({ procedure, kind, cause, tuples, msisdn, pdp, domain, imeiResult, freezePtmsi }: Gsup): string =>
	[
		...[procedure, kind],
		...(cause === undefined ? [] : [`cause ${cause}`]),
		...(tuples
			? [
					`${tuples.length} vectors of ${Object.keys(tuples[0] ?? {})
						.sort()
						.join(" ")}`,
				]
			: []),
		...(msisdn === undefined ? [] : [`msisdn ${msisdn}`]),
		...(pdp ? ["with an access point"] : []),
		...(domain === undefined ? [] : [`domain ${domain}`]),
		...(imeiResult === undefined ? [] : [`imei ${imeiResult}`]),
		...(freezePtmsi ? ["freeze P-TMSI"] : []),
	].join(", ");

const { imsi } = subscriber;
const sai = (more: Partial<Gsup> = {}) => ({ procedure: "SendAuthInfo", imsi, vectors: 1, ...more }) as const;
const ul = (more: Partial<Gsup> = {}) => ({ procedure: "UpdateLocation", imsi, domain: domains.ps, ...more }) as const;

/** Sequences of requests; each HLR's answers, and what it asks meanwhile, in order. */
const sequences: Readonly<Record<string, (vlr: TestVlr) => Promise<Gsup[]>>> = {
	"one vector, two, five, and five where the number says nothing": async (vlr) => [
		await vlr.request(sai()),
		await vlr.request(sai({ vectors: 2 })),
		await vlr.request(sai({ vectors: 5 })),
		await vlr.request({ procedure: "SendAuthInfo", imsi }),
		await vlr.request(sai({ vectors: 0 })),
		await vlr.request(sai({ vectors: 9 })),
	],
	"an IMSI that is nobody's": async (vlr) => [
		await vlr.request(sai({ imsi: UNKNOWN })),
		await vlr.request(ul({ imsi: UNKNOWN })),
		await vlr.request({ procedure: "PurgeMS", imsi: UNKNOWN, domain: domains.ps }),
	],
	"location for packet data: subscriber data come before the result": async (vlr) => [await vlr.request(ul())],
	"location for calls": async (vlr) => [await vlr.request(ul({ domain: domains.cs }))],
	"a visited network that does not take the subscriber data": async (vlr) => {
		vlr.answer = ({ procedure, imsi: whose }) => ({ procedure, kind: "error", imsi: whose, cause: 17 });
		return [await vlr.request(ul())];
	},
	"AUTS with a wrong MAC-S, and without RAND": async (vlr) => [
		await vlr.request(sai({ rand: randomBytes(16), auts: randomBytes(14) })),
		await vlr.request(sai({ auts: randomBytes(14) })),
	],
	"purge after a location": async (vlr) => [
		await vlr.request(ul()),
		await vlr.request({ procedure: "PurgeMS", imsi, domain: domains.ps }),
	],
	"equipment that is not barred": async (vlr) => [
		await vlr.request({ procedure: "CheckImei", imsi, imei: "35260390000730" }),
	],
	"the relay's names change places": async (vlr) => {
		const answer = await vlr.request(sai({ source: "VNO-A-VLR", messageClass: 1 }));
		expect([answer.destination, answer.messageClass]).toEqual(["VNO-A-VLR", 1]);
		return [answer];
	},
	"two subscribers at once": async (vlr) => Promise.all([vlr.request(sai()), vlr.request(sai({ imsi: second.imsi }))]),
};

describe("this HSS and osmo-hlr answer the same sequences alike", () => {
	const [own, osmo] = [new OwnBench(), new OsmoBench()];

	beforeAll(async () => {
		await Promise.all([own.start([subscriber, second]), osmo.start([subscriber, second])]);
	});
	afterAll(async () => {
		await Promise.all([own.dispose(), osmo.dispose()]);
	});

	const told = async (address: string, run: (vlr: TestVlr) => Promise<Gsup[]>): Promise<Told> => {
		const vlr = new TestVlr(address, "VLR-1");
		try {
			const answers = await run(vlr);
			return [...vlr.asked.map((one) => `asks ${shownOf(one)}`), ...answers.map(shownOf)];
		} finally {
			vlr.close();
			await sleep(50);
		}
	};

	test.each(Object.entries(sequences))("%s", async (_what, run) => {
		const ours = await told(own.address, run);
		expect(ours).toEqual(await told(osmo.address, run));
		expect(ours.length).toBeGreaterThan(0);
	});

	/** Raw octets over a fresh connection; what comes back within a moment, without identity frames. */
	const raw = async (address: string, messages: readonly Buffer[]): Promise<Buffer[]> => {
		const [host, port] = address.split(":") as [string, string];
		const socket = connect(Number(port), host);
		const [deframer, payloads] = [new IpaDeframer(), [] as Buffer[]];
		socket.on("data", (octets) => {
			for (const { stream, payload } of deframer.push(octets))
				if (stream === streams.osmocom && payload[0] === extensions.gsup) payloads.push(payload.subarray(1));
		});
		await new Promise((resolve) => socket.once("connect", resolve));
		socket.write(ipaFrame({ stream: streams.ccm, payload: idResponse("VLR-2") }));
		for (const one of messages)
			socket.write(
				ipaFrame({ stream: streams.osmocom, payload: Buffer.concat([Uint8Array.of(extensions.gsup), one]) }),
			);
		// The last one is good: when its answer is there, so are those of all before it.
		for (let n = 0; n < 200 && !payloads.some((one) => one[0] === 0x0a); n++) await sleep(10);
		socket.destroy();
		await sleep(50);
		return payloads;
	};
	const good = encodeGsup({ ...sai(), kind: "request" });

	describe("on purpose otherwise", () => {
		test.each<[string, Buffer]>([
			["an element that runs over the end", Buffer.concat([good, Buffer.from("2810ff", "hex")])],
			["AUTS of 13 octets", Buffer.concat([good.subarray(0, 11), Buffer.from(`260d${"00".repeat(13)}`, "hex")])],
			["no IMSI at all", Buffer.from("08", "hex")],
		])(
			"%s: osmo-hlr leaves it without an answer, and a visited network waiting; this HSS refuses it",
			async (_what, bad) => {
				expect((await raw(osmo.address, [bad, good])).map((one) => one[0])).toEqual([0x0a]);
				expect((await raw(own.address, [bad, good])).map((one) => one[0])).toEqual([0x09, 0x0a]);
			},
		);

		test("a message of unknown type: refused with cause 97, where it asks for something", async () => {
			const unknown = Buffer.concat([Uint8Array.of(0xf0), good.subarray(1)]);
			expect((await raw(own.address, [unknown, good])).map((one) => one[0])).toEqual([0xf1, 0x0a]);
			expect((await raw(osmo.address, [unknown, good])).map((one) => one[0])).toEqual([0x0a]);
		});

		test("the subscriber turns up in another network: the one before hears of it; osmo-hlr never tells it", async () => {
			for (const [address, expected] of [
				[own.address, ["InsertSubscriberData", "LocationCancel"]],
				[osmo.address, ["InsertSubscriberData"]],
			] as const) {
				const [first, other] = [new TestVlr(address, "VLR-1"), new TestVlr(address, "VLR-2")];
				await first.request(ul());
				await other.request(ul());
				for (let n = 0; n < 50 && first.asked.length < 2; n++) await sleep(10);
				expect(first.asked.map(({ procedure }) => procedure)).toEqual(expected);
				if (expected.length > 1) expect(first.asked[1]?.cancelType).toBe(cancelTypes.update);
				for (const one of [first, other]) one.close();
				await sleep(50);
			}
		});

		test("AUTS below what was given out, in reach of the card: this HSS goes on and repeats nothing, osmo-hlr goes back", async () => {
			const rand = Buffer.alloc(16, 3);
			const low = autsOf(second, sqnOf(1, 1), rand);
			const seqs = async (address: string): Promise<[before: number, after: number]> => {
				const vlr = new TestVlr(address, "VLR-1");
				const ask = async (more: Partial<Gsup>, last = -1): Promise<number> => {
					const { tuples = [] } = await vlr.request(sai({ imsi: second.imsi, ...more }));
					return Math.floor(sqnIn(tuples.at(last) as Tuple, second) / 32);
				};
				const both: [number, number] = [await ask({ vectors: 5 }), await ask({ rand, auts: low })];
				vlr.close();
				await sleep(50);
				return both;
			};
			const [[before, after], [theirs, back]] = [await seqs(own.address), await seqs(osmo.address)];
			expect(after).toBe(before + 1);
			expect([theirs > 2, back]).toEqual([true, 2]);
		});

		test("AUTS near the end of the sequence numbers: refused, a card there could never be served again", async () => {
			const rand = Buffer.alloc(16, 4);
			const vlr = new TestVlr(own.address, "VLR-1");
			const end = autsOf(second, sqnOf(2 ** 43 - 2, 1), rand);
			expect(await vlr.request(sai({ imsi: second.imsi, rand, auts: end }))).toMatchObject({ kind: "error" });
			expect(await vlr.request(sai({ imsi: second.imsi }))).toMatchObject({ kind: "result" });
			vlr.close();
			await sleep(50);
		});
	});

	test("a capture of an exchange with this HSS decodes in tshark without a warning", async () => {
		const vlr = new TestVlr(own.address, "VLR-1");
		const exchanged: { octets: Buffer; at: Date; direction: "sent" | "received" }[] = [];
		const keep = (direction: "sent" | "received", message: Gsup) => {
			const payload = Buffer.concat([Uint8Array.of(extensions.gsup), encodeGsup(message)]);
			exchanged.push({ octets: ipaFrame({ stream: streams.osmocom, payload }), at: new Date(0), direction });
			return message;
		};
		for (const request of [sai({ vectors: 5 }), ul(), sai({ imsi: UNKNOWN })]) {
			keep("sent", { ...request, kind: "request" });
			const answer = await vlr.request(request);
			for (const one of vlr.asked.splice(0)) keep("received", one);
			keep("received", answer);
		}
		vlr.close();
		const printed = tshark(tcpCaptureOf(4222, exchanged), "-V");
		expect(printed).not.toMatch(/Malformed|Expert Info/);
		for (const name of [
			"SendAuthInfo Result",
			"InsertSubscriberData Request",
			"UpdateLocation Result",
			"SendAuthInfo Error",
		])
			expect(printed).toContain(name);
		expect(decodeGsup(good).imsi).toBe(imsi);
	});
});
