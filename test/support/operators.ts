import { createHash, randomBytes, X509Certificate } from "node:crypto";
import { crc32 } from "node:zlib";
import { lifeStates } from "../../firmware/contract/states.ts";
import { amfOf, makeVector, sqnOf } from "../../hil/network/operator/hss/vectors.ts";
import {
	type OfferedFirmware,
	type PreparedAccount,
	type PreparedMcim,
	prepareAccount,
	prepareMcim,
	prepareOffer,
} from "../../hil/network/operator/provisioning/objects.ts";
import type { Sequence, Subscriber as StoredSubscriber } from "../../hil/network/operator/records.ts";
import { type Identity, issueCertTre, makeRoot } from "../../hil/network/shared/certificates.ts";
import type { TreClient } from "../../host/tre/client.ts";
import { algorithmNumber, parseSignature, signDetached, splitEnveloped } from "../../host/wire/dsig/signature.ts";
import { readM2mm, writeM2mmcim } from "../../host/wire/management/objects.ts";
import { type Bootstrap, signBootstrap, splitBootstrap, writeBootstrap } from "../../host/wire/prov/bootstrap.ts";

export const sha256 = (octets: Uint8Array): Buffer => createHash("sha256").update(octets).digest();

const fallback = { seconds: 3600, boots: 3 };

/** A subscription, and the last SEQ that was given out. */
type Subscriber = StoredSubscriber & Sequence;

/** A UMTS authentication vector (TS 33.102 clause 6.3.2), hex. */
export interface Vector {
	readonly rand: string;
	readonly xres: string;
	readonly ck: string;
	readonly ik: string;
	readonly autn: string;
}

/** The vector behind the subscriber's last SEQ, with the IND of the first visited network. */
function nextVector(subscriber: Subscriber): { vector: Vector; seq: number } {
	const seq = subscriber.seq + 1;
	const credential = { k: Buffer.from(subscriber.k, "hex"), opc: Buffer.from(subscriber.opc, "hex") };
	const { rand, res, ck, ik, autn } = makeVector(credential, sqnOf(seq, 1), amfOf(false));
	const [randHex, xres, ckHex, ikHex, autnHex] = [rand, res, ck, ik, autn].map((one) => one.toString("hex")) as [
		...[string, string, string, string, string],
	];
	return { vector: { rand: randHex, xres, ck: ckHex, ik: ikHex, autn: autnHex }, seq };
}

/** An operator as a test plays it: real keys, real documents, no servers. */
export class TestOperator {
	readonly shoId: string;
	readonly root: Identity;
	readonly #subscribers = new Map<string, Subscriber>();

	private constructor(shoId: string, root: Identity) {
		this.shoId = shoId;
		this.root = root;
	}

	static async make(shoId: string, keyType: "rsa" | "ec" = "rsa"): Promise<TestOperator> {
		return new TestOperator(shoId, await makeRoot(shoId, keyType));
	}

	get rootHash(): Buffer {
		return sha256(this.root.certificate);
	}

	mcim(
		device: Personalised,
		imsi = `00101${String(crc32(this.shoId) % 1e6).padStart(6, "0")}${String(this.#subscribers.size).padStart(4, "0")}`,
		trial = fallback,
	): PreparedMcim & { imsi: string } {
		const prepared = prepareMcim({
			treId: device.treId,
			certificate: device.certEncrypt,
			issuer: this.rootHash,
			imsi,
			fallback: trial,
		});
		this.#subscribers.set(imsi, { imsi, k: prepared.k.toString("hex"), opc: prepared.opc.toString("hex"), seq: 0 });
		return { ...prepared, imsi };
	}

	account(device: Personalised) {
		return prepareAccount(device.treId, device.certEncrypt, this.rootHash, this.shoId);
	}

	subscriber(imsi: string): Subscriber {
		const subscriber = this.#subscribers.get(imsi);
		if (!subscriber) throw new Error(`no subscriber ${imsi}`);
		return subscriber;
	}

	setSeq(imsi: string, seq: number): void {
		this.#subscribers.set(imsi, { ...this.subscriber(imsi), seq });
	}

	vector(imsi: string): Vector {
		const { vector, seq } = nextVector(this.subscriber(imsi));
		this.setSeq(imsi, seq);
		return vector;
	}
}

/** A device after manufacture, and what its makers know. */
export interface Personalised {
	readonly treId: string;
	readonly certSign: Buffer;
	readonly certEncrypt: Buffer;
	reign: string;
	serial: number;
	imsi: string;
}

/** Manufacture (B.2.2.1) as the factory station does it, with the parties played here. */
export async function personalise(tre: TreClient, pva: Identity, ro: TestOperator): Promise<Personalised> {
	const { state } = await tre.call("status", {});
	const { treId } = state === lifeStates.keyed ? await tre.call("info", {}) : await tre.call("makeKeys", {});
	const certify = async (usage: 0 | 1) =>
		issueCertTre(
			pva,
			(await tre.call("certificateRequest", { usage })).request,
			treId,
			usage === 0 ? "sign" : "encrypt",
		);
	const device = { treId, certSign: await certify(0), certEncrypt: await certify(1), reign: "", serial: 0, imsi: "" };
	await tre.call("installCertificates", {
		sign: device.certSign,
		encrypt: device.certEncrypt,
		pva: pva.certificate,
		sho: ro.root.certificate,
	});
	const mcim = ro.mcim(device);
	await tre.call("installCredential", { object: mcim.object });
	device.imsi = mcim.imsi;
	device.reign = Buffer.from((await tre.call("lock", {})).reign).toString("hex");
	await authenticate(tre, ro, device.imsi);
	return device;
}

