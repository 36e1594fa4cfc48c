import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { seqOfAuts } from "../../hil/network/operator/hss/vectors.ts";
import { makeRoot } from "../../hil/network/shared/certificates.ts";
import type { TreClient } from "../../host/tre/client.ts";
import { Device } from "../support/device.ts";
import { independentKasme, independentMilenage } from "../support/independent.ts";
import { type Personalised, personalise, TestOperator } from "../support/operators.ts";

const bytes = (hex: string): Buffer => Buffer.from(hex, "hex");

describe("AUTHENTICATE through the serial port (TS 33.102 clause 6.3)", () => {
	const device = Device.keyed();
	let tre: TreClient;
	let ro: TestOperator;
	let owned: Personalised;

	beforeAll(async () => {
		await device.start();
		tre = await device.open();
		ro = await TestOperator.make("ro.example");
		owned = await personalise(tre, await makeRoot("pva.example", "rsa"), ro);
	});

	afterAll(async () => {
		await tre?.close();
		await device.dispose();
	});

	const run = (vector: { rand: string; autn: string }) =>
		tre.call("authenticate", { rand: bytes(vector.rand), autn: bytes(vector.autn) });

	test("RES, CK and IK equal an independent computation", async () => {
		for (let n = 0; n < 20; n++) {
			const vector = ro.vector(owned.imsi);
			const { k, opc } = ro.subscriber(owned.imsi);
			const expected = independentMilenage(bytes(k), bytes(opc), bytes(vector.rand), Buffer.alloc(6), Buffer.alloc(2));
			const answer = await run(vector);
			expect(answer.outcome).toBe(0);
			expect(Buffer.from(answer.res)).toEqual(expected.f2);
			expect(Buffer.from(answer.ck)).toEqual(expected.f3);
			expect(Buffer.from(answer.ik)).toEqual(expected.f4);
		}
	});

	test("6.3.3: an AUTN with a wrong MAC is refused by name, and spends nothing", async () => {
		const vector = ro.vector(owned.imsi);
		for (const at of [0, 7, 8, 15]) {
			const autn = bytes(vector.autn);
			autn[at] ^= 1;
			await expect(run({ rand: vector.rand, autn: autn.toString("hex") })).rejects.toMatchObject({ code: "autn-mac" });
		}
		expect((await run(vector)).outcome).toBe(0);
	});

	test("G5, 6.3.5: an old SQN gives AUTS, with which the HSS resynchronises", async () => {
		const old = ro.vector(owned.imsi);
		expect((await run(old)).outcome).toBe(0);
		const reached = ro.subscriber(owned.imsi).seq;
		const answer = await run(old);
		expect(answer).toMatchObject({ outcome: 1 });
		expect([answer.res.length, answer.ck.length, answer.ik.length]).toEqual([0, 0, 0]);

		ro.setSeq(owned.imsi, 0);
		const behind = await run(ro.vector(owned.imsi));
		expect(behind.outcome).toBe(1);
		const rand = bytes(old.rand);
		const { k, opc } = ro.subscriber(owned.imsi);
		const credential = { k: bytes(k), opc: bytes(opc) };
		const seq = seqOfAuts(credential, rand, Buffer.from(answer.auts));
		expect(seq).toBe(reached);
		const damaged = Buffer.from(answer.auts);
		damaged[13] ^= 1;
		expect(seqOfAuts(credential, rand, damaged)).toBeUndefined();
		ro.setSeq(owned.imsi, seq as number);
		expect((await run(ro.vector(owned.imsi))).outcome).toBe(0);
	});

	test("G5, G7: an accepted AUTN stays spent over kill -9 and a new start", async () => {
		const vector = ro.vector(owned.imsi);
		expect((await run(vector)).outcome).toBe(0);
		const before = await tre.status();
		await tre.close();
		await device.kill();
		await device.start();
		tre = await device.open();
		expect(await tre.status()).toEqual({
			...before,
			bootCounter: before.bootCounter + 1,
			transaction: before.transaction + 1,
		});
		expect((await run(vector)).outcome).toBe(1);
		expect((await run(ro.vector(owned.imsi))).outcome).toBe(0);
	});

	test("a SEQ that jumps more than 2^28 is refused with AUTS (TS 33.102 C.2.1)", async () => {
		const { seq } = ro.subscriber(owned.imsi);
		ro.setSeq(owned.imsi, seq + 2 ** 28);
		expect((await run(ro.vector(owned.imsi))).outcome).toBe(1);
		ro.setSeq(owned.imsi, seq);
		expect((await run(ro.vector(owned.imsi))).outcome).toBe(0);
	});

	/** A vector with an AMF of the test's choice, at the subscriber's next SEQ. */
	const withAmf = (amf: Buffer) => {
		const { k, opc, seq } = ro.subscriber(owned.imsi);
		ro.setSeq(owned.imsi, seq + 1);
		const sqn = Buffer.alloc(8);
		sqn.writeBigUInt64BE((BigInt(seq + 1) << 5n) | 1n);
		const rand = randomBytes(16);
		const out = independentMilenage(bytes(k), bytes(opc), rand, sqn.subarray(2), amf);
		const concealed = Buffer.from(sqn.subarray(2).map((octet, n) => octet ^ out.f5[n]));
		return { rand, autn: Buffer.concat([concealed, amf, out.f1]), out, concealed };
	};

	test("TS 33.401 A.2: KASME equals an independent computation, and CK and IK are not returned", async () => {
		const snId = bytes("27f450");
		for (const amf of [bytes("8000"), bytes("b9b9")]) {
			const { rand, autn, out, concealed } = withAmf(amf);
			const answer = await tre.call("authenticateEps", { rand, autn, snId });
			expect(answer).toMatchObject({ outcome: 0, res: out.f2 });
			expect(Buffer.from(answer.kasme)).toEqual(independentKasme(out.f3, out.f4, snId, concealed));
			expect(Object.keys(answer)).toEqual(["outcome", "res", "kasme", "auts"]);
			const again = await tre.call("authenticateEps", { rand, autn, snId });
			expect([again.outcome, again.auts.length, again.kasme.length, again.res.length]).toEqual([1, 14, 0, 0]);
		}
	});

	test("the separation bit: an EPS vector is none for UMTS, nor the other way round; nothing is spent", async () => {
		const eps = withAmf(bytes("8000"));
		await expect(run({ rand: eps.rand.toString("hex"), autn: eps.autn.toString("hex") })).rejects.toMatchObject({
			code: "separation-bit",
		});
		const snId = bytes("00f110");
		expect((await tre.call("authenticateEps", { ...eps, snId })).outcome).toBe(0);
		const umts = withAmf(bytes("7fff"));
		await expect(tre.call("authenticateEps", { ...umts, snId })).rejects.toMatchObject({ code: "separation-bit" });
		await expect(tre.call("authenticateEps", { ...umts, snId: bytes("00f1") })).rejects.toMatchObject({
			code: "malformed-request",
		});
		expect((await run({ rand: umts.rand.toString("hex"), autn: umts.autn.toString("hex") })).outcome).toBe(0);
	});

	test("TS 33.401 A.2: the independent computation gives what others publish for the sets of TS 35.208", () => {
		const { sets } = JSON.parse(readFileSync(resolve("test/vectors/milenage.json"), "utf8")) as {
			sets: Record<string, string>[];
		};
		const published: Record<number, string> = {
			...{ 1: "00c73bac", 3: "4826154d", 4: "35e1f31c", 5: "788677b1", 6: "2a90f8b6", 7: "8cd327e3" },
		};
		const found = sets.filter(({ set }) => published[Number(set)] !== undefined);
		expect(found.length).toBe(6);
		for (const { set, f3, f4, f5, SQN } of found) {
			const concealed = Buffer.from(bytes(SQN).map((octet, n) => octet ^ bytes(f5)[n]));
			const kasme = independentKasme(bytes(f3), bytes(f4), bytes("27f450"), concealed);
			expect(kasme.toString("hex"), `set ${set}`).toMatch(new RegExp(`^${published[Number(set)]}`));
		}
	});
});
