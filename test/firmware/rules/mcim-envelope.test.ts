import { createECDH, createPrivateKey, generateKeyPairSync, X509Certificate } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { protect } from "../../../hil/network/operator/provisioning/envelope.ts";
import { readFlash, unseal } from "../../support/flash-image.ts";
import { openEnvelope } from "../../support/independent.ts";
import { ruleBench } from "../../support/rule-bench.ts";

const DECRYPT_KEY = 4;

interface Shape {
	readonly name: string;
	readonly encryption: "rsa" | "p256";
	/** Suites that the device says it has, and one of which its SHO makes use. */
	readonly suites: string;
	readonly used: number;
	/** Suites that it does not have. */
	readonly others: readonly number[];
	/** Octets before ENC. */
	readonly head: number;
}

const shapes: Shape[] = [
	{ name: "suite 2, RSA-OAEP", encryption: "rsa", suites: "1 2", used: 2, others: [0, 3, 255], head: 257 },
	{ name: "suite 3, ECIES", encryption: "p256", suites: "3", used: 3, others: [0, 1, 2, 4, 255], head: 146 },
];

/** Encrypted then MACed; every failure of the wrap, the MAC or the cipher looks the same (B.2.3.6, DESIGN section 6). */
describe.each(shapes)("B.2.3.6: a protected MCIM damaged at each field: $name", (shape) => {
	const bench = ruleBench({ encryption: shape.encryption });
	let object: Buffer;
	let mac = 0;

	beforeAll(async () => {
		await bench.bringTo("requested");
		object = bench.sho1.mcim(bench.owned).object;
		mac = object.length - 32;
	});
	afterAll(async () => {
		await bench.withdraw();
		await bench.goodPath();
	});

	const damagedAt = (at: number): Buffer => {
		const damaged = Buffer.from(object);
		damaged[at] ^= 1;
		return damaged;
	};

	test("the object is of the suite that the device says it has, and opens in an independent implementation", async () => {
		expect((await bench.tre.call("info", {})).suites).toBe(shape.suites);
		expect(object[0]).toBe(shape.used);
		const sealed = readFlash(bench.flash()).find(({ key, octets }) => key === DECRYPT_KEY && octets.length > 0);
		const der = unseal(bench.rootKey(), sealed?.octets ?? Buffer.alloc(0));
		const key = createPrivateKey({ key: der, format: "der", type: shape.encryption === "rsa" ? "pkcs1" : "sec1" });
		const opened = openEnvelope(object, key);
		expect([opened.tag, opened.secret.length]).toEqual([3, 32]);
		expect(() => openEnvelope(damagedAt(shape.head - 1), key)).toThrow();
	});

	test("suite: one that this TRE does not have, and none", async () => {
		for (const suite of shape.others)
			await bench.mcimRefused(Buffer.concat([Buffer.from([suite]), object.subarray(1)]), "envelope-suite");
		await bench.mcimRefused(Buffer.alloc(0), "envelope-suite");
	});

	test.each<[string, () => number]>([
		["first octet of PuKTRE(PIK|PCK)", () => 1],
		["second octet of PuKTRE(PIK|PCK)", () => 2],
		["last octet of PuKTRE(PIK|PCK)", () => shape.head - 1],
		["IV", () => shape.head],
		["first block", () => shape.head + 16],
		["last block", () => mac - 1],
		["first octet of the MAC", () => mac],
		["last octet of the MAC", () => object.length - 1],
	])("%s", async (_field, at) => {
		await bench.mcimRefused(damagedAt(at()), "envelope-invalid");
	});

	test("cut short anywhere, or longer by a block", async () => {
		for (const length of [1, shape.head - 1, shape.head, mac, object.length - 1])
			await bench.mcimRefused(object.subarray(0, length), "envelope-invalid");
		await bench.mcimRefused(Buffer.concat([object, Buffer.alloc(16)]), "envelope-invalid");
	});
});

describe("suite 3: points that are none of the curve's", () => {
	const bench = ruleBench({ encryption: "p256" });
	beforeAll(() => bench.bringTo("requested"));
	afterAll(async () => {
		await bench.withdraw();
		await bench.goodPath();
	});

	test("off the curve, at infinity, compressed, a coordinate beyond the field", async () => {
		const { object } = bench.sho1.mcim(bench.owned);
		const other = createECDH("prime256v1");
		other.generateKeys();
		const off = other.getPublicKey();
		off[64] ^= 1;
		const compressed = Buffer.concat([other.getPublicKey(null, "compressed"), Buffer.alloc(32)]);
		const beyond = Buffer.concat([Buffer.from([4]), Buffer.alloc(64, 0xff)]);
		for (const point of [off, Buffer.alloc(65), compressed, beyond])
			await bench.mcimRefused(Buffer.concat([object.subarray(0, 1), point, object.subarray(66)]), "envelope-invalid");
	});

	test("an object for another TRE's key", async () => {
		const { certEncrypt } = bench.owned;
		expect(new X509Certificate(certEncrypt).publicKey.asymmetricKeyType).toBe("ec");
		const { publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
		const object = protect({ tag: 3, version: 1, publicPart: [], secret: Buffer.alloc(32) }, publicKey);
		await bench.mcimRefused(object, "envelope-invalid");
	});
});