export async function authenticate(tre: TreClient, operator: TestOperator, imsi: string): Promise<void> {
	const vector = operator.vector(imsi);
	const answer = await tre.call("authenticate", {
		rand: Buffer.from(vector.rand, "hex"),
		autn: Buffer.from(vector.autn, "hex"),
	});
	if (answer.outcome !== 0 || Buffer.from(answer.res).toString("hex") !== vector.xres) throw new Error("AKA failed");
}

/** A signed bootstrap as the host hands it to the TRE. */
export interface BootstrapRequest {
	readonly document: Buffer;
	readonly algorithm: number;
	readonly signature: Buffer;
}

export function asRequest(sent: string): BootstrapRequest {
	const { document, signature } = splitBootstrap(sent);
	return {
		document: Buffer.from(document),
		algorithm: algorithmNumber[signature.algorithm],
		signature: signature.value,
	};
}

/** Any octets, signed by an operator as a bootstrap is, past every check of the host. */
export function signedOctets(document: string, signer: TestOperator): BootstrapRequest {
	const signature = parseSignature("detached", signDetached(document, signer.root.key));
	return {
		document: Buffer.from(document),
		algorithm: algorithmNumber[signature.algorithm],
		signature: signature.value,
	};
}

const nap = { napId: "NAP1", name: "nap", apn: "test.example" };

/** A change bootstrap from one operator to the next, signed by `signer`. */
export function changeBootstrap(
	device: Personalised,
	next: TestOperator,
	signer: TestOperator,
	override: Partial<Bootstrap> = {},
): BootstrapRequest & { account: PreparedAccount } {
	const account = next.account(device);
	const bootstrap: Bootstrap = {
		kind: "change",
		name: next.shoId,
		treId: device.treId,
		reign: device.reign,
		serial: ++device.serial,
		naps: [nap],
		change: {
			provUrl: `https://dpf.${next.shoId}/dm`,
			certificate: next.root.certificate,
			account: account.object,
			fallback,
		},
		...override,
	};
	return { ...asRequest(signBootstrap(writeBootstrap(bootstrap), signer.root.key).sent), account };
}

/** An offer of firmware by the current SHO; `parts`: in place of what it would protect. */
export function offerBootstrap(
	device: Personalised,
	current: TestOperator,
	firmware: OfferedFirmware,
	parts: { readonly offer?: Uint8Array; readonly account?: Uint8Array } = {},
): BootstrapRequest {
	const { treId, reign, certEncrypt } = device;
	const bootstrap: Bootstrap = {
		...{ kind: "update", name: current.shoId, treId, reign, serial: ++device.serial, naps: [nap] },
		update: {
			provUrl: `https://dpf.${current.shoId}/dm`,
			offer: parts.offer ?? prepareOffer(treId, certEncrypt, current.rootHash, firmware),
			account: parts.account ?? current.account(device).object,
		},
	};
	return asRequest(signBootstrap(writeBootstrap(bootstrap), current.root.key).sent);
}

export function enveloped(signed: string): BootstrapRequest {
	const { document, signature } = splitEnveloped(signed);
	return {
		document: Buffer.from(document),
		algorithm: algorithmNumber[signature.algorithm],
		signature: signature.value,
	};
}

/** nonceB of the open provisioning request, out of the TRE's signed M2MMobj. */
export async function nonceBOf(tre: TreClient, device: Personalised): Promise<Buffer> {
	const { document } = await tre.call("provisioningRequest", {});
	return readM2mm(Buffer.from(document).toString("utf8"), new X509Certificate(device.certSign).publicKey).nonceB;
}

/** M2MMCIMMobj of the new operator for the open request. */
export async function mcimObject(
	tre: TreClient,
	device: Personalised,
	next: TestOperator,
	{ signer = next, trial = fallback }: { readonly signer?: TestOperator; readonly trial?: typeof fallback } = {},
) {
	const mcim = next.mcim(device, undefined, trial);
	return { ...enveloped(writeM2mmcim(await nonceBOf(tre, device), mcim.object, signer.root.key)), mcim };
}

/** One whole change, from bootstrap to commit; the device then belongs to `next`. */
export async function change(
	tre: TreClient,
	device: Personalised,
	current: TestOperator,
	next: TestOperator,
): Promise<PreparedAccount> {
	const bootstrap = changeBootstrap(device, next, current);
	await tre.call("acceptBootstrap", bootstrap);
	const nonceB = await nonceBOf(tre, device);
	const object = await mcimObject(tre, device, next);
	await tre.call("acceptMcim", object);
	await tre.call("activate", {});
	await authenticate(tre, next, object.mcim.imsi);
	await tre.call("confirmConnectivity", {});
	device.imsi = object.mcim.imsi;
	device.reign = sha256(nonceB).toString("hex");
	device.serial = 0;
	return bootstrap.account;
}

export const randomOctets = (size: number): Buffer => randomBytes(size);
