import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import {
	fromPem,
	type Identity,
	issueCertTre,
	issueLeaf,
	keyFromPem,
	keyToPem,
	makeRoot,
	toPem,
} from "../shared/certificates.ts";
import { Database } from "../shared/database.ts";
import { type Element, runElement } from "../shared/element.ts";
import { Refusal, serveMutualTls } from "../shared/http.ts";
import { Registry } from "../shared/registry.ts";

/** Configuration file of a PVA (the TRE manufacturer, B.2.1). */
export interface PvaConfig {
	readonly pvaId: string;
	readonly folder: string;
	readonly registry: string;
}

/** A TRE that this PVA certified: SHA-256 of both certificates, hex. */
interface Certified {
	readonly treId: string;
	readonly certificates: readonly string[];
	readonly revoked: boolean;
}

const sha256Hex = (octets: Uint8Array): string => createHash("sha256").update(octets).digest("hex");

/** Platform validation authority: certifies TREs and answers for them. */
export async function startPva(config: PvaConfig): Promise<Element> {
	const database = new Database(`${config.folder}/pva.db`);
	const identities = database.collection<{ key: string; certificate: string }>("identity");
	const certified = database.collection<Certified>("certified");
	const registry = new Registry(config.registry);
	const host = `api.${config.pvaId}`;

	const keep = async (name: string, make: () => Promise<Identity>): Promise<Identity> => {
		const kept = identities.get(name);
		if (kept) return { key: keyFromPem(kept.key), certificate: fromPem(kept.certificate) };
		const made = await make();
		identities.put(name, { key: keyToPem(made.key), certificate: toPem(made.certificate) });
		return made;
	};
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
			"POST /certify": async (body: { treId: string; signRequest: string; encryptRequest: string }, caller: string) => {
				if (caller !== config.pvaId) throw new Refusal("not-the-factory", "only the factory certifies", 403);
				const sign = await issueCertTre(root, Buffer.from(body.signRequest, "base64"), body.treId, "sign");
				const encrypt = await issueCertTre(root, Buffer.from(body.encryptRequest, "base64"), body.treId, "encrypt");
				certified.put(body.treId, {
					treId: body.treId,
					certificates: [sha256Hex(sign), sha256Hex(encrypt)],
					revoked: false,
				});
				return {
					certSign: sign.toString("base64"),
					certEncrypt: encrypt.toString("base64"),
					certPva: root.certificate.toString("base64"),
				};
			},
			"POST /validate": (body: { treId: string; certificates: string[] }) => {
				const known = certified.get(body.treId);
				if (!known) return { trusted: false, reason: "no such TRE was made", revoked: false };
				if (known.revoked) return { trusted: false, reason: "the TRE is revoked", revoked: true };
				const same = known.certificates.join() === body.certificates.join();
				return {
					trusted: same,
					reason: same ? "made and certified here" : "other certificates were issued",
					revoked: false,
				};
			},
		},
		server,
		contracted,
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
			database.close();
		},
	};
}

runElement(startPva);
