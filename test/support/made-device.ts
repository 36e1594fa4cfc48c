import "reflect-metadata";
import {
	createHash,
	generateKeyPairSync,
	type KeyObject,
	type KeyPairKeyObjectResult,
	webcrypto,
	X509Certificate,
} from "node:crypto";
import * as x509 from "@peculiar/x509";
import type { Device } from "../../hil/network/operator/records.ts";
import { newReleaseCode } from "../../hil/network/operator/registration/release-code.ts";
import { type Identity, issueCertTre, toPem } from "../../hil/network/shared/certificates.ts";
import type { PvaEntry } from "../../hil/network/shared/registry.ts";

/** What goes with a device to its owner, and what its operator has in its register. */
export interface MadeDevice {
	readonly treId: string;
	/** base64 */
	readonly certSign: string;
	readonly certEncrypt: string;
	readonly releaseCode: string;
	readonly releaseHash: string;
	/** The key that its TRE would sign with. */
	readonly key: KeyObject;
}

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const der = { format: "der" } as const;

async function requestOf({ privateKey, publicKey }: KeyPairKeyObjectResult, treId: string): Promise<Uint8Array> {
	const { subtle } = webcrypto;
	const keys = {
		privateKey: await subtle.importKey("pkcs8", privateKey.export({ type: "pkcs8", ...der }), algorithm, true, [
			"sign",
		]),
		publicKey: await subtle.importKey("spki", publicKey.export({ type: "spki", ...der }), algorithm, true, ["verify"]),
	};
	const request = await x509.Pkcs10CertificateRequestGenerator.create({
		name: `CN=${treId}`,
		keys: keys as never,
		signingAlgorithm: algorithm,
	});
	return new Uint8Array(request.rawData);
}

/** A TRE as its papers say it, certified under a PVA of the test's. */
export async function madeDevice(pva: Identity): Promise<MadeDevice> {
	const sign = generateKeyPairSync("ec", { namedCurve: "P-256" });
	const encrypt = generateKeyPairSync("ec", { namedCurve: "P-256" });
	const spki = sign.publicKey.export({ type: "spki", ...der });
	const treId = createHash("sha256").update(spki).digest("hex").slice(0, 32);
	const signRequest = await requestOf(sign, treId);
	const encryptRequest = await requestOf(encrypt, treId);
	const { code, hash } = newReleaseCode();
	return {
		treId,
		certSign: (await issueCertTre(pva, signRequest, treId, "sign")).toString("base64"),
		certEncrypt: (await issueCertTre(pva, encryptRequest, treId, "encrypt")).toString("base64"),
		releaseCode: code,
		releaseHash: hash,
		key: sign.privateKey,
	};
}

/** As the register of the operator that serves it has it. */
export const servedDevice = ({ treId, certSign, certEncrypt, releaseHash }: MadeDevice, imsi: string): Device => ({
	...{ treId, certSign, certEncrypt, imsi, reign: "ab".repeat(32), serial: 0 },
	...{ bootstrapped: true, left: false, releaseCode: releaseHash },
});

/** A PVA of the test's in the registry; nobody asks it anything. */
export const pvaEntryOf = ({ certificate }: Identity): PvaEntry => {
	const pvaId = new X509Certificate(certificate).subject.replace("CN=", "");
	return { pvaId, certificate: toPem(certificate), api: { host: `api.${pvaId}`, address: "127.0.0.1:9" } };
};
