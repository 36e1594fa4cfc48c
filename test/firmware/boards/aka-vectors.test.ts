import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { personalisedRecords, started } from "../../support/boards.ts";
import type { Device } from "../../support/device.ts";
import { seal } from "../../support/flash-image.ts";
import type { Records } from "../../support/forged-store.ts";
import { independentKasme, independentMilenage } from "../../support/independent.ts";
import { boards } from "../../support/targets.ts";

interface TestSet {
	readonly set: number;
	readonly [name: string]: string | number;
}

const { sets } = JSON.parse(readFileSync(resolve("test/vectors/milenage.json"), "utf8")) as { sets: TestSet[] };

/** Keys of the store's records, as in firmware/tre/store/records.ts. */
const MCIM_KEY = 48;
const SEQ = 0x100;
const KEY_AKA = 5;
const SEPARATION_BIT = 0x80;
const snId = Buffer.from("27f450", "hex");

/** TS 33.102 clause 6.3.2: AUTN = (SQN xor AK) | AMF | MAC. */
const autnOf = (sqn: Buffer, ak: Buffer, amf: Buffer, mac: Buffer): Buffer =>
	Buffer.concat([Buffer.from(sqn.map((octet, n) => octet ^ (ak[n] as number))), amf, mac]);

const seqOctets = (seq: bigint): Buffer => Buffer.from(seq.toString(16).padStart(12, "0"), "hex");

describe.each(boards)("TS 35.208 clause 4.3 through the UART of %s", (target) => {
	let device: Device | undefined;
	let owner: Awaited<ReturnType<typeof personalisedRecords>>;
	beforeAll(async () => {
		owner = await personalisedRecords();
	});
	afterEach(() => device?.dispose());

	/** The device holds K and OPc of the set, and the last SEQ that it saw is the one before the set's. */
	function holding({ K, OPc }: Record<"K" | "OPc", Buffer>, sqn: bigint): Records {
		const records = new Map(owner.records);
		records.set(MCIM_KEY, seal(owner.rootKey, KEY_AKA, Buffer.concat([K, OPc])));
		const [seq, ind] = [sqn >> 5n, Number(sqn & 31n)];
		for (const key of records.keys()) if (key >= SEQ && key < SEQ + 32) records.delete(key);
		records.set(SEQ + ind, seqOctets(seq - 1n));
		return records;
	}

	test.each(sets.map((set) => [set.set, set] as const))("set %i: f1 to f5, f1* and f5*", async (_number, set) => {
		const octets = (name: string) => Buffer.from(set[name] as string, "hex");
		const [K, OPc, RAND, SQN, AMF] = ["K", "OPc", "RAND", "SQN", "AMF"].map(octets) as Buffer[];
		const sqn = BigInt(`0x${SQN.toString("hex")}`);
		device = await started(target, holding({ K, OPc }, sqn), owner.rootKey);
		const tre = await device.open();
		try {
			const request = { rand: RAND, autn: autnOf(SQN, octets("f5"), AMF, octets("f1")) };
			const eps = ((AMF[0] as number) & SEPARATION_BIT) !== 0;
			const run = () => (eps ? tre.call("authenticateEps", { ...request, snId }) : tre.call("authenticate", request));
			const answer = await run();
			expect(answer).toMatchObject({ outcome: 0, res: octets("f2") });
			if ("ck" in answer) expect([answer.ck, answer.ik].map(Buffer.from)).toEqual([octets("f3"), octets("f4")]);
			else {
				const kasme = independentKasme(octets("f3"), octets("f4"), snId, request.autn.subarray(0, 6));
				expect(Buffer.from(answer.kasme)).toEqual(kasme);
			}
			// Once more is a synchronisation failure: AUTS shows f5*, and f1* over AMF* (TS 33.102 clause 6.3.3).
			const { outcome, auts } = await run();
			expect(outcome).toBe(1);
			const { f1star } = independentMilenage(K, OPc, RAND, SQN, Buffer.alloc(2));
			expect(Buffer.from(auts).toString("hex")).toBe(
				autnOf(SQN, octets("f5star"), Buffer.alloc(0), f1star).toString("hex"),
			);
		} finally {
			await tre.close();
		}
	});
});
