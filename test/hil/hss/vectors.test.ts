import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Tuple } from "../../../hil/network/gsup/message.ts";
import { decodeGsup } from "../../../hil/network/gsup/message.ts";
import { domains, rats } from "../../../hil/network/gsup/tables.ts";
import { credentialOf } from "../../../hil/network/operator/hss/credential.ts";
import { milenage, opcOf } from "../../../hil/network/operator/hss/milenage.ts";
import { OsmoHlr } from "../../../hil/network/operator/hss/osmo/osmo-hlr.ts";
import { amfOf, makeVector, seqOfAuts, sqnOf } from "../../../hil/network/operator/hss/vectors.ts";
import type { Subscriber } from "../../../hil/network/operator/records.ts";
import { gsupCaptures } from "../../support/gsup-captures.ts";
import { autsOf, newSubscriber, OsmoBench, OwnBench, sqnIn, TestVlr } from "../../support/hlr-bench.ts";
import { times } from "../../support/long-form.ts";

const hex = (octets: Uint8Array): string => Buffer.from(octets).toString("hex");
/** Equal as a whole: RAND, SRES, Kc, IK, CK, AUTN, RES. */
const same = (ours: Tuple, theirs: Tuple): void => {
	for (const name of ["rand", "sres", "kc", "ik", "ck", "autn", "res"] as const)
		expect(hex(ours[name] as Buffer), name).toBe(hex(theirs[name] as Buffer));
};

describe("vectors of this HSS and of osmo-hlr, for the same K, OPc, SQN and index", () => {
	const subscribers = Array.from({ length: Math.min(times(1_000), 10_000) }, (_, n) => newSubscriber(n + 1));
	const osmo = new OsmoBench();
	let vlr: TestVlr;

	beforeAll(async () => {
		await osmo.start(subscribers);
		vlr = new TestVlr(osmo.address, "VLR-1");
	});
	afterAll(async () => {
		vlr?.close();
		await osmo.dispose();
	});

	test(`${subscribers.length} random subscribers, over GSUP`, async () => {
		for (const subscriber of subscribers) {
			const { imsi } = subscriber;
			const { tuples = [] } = await vlr.request({ procedure: "SendAuthInfo", imsi, vectors: 2, domain: domains.ps });
			expect(tuples).toHaveLength(2);
			for (const [n, theirs] of tuples.entries()) {
				const credential = credentialOf(subscriber);
				// SEQ 1, 2, … with the IND of the first visited network.
				expect(sqnIn(theirs, subscriber)).toBe((n + 1) * 32 + 1);
				same(makeVector(credential, sqnOf(n + 1, 1), amfOf(false), theirs.rand), theirs);
			}
		}
	}, 120_000);

	test("with the AMF separation bit, for E-UTRAN", async () => {
		const [subscriber] = subscribers as [Subscriber];
		const request = { procedure: "SendAuthInfo", imsi: subscriber.imsi, vectors: 1, rat: rats.eutran } as const;
		const [theirs] = (await vlr.request(request)).tuples as [Tuple];
		same(makeVector(credentialOf(subscriber), sqnOf(3, 1), amfOf(true), theirs.rand), theirs);
	});

	test("AUTS from a card: osmo-hlr goes on from where this HSS would", async () => {
		const subscriber = subscribers[1] as Subscriber;
		const credential = credentialOf(subscriber);
		const rand = Buffer.alloc(16, 0x5a);
		const sqn = sqnOf(4_711, 7);
		const auts = autsOf(subscriber, sqn, rand);
		expect(seqOfAuts(credential, rand, auts)).toBe(4_711);
		const { tuples = [] } = await vlr.request({
			procedure: "SendAuthInfo",
			imsi: subscriber.imsi,
			vectors: 1,
			rand,
			auts,
		});
		same(makeVector(credential, sqnOf(4_712, 1), amfOf(false), (tuples[0] as Tuple).rand), tuples[0] as Tuple);
	});

	test("captured vectors of an operator with OP, and with OPc", () => {
		const k = Buffer.from("465b5ce8b199b49faa5f0a2ee238a6bc", "hex");
		const opc = opcOf(k, Buffer.from("cdc202d5123e20f62b6d676ac72cb318", "hex"));
		expect(hex(opc)).toBe("cd63cb71954a9f4e48a5994e37a02baf");
		const captured = gsupCaptures()
			.filter(({ about, toHlr }) => !toHlr && /Subscriber stored with OP|default = 5/.test(about))
			.flatMap(({ octets }) => decodeGsup(octets.subarray(4)).tuples ?? []);
		expect(captured).toHaveLength(6);
		for (const theirs of captured) {
			const sqn = sqnIn(theirs, { imsi: "", k: hex(k), opc: hex(opc) });
			same(makeVector({ k, opc }, sqnOf(sqn >> 5, sqn & 31), amfOf(false), theirs.rand), theirs);
		}
	});
});

describe("vectors of this HSS and osmo-auc-gen", () => {
	const values = (text: string): Record<string, string> =>
		Object.fromEntries([...text.matchAll(/^(\w+):\s+(\S+)/gm)].map(([, name, value]) => [name, value]));

	test.each([1, 2, 3, 4, 5])("%i", (n) => {
		const subscriber = newSubscriber(n);
		const { rand, autn, ik, ck, res, sres, kc } = makeVector(credentialOf(subscriber), sqnOf(n, n), amfOf(false));
		const args = ["-3", "-a", "milenage", "-k", subscriber.k, "-o", subscriber.opc, "-f", "0000"];
		// It is told the last SQN and the step; the next one is the one that is wanted.
		const sqn = Number(BigInt(`0x${hex(sqnOf(n, n))}`));
		const printed = execFileSync("osmo-auc-gen", [...args, "-s", String(sqn), "-r", hex(rand)], { encoding: "utf8" });
		expect(values(printed)).toMatchObject({
			AUTN: hex(autn),
			IK: hex(ik),
			CK: hex(ck),
			RES: hex(res),
			SRES: hex(sres),
			Kc: hex(kc),
		});
	});
});

