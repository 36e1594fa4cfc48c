import { createHash, sign } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Database } from "../database/database.ts";
import { tableOf } from "../database/table.ts";
import {
	type Identity,
	issueCertTre,
	issueLeaf,
	keyToPem,
	makeRoot,
	requestKeyHash,
	toPem,
} from "../shared/certificates.ts";
import { type Element, runElement } from "../shared/element.ts";
import { serveMutualTls } from "../shared/http.ts";
import { identityShape, keepIdentity } from "../shared/identity.ts";
import { Ports } from "../shared/ports.ts";
import { Refusal } from "../shared/refusal.ts";
import { Registry } from "../shared/registry.ts";
import { field, insist } from "../shared/shape.ts";
import { pvaMigrations } from "./migrations.ts";

/** Configuration file of a PVA (the TRE manufacturer, B.2.1). */
export interface PvaConfig {
	readonly pvaId: string;
	readonly folder: string;
	readonly registry: string;
}

/** A TRE that this PVA certified: base64 of both certificates, and SHA-256 of both requests. */
interface Certified {
	readonly treId: string;
	readonly certSign: string;
	readonly certEncrypt: string;
	readonly requests: readonly string[];
	readonly revoked: boolean;
}

const certifiedShape = tableOf<Certified>().keyed("certified", "treId", {
	...{ certSign: "text", certEncrypt: "text", requests: "json", revoked: "boolean" },
});

/** PKCS#10 requests, base64. */
interface CertifyRequest {
	readonly treId: string;
	readonly signRequest: string;
	readonly encryptRequest: string;
}

const sha256Hex = (octets: Uint8Array): string => createHash("sha256").update(octets).digest("hex");

const request = field.base64(1, 4096);

/** A request that is none, or not what it says, is whoever sent it's to mend. */
async function reading<T>(run: () => Promise<T> | T): Promise<T> {
	try {
		return await run();
	} catch (error) {
		throw error instanceof Refusal ? error : new Refusal("malformed-request", (error as Error).message, 400);
	}
}

const requestsOf = ({ signRequest, encryptRequest }: CertifyRequest): string[] =>
	[signRequest, encryptRequest].map((one) => requestKeyHash(Buffer.from(one, "base64")));

const certificatesOf = ({ certSign, certEncrypt }: Certified) => ({ certSign, certEncrypt });

async function certify(root: Identity, body: CertifyRequest): Promise<Certified> {
	const { treId } = body;
	const sign = await issueCertTre(root, Buffer.from(body.signRequest, "base64"), treId, "sign");
	const encrypt = await issueCertTre(root, Buffer.from(body.encryptRequest, "base64"), treId, "encrypt");
	return {
		treId,
		certSign: sign.toString("base64"),
		certEncrypt: encrypt.toString("base64"),
		requests: requestsOf(body),
		revoked: false,
	};
}

/** Platform validation authority: certifies TREs and answers for them. */
export async function startPva(config: PvaConfig): Promise<Element> {
	const database = await Database.open({ folder: config.folder, name: "pva", migrations: pvaMigrations });
	const identities = await database.collection(identityShape);
	const certified = await database.collection(certifiedShape);
	const registry = new Registry(config.registry);
	const host = `api.${config.pvaId}`;

	const keep = (name: string, make: () => Promise<Identity>) => keepIdentity(identities, name, make);
	const root = await keep("root", () => makeRoot(config.pvaId, "rsa"));
	const server = await keep("server", () => issueLeaf(root, host, [host], "server"));
	// The factory station's own leaf, handed over as files: a key has no place in a report.
	const station = await keep("station", () => issueLeaf(root, config.pvaId, [host], "client"));
	const stationKey = join(config.folder, "station.key");
	const stationCertificate = join(config.folder, "station.pem");
	writeFileSync(stationKey, keyToPem(station.key), { mode: 0o600 });
	writeFileSync(stationCertificate, toPem(station.certificate));

	const contracted = () => [
		...registry.content.operators.map((entry) => ({ name: entry.shoId, certificate: entry.certificate })),
		{ name: config.pvaId, certificate: toPem(root.certificate) },
	];
	const api = await serveMutualTls(
		{
			"POST /certify": async (body: CertifyRequest, caller: string) => {
				if (caller !== config.pvaId) throw new Refusal("not-the-factory", "only the factory certifies", 403);
				insist(body, { treId: field.treId, signRequest: request, encryptRequest: request });
				// Asked again it gives what it gave: the answer may have been lost.
				const known = certified.get(body.treId);
				if (known && known.requests.join() !== (await reading(() => requestsOf(body))).join()) {
					throw new Refusal("tre-known", `${body.treId} was certified for other requests`);
				}
				const issued = known ?? certified.put(body.treId, await reading(() => certify(root, body)));
				return { ...certificatesOf(issued), certPva: root.certificate.toString("base64") };
			},
			"POST /issued": (body: { treId: string }, caller: string) => {
				if (caller !== config.pvaId) throw new Refusal("not-the-factory", "only the factory asks", 403);
				insist(body, { treId: field.treId });
				const known = certified.get(body.treId);
				if (!known) throw new Refusal("tre-unknown", `no TRE ${body.treId} was made`, 404);
				return certificatesOf(known);
			},
			"POST /wipe": (body: { treId: string; nonce: string }, caller: string) => {
				if (caller !== config.pvaId) throw new Refusal("not-the-factory", "only the factory wipes", 403);
				insist(body, { treId: field.treId, nonce: field.base64(32, 32) });
				if (!certified.get(body.treId)) throw new Refusal("tre-unknown", `no TRE ${body.treId} was made`, 404);
				// Its keys are about to be gone: nobody is to trust what carries its name from now on.
				certified.update(body.treId, { revoked: true });
				const signed = Buffer.concat([Buffer.from(`TRE-WIPE-1${body.treId}`), Buffer.from(body.nonce, "base64")]);
				return { signature: sign("sha256", signed, root.key).toString("base64") };
			},
			"POST /validate": (body: { treId: string; certificates: string[] }) => {
				insist(body, { treId: field.treId, certificates: field.listOf(field.sha256, 2) });
				const known = certified.get(body.treId);
				if (!known) return { trusted: false, reason: "no such TRE was made", revoked: false };
				if (known.revoked) return { trusted: false, reason: "the TRE is revoked", revoked: true };
				const hashes = [known.certSign, known.certEncrypt].map((one) => sha256Hex(Buffer.from(one, "base64")));
				const same = hashes.join() === body.certificates.join();
				return {
					trusted: same,
					reason: same ? "made and certified here" : "other certificates were issued",
					revoked: false,
				};
			},
		},
		server,
		contracted,
		{ ports: new Ports(config.folder), service: "api" },
		() => database.durable(),
	);
	return {
		addresses: {
			pvaId: config.pvaId,
			certificate: toPem(root.certificate),
			apiHost: host,
			apiAddress: api.address,
			stationKey,
			stationCertificate,
		},
		close: async () => {
			await api.close();
			await database.close();
		},
	};
}

runElement(startPva);
