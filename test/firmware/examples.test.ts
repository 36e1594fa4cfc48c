import { createPrivateKey, createPublicKey, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { lifeStates } from "../../firmware/contract/states.ts";
import { loadArtefacts } from "../../firmware/emulator/artefacts.ts";
import { CryptoSide } from "../../firmware/emulator/crypto-side.ts";
import { defaultGeometry } from "../../firmware/emulator/flash.ts";
import { FlashMemory } from "../../firmware/emulator/flash-memory.ts";
import { dataOf } from "../../hil/network/operator/provisioning/envelope.ts";
import { algorithmNumber, parseSignature, splitEnveloped } from "../../host/wire/dsig/signature.ts";
import { readM2mm, readReceipt } from "../../host/wire/management/objects.ts";
import { attachSignature, splitBootstrap } from "../../host/wire/prov/bootstrap.ts";
import { seal, writeFlash } from "../support/flash-image.ts";
import { openEnvelope } from "../support/independent.ts";
import { DirectTre } from "../support/machine.ts";
import { sha256 } from "../support/operators.ts";

const folder = fileURLToPath(new URL("../vectors/examples/", import.meta.url));
const text = (name: string): string => readFileSync(folder + name, "utf8").trimEnd();
const der = (name: string): Buffer => Buffer.from(new X509Certificate(text(name)).raw);

const rootKey = new Uint8Array(32).fill(0x5a);
const privateKey = (name: string): Buffer => createPrivateKey(text(name)).export({ type: "pkcs1", format: "der" });

const bootstrapOctets = Buffer.from(text("bootstrap.xml"));
const bootstrapSignature = parseSignature("detached", text("bootstrap.sig.xml"));
const treId = "01fdc657400d72c486efd7aed2ece107";
const reign = "fe109fc87191e858271582b7a052293a21dd4ddf9a1fa427728b7fb46c2b29ba";

/** The record STATE of the store, see firmware/tre/store/state.ts. */
function stateRecord(life: number, fields: { serial?: number; nonceB?: Buffer } = {}): Buffer {
	const octets = Buffer.alloc(104);
	octets.set([life, 0, 0, 0xff]);
	octets[5] = fields.nonceB ? 1 : 0;
	octets.writeUInt32BE(fields.serial ?? 0, 8);
	octets.set(Buffer.from(reign, "hex"), 40);
	if (fields.nonceB) octets.set(fields.nonceB, 72);
	return octets;
}

const identity: [number, Uint8Array][] = [
	[3, seal(rootKey, 1, privateKey("tre-sign.key"))],
	[4, seal(rootKey, 2, privateKey("tre-enc.key"))],
	[8, der("sho-0.pem")],
	[11, Buffer.from(treId)],
];

function device(records: [number, Uint8Array][]): DirectTre {
	const flash = new FlashMemory(defaultGeometry);
	flash.octets.set(writeFlash(flash.octets.length, new Map([...identity, ...records])));
	return new DirectTre(flash, rootKey);
}

const idle = () => device([[1, stateRecord(lifeStates.idle)]]);

const nonceB = Buffer.from("+30h/Om7t8MBrL2c1CaECQ==", "base64");

/** The device after the example's bootstrap and request: RECORD_CHANGE and the pending root. */
function requested(): DirectTre {
	const change = Buffer.alloc(108);
	change.set(nonceB, 16);
	change.set(sha256(der("sho-1.pem")), 32);
	change[96] = 1;
	change.writeUInt32BE(3600, 100);
	change.writeUInt32BE(3, 104);
	return device([
		[1, stateRecord(lifeStates.requested, { serial: 1, nonceB })],
		[12, change],
		[9, der("sho-1.pem")],
	]);
}

const bootstrapRequest = (document: Uint8Array) => ({
	document,
	algorithm: algorithmNumber[bootstrapSignature.algorithm],
	signature: bootstrapSignature.value,
});

const flipped = (octets: Uint8Array, at: number): Buffer => {
	const copy = Buffer.from(octets);
	copy[at] ^= 1;
	return copy;
};

/** Every n-th position, so that all parts of a document are hit. */
const positions = (length: number, step: number): number[] =>
	Array.from({ length: Math.ceil(length / step) }, (_, n) => n * step);

describe("the worked examples of documents.md in the firmware", () => {
	test("the bootstrap is accepted, by a device that holds the example's keys", () => {
		const tre = idle();
		expect(tre.call("acceptBootstrap", bootstrapRequest(bootstrapOctets))).toEqual({
			kind: "change",
			serial: 1,
			repeated: false,
		});
		const m2mm = readM2mm(
			Buffer.from(tre.call("provisioningRequest", {}).document).toString("utf8"),
			new X509Certificate(text("tre-sign.pem")).publicKey,
		);
		const example = readM2mm(text("m2mm.xml"), createPublicKey(createPrivateKey(text("tre-sign.key"))));
		expect({ ...m2mm, treInfo: "", nonceB: "" }).toEqual({ ...example, treInfo: "", nonceB: "" });
		expect(Object.keys(m2mm.treInfo)).toEqual(Object.keys(example.treInfo));
	});

	test("the bootstrap with one octet changed is not, wherever it is", () => {
		const tre = idle();
		for (const at of positions(bootstrapOctets.length, 37)) {
			expect(() => tre.call("acceptBootstrap", bootstrapRequest(flipped(bootstrapOctets, at)))).toThrow(
				/signature-invalid/,
			);
		}
		for (const at of positions(bootstrapSignature.value.length, 31)) {
			const request = { ...bootstrapRequest(bootstrapOctets), signature: flipped(bootstrapSignature.value, at) };
			expect(() => tre.call("acceptBootstrap", request)).toThrow(/signature-invalid/);
		}
		expect(tre.call("acceptBootstrap", bootstrapRequest(bootstrapOctets)).repeated).toBe(false);
	});

	test("the M2MMCIM is installed, and with one octet changed it is not", () => {
		const tre = requested();
		const { document, signature } = splitEnveloped(text("m2mmcim.xml"));
		const octets = Buffer.from(document);
		const request = (changed: Uint8Array) => ({
			document: changed,
			algorithm: algorithmNumber[signature.algorithm],
			signature: signature.value,
		});
		for (const at of positions(octets.length, 29)) {
			expect(() => tre.call("acceptMcim", request(flipped(octets, at)))).toThrow(/signature-invalid/);
		}
		expect(tre.call("acceptMcim", request(octets)).imsi).toBe("001020000000001");
	});

	test("the receipt and the sent form of the bootstrap read as the examples say", () => {
		const receipt = readReceipt(text("receipt.xml"), new X509Certificate(text("tre-sign.pem")).publicKey);
		expect(receipt).toMatchObject({ treId, state: "committed", serial: 0, nonceB });
		const sent = splitBootstrap(text("bootstrap.sent.xml"));
		expect(sent.document).toBe(text("bootstrap.xml"));
		expect(attachSignature(sent.document, text("bootstrap.sig.xml"))).toBe(text("bootstrap.sent.xml"));
	});
});

describe("B.2.3.6: the worked envelopes", () => {
	interface Example {
		suite: number;
		tag: number;
		version: number;
		data: string;
		object: string;
	}
	const examples = JSON.parse(text("envelope.json")) as Example[];

	function cryptoSide() {
		const memory = new Uint8Array(65_536);
		const side = new CryptoSide(loadArtefacts().crypto, rootKey).imports(() => memory);
		const put = (octets: Uint8Array): [number, number] => {
			memory.set(octets, 1024);
			return [1024, octets.length];
		};
		const key = side.import_sealed(...put(seal(rootKey, 2, privateKey("tre-enc.key"))));
		return { side, memory, put, key };
	}

	test.each(examples)("suite $suite opens on the crypto side and in an independent implementation", (example) => {
		const object = Buffer.from(example.object, "hex");
		const { side, memory, put, key } = cryptoSide();
		const envelope = side.envelope_open(key, ...put(object));
		expect(envelope).toBe(1);
		const length = side.envelope_read(envelope, 0, 512);
		const opened = openEnvelope(object, createPrivateKey(text("tre-enc.key")));
		const read = Buffer.from(memory.slice(0, length));
		expect([read[0], read.readUInt32BE(1), read.readUInt32BE(5)]).toEqual([
			example.tag,
			example.version,
			opened.secret.length,
		]);
		expect(read.subarray(9)).toEqual(opened.open);
		expect(side.envelope_close(envelope)).toBe(0);
	});

	test.each(examples)(
		"suite $suite with one octet changed does not open, and every failure looks the same",
		(example) => {
			const object = Buffer.from(example.object, "hex");
			const { side, put, key } = cryptoSide();
			for (const at of positions(object.length, 7).slice(1))
				expect(side.envelope_open(key, ...put(flipped(object, at)))).toBe(-152);
			for (const cut of [1, 16, 100]) expect(side.envelope_open(key, ...put(object.subarray(0, -cut)))).toBe(-152);
			expect(side.envelope_open(key, ...put(object))).toBe(1);
		},
	);

	test("what the operators protect has the form of the example, octet for octet", () => {
		const content = {
			tag: 3,
			version: 7,
			publicPart: ["a".repeat(32), Buffer.alloc(32, 0x11)],
			secret: Buffer.alloc(16, 0x22),
		};
		expect(dataOf(content).toString("hex")).toBe(examples[0].data);
	});
});