describe("operator constants (TS 35.206 clause 5.3)", () => {
	test("c1 to c5 and r1 to r5 other than the standard ones change each function, and AUTS with them is read", () => {
		const constants = {
			r: [8, 16, 24, 48, 56],
			c: [0x10, 0x20, 0x30, 0x40, 0x50].map((value) => Buffer.alloc(16, value)),
		};
		const credential = credentialOf(newSubscriber(1));
		const [sqn, rand] = [sqnOf(77, 1), Buffer.alloc(16, 9)];
		const [standard, own] = [undefined, constants].map((one) =>
			makeVector(one ? { ...credential, constants: one } : credential, sqn, amfOf(false), rand),
		) as [Tuple, Tuple];
		for (const name of ["autn", "res", "ck", "ik"] as const)
			expect(hex(own[name] as Buffer)).not.toBe(hex(standard[name] as Buffer));
		const { akStar, macS } = milenage(credential.k, credential.opc, rand, sqn, amfOf(false), constants);
		const auts = Buffer.concat([sqn.map((octet, n) => octet ^ (akStar[n] as number)), macS]);
		expect(seqOfAuts({ ...credential, constants }, rand, auts)).toBe(77);
		expect(seqOfAuts(credential, rand, auts)).toBeUndefined();
	});
});

describe("operators that keep OP, or have constants of their own", () => {
	const own = new OwnBench();
	const OP = "cdc202d5123e20f62b6d676ac72cb318";
	const withOp: Subscriber = { imsi: "001010000000021", k: "465b5ce8b199b49faa5f0a2ee238a6bc", opc: "", op: OP };
	const c = [0x10, 0x20, 0x30, 0x40, 0x50].map((value) => Buffer.alloc(16, value).toString("hex"));
	const withConstants: Subscriber = { ...newSubscriber(22), constants: { r: [8, 16, 24, 48, 56], c } };

	beforeAll(() => own.start([withOp, withConstants]));
	afterAll(() => own.dispose());

	test.each([
		["OP", withOp],
		["constants", withConstants],
	])("%s: vectors over GSUP, before and after a restart", async (what, subscriber) => {
		for (const round of [1, 2]) {
			const vlr = new TestVlr(own.address, "VLR-1");
			const { tuples = [] } = await vlr.request({ procedure: "SendAuthInfo", imsi: subscriber.imsi, vectors: 1 });
			vlr.close();
			const [theirs] = tuples as [Tuple];
			const { k, opc, constants } = credentialOf(subscriber);
			if (what === "OP") expect(hex(opc)).toBe("cd63cb71954a9f4e48a5994e37a02baf");
			const { ak } = milenage(k, opc, theirs.rand, Buffer.alloc(6), amfOf(false), constants);
			const sqn = (theirs.autn as Buffer).subarray(0, 6).map((octet, n) => octet ^ (ak[n] as number));
			same(makeVector(credentialOf(subscriber), sqn, amfOf(false), theirs.rand), theirs);
			if (round === 1) {
				await own.stop();
				await own.start([]);
			}
		}
	});

	test("osmo-hlr is not given what it would do wrongly, and the message says what to do", async () => {
		const folder = mkdtempSync(join(tmpdir(), "osmo-"));
		const subscribers = { all: () => [withConstants], subscriber: () => withConstants };
		await expect(OsmoHlr.start(folder, subscribers, () => undefined)).rejects.toThrow(
			/standard constants only, and 001010000000022 has others: use "hlr": "own"/,
		);
		rmSync(folder, { recursive: true, force: true });
	});
});

/** One VLR that asks this HSS: what comes over GSUP is what was computed. */
describe("vectors over GSUP from this HSS", () => {
	const own = new OwnBench();
	const subscriber = newSubscriber(9);
	let vlr: TestVlr;

	beforeAll(async () => {
		await own.start([subscriber]);
		vlr = new TestVlr(own.address, "VLR-1");
	});
	afterAll(async () => {
		vlr?.close();
		await own.dispose();
	});

	test("one to five, five where the number says nothing; SEQ rises by one, IND is the network's", async () => {
		const { imsi } = subscriber;
		let seq = 0;
		for (const [asked, given] of [
			[1, 1],
			[2, 2],
			[5, 5],
			[0, 5],
			[6, 5],
			[undefined, 5],
		] as const) {
			const more = asked === undefined ? {} : { vectors: asked };
			const { tuples = [] } = await vlr.request({ procedure: "SendAuthInfo", imsi, ...more });
			expect(tuples).toHaveLength(given);
			for (const one of tuples) {
				seq++;
				same(makeVector(credentialOf(subscriber), sqnOf(seq, 1), amfOf(false), one.rand), one);
			}
		}
	});

	test("a second network has the next IND, also after a restart", async () => {
		const ask = async (name: string) => {
			const other = new TestVlr(own.address, name);
			const { tuples = [] } = await other.request({ procedure: "SendAuthInfo", imsi: subscriber.imsi, vectors: 1 });
			other.close();
			return sqnIn(tuples[0] as Tuple, subscriber) % 32;
		};
		expect(await ask("VLR-2")).toBe(2);
		vlr.close();
		await own.stop();
		await own.start([]);
		expect(await ask("VLR-2")).toBe(2);
		expect(await ask("VLR-1")).toBe(1);
	});
});
