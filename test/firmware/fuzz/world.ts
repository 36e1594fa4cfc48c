import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { defaultGeometry } from "../../../firmware/emulator/flash.ts";
import { FlashMemory } from "../../../firmware/emulator/flash-memory.ts";
import { makeRoot } from "../../../hil/network/shared/certificates.ts";
import { DirectTre } from "../../support/machine.ts";
import { changeBootstrap, nonceBOf, type Personalised, personalise, TestOperator } from "../../support/operators.ts";
import { asClient } from "../../support/whole-life.ts";

/*
 * One device and its operators, with throw-away keys, for ever: the inputs that are kept were made for it, and
 * go as deep on every run as on the first one.
 */
const path = resolve("test/vectors/fuzz/world.json");

export type ImageName = "keyed" | "idle" | "requested" | "requestedP256";

interface Kept {
	readonly rootKey: string;
	readonly images: Readonly<Record<ImageName, string>>;
	readonly owned: {
		readonly treId: string;
		readonly certSign: string;
		readonly certEncrypt: string;
		readonly reign: string;
		readonly imsi: string;
		readonly serial: number;
	};
	/** Of the change that is open in `requested`. */
	readonly nonceB: string;
	/** The device with an encryption key on P-256. */
	readonly p256: { readonly treId: string; readonly certEncrypt: string; readonly nonceB: string };
	readonly parties: Readonly<Record<"ro" | "sho1" | "pva", { readonly key: string; readonly certificate: string }>>;
	readonly credential: { readonly k: string; readonly opc: string };
}

export interface Party {
	readonly key: KeyObject;
	readonly certificate: Buffer;
}

export interface FuzzWorld {
	readonly rootKey: Buffer;
	readonly images: Readonly<Record<ImageName, Uint8Array>>;
	readonly owned: Personalised;
	readonly nonceB: Buffer;
	readonly ro: Party;
	readonly sho1: Party;
	readonly pva: Party;
	readonly credential: { readonly k: Buffer; readonly opc: Buffer };
	/** PuKTRE. */
	readonly encryptKey: KeyObject;
	/** The device with an encryption key on P-256, in `requestedP256`. */
	readonly p256: { readonly treId: string; readonly nonceB: Buffer; readonly encryptKey: KeyObject };
}

const base64 = (octets: Uint8Array): string => Buffer.from(octets).toString("base64");
const octets = (text: string): Buffer => Buffer.from(text, "base64");

function trimmed(flash: FlashMemory): string {
	let end = flash.octets.length;
	while (end > 0 && flash.octets[end - 1] === 0xff) end--;
	return base64(flash.octets.subarray(0, end));
}

interface Device {
	readonly direct: DirectTre;
	readonly flash: FlashMemory;
	readonly image: () => string;
	readonly tre: ReturnType<typeof asClient>;
}

function blank(rootKey: Uint8Array): Device {
	const flash = new FlashMemory(defaultGeometry);
	const direct = new DirectTre(flash, rootKey);
	const tre = asClient(direct);
	return { direct, flash, tre, image: () => trimmed(flash) };
}

async function make(): Promise<Kept> {
	const rootKey = Buffer.alloc(32, 0x66);
	const { direct, tre, image: imageOf } = blank(rootKey);
	direct.call("makeKeys", {});
	const keyed = imageOf();
	const [ro, sho1] = [await TestOperator.make("ro.example"), await TestOperator.make("sho-1.example")];
	const pva = await makeRoot("pva.example", "rsa");
	const owned = await personalise(tre, pva, ro);
	const idle = imageOf();
	const { serial } = owned;
	direct.call("acceptBootstrap", changeBootstrap(owned, sho1, ro));
	const nonceB = await nonceBOf(tre, owned);
	const other = blank(rootKey);
	other.direct.call("makeKeyPairs", { encryption: 2 });
	const second = await personalise(other.tre, pva, ro);
	other.direct.call("acceptBootstrap", changeBootstrap(second, sho1, ro));
	const secondNonceB = await nonceBOf(other.tre, second);
	const kept = ({ key, certificate }: Party) => ({
		key: key.export({ type: "pkcs8", format: "pem" }).toString(),
		certificate: base64(certificate),
	});
	const { k, opc } = ro.subscriber(owned.imsi);
	return {
		...{ rootKey: base64(rootKey), nonceB: base64(nonceB), credential: { k, opc } },
		p256: { treId: second.treId, certEncrypt: base64(second.certEncrypt), nonceB: base64(secondNonceB) },
		images: { keyed, idle, requested: imageOf(), requestedP256: other.image() },
		owned: { ...owned, serial, certSign: base64(owned.certSign), certEncrypt: base64(owned.certEncrypt) },
		parties: { ro: kept(ro.root), sho1: kept(sho1.root), pva: kept(pva) },
	};
}

const party = ({ key, certificate }: { key: string; certificate: string }): Party => ({
	key: createPrivateKey(key),
	certificate: octets(certificate),
});

function image(text: string): Uint8Array {
	const flash = new FlashMemory(defaultGeometry);
	flash.octets.set(octets(text));
	return flash.octets;
}

/** The kept world; made where there is none yet. */
export async function fuzzWorld(): Promise<FuzzWorld> {
	if (!existsSync(path)) {
		mkdirSync(dirname(path), { recursive: true });
		writeFileSync(path, `${JSON.stringify(await make(), null, "\t")}\n`);
	}
	const kept = JSON.parse(readFileSync(path, "utf8")) as Kept;
	const { owned, images, parties, credential } = kept;
	const certEncrypt = octets(owned.certEncrypt);
	return {
		rootKey: octets(kept.rootKey),
		nonceB: octets(kept.nonceB),
		images: {
			...{ keyed: image(images.keyed), idle: image(images.idle) },
			...{ requested: image(images.requested), requestedP256: image(images.requestedP256) },
		},
		owned: { ...owned, certEncrypt, certSign: octets(owned.certSign) },
		...{ ro: party(parties.ro), sho1: party(parties.sho1), pva: party(parties.pva) },
		credential: { k: Buffer.from(credential.k, "hex"), opc: Buffer.from(credential.opc, "hex") },
		encryptKey: new X509Certificate(certEncrypt).publicKey,
		p256: {
			...{ treId: kept.p256.treId, nonceB: octets(kept.p256.nonceB) },
			encryptKey: new X509Certificate(octets(kept.p256.certEncrypt)).publicKey,
		},
	};
}
