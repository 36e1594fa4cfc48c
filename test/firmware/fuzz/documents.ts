import { randomBytes } from "node:crypto";
import { tags } from "../../../firmware/contract/documents.ts";
import { type Content, dataOf, protectData } from "../../../hil/network/operator/provisioning/envelope.ts";
import { algorithmNumber, type SignatureForm, signOctets } from "../../../host/wire/dsig/signature.ts";
import { writeBootstrap } from "../../../host/wire/prov/bootstrap.ts";
import { sha256 } from "../../support/operators.ts";
import type { FuzzWorld, Party } from "./world.ts";

/** Octets under the signature of a party, as a request carries them. */
export const signedRequest = (form: SignatureForm, document: Uint8Array, { key }: Party) => {
	const { algorithm, value } = signOctets(form, document, key);
	return { document, algorithm: algorithmNumber[algorithm], signature: value };
};

const nap = [{ napId: "NAP1", name: "nap", apn: "test.example" }];

/** A DM account in clear, with other fields where some are given. */
export function accountContent({ owned, sho1 }: FuzzWorld, change: Partial<AccountFields> = {}): Content {
	const [nonceA, nonce] = [randomBytes(16), randomBytes(16)];
	const fields = {
		...{ treId: owned.treId, rootHash: sha256(sho1.certificate), serverId: "sho-1.example", user: "user" },
		...{ clientNonce: nonce, serverNonce: nonce, nonceA, clientLength: 18, serverLength: 18 },
		...change,
	};
	return { tag: tags.account, version: 1, publicPart: Object.values(fields), secret: randomBytes(36) };
}

interface AccountFields {
	readonly rootHash: Buffer;
	readonly serverId: string;
	readonly user: string;
	readonly clientNonce: Buffer;
	readonly clientLength: number;
	readonly serverLength: number;
}

/** An MCIM in clear. */
export function mcimContent(treId: string, { sho1 }: FuzzWorld, change: Partial<McimFields> = {}): Content {
	const fields = {
		...{ treId, issuer: sha256(sho1.certificate), mcimId: randomBytes(16), imsi: "001010000000001" },
		...{ algorithm: "milenage", constants: [], fallback: [1, 60, 3], seq: 0, kLength: 16, opcLength: 16 },
		...change,
	};
	return { tag: tags.mcim, version: 1, publicPart: Object.values(fields), secret: randomBytes(32) };
}

interface McimFields {
	readonly imsi: string;
	readonly algorithm: string;
	readonly constants: readonly number[];
	readonly fallback: readonly number[];
	readonly kLength: number;
}

/** A change bootstrap around a DM account in clear. */
export function changeDocument(world: FuzzWorld, data: Uint8Array = dataOf(accountContent(world))): Buffer {
	const { owned, encryptKey, sho1 } = world;
	return Buffer.from(
		writeBootstrap({
			...{ kind: "change", name: "sho-1.example", treId: owned.treId, reign: owned.reign, naps: nap },
			serial: owned.serial + 1,
			change: {
				provUrl: "https://dpf.sho-1.example/dm",
				certificate: sho1.certificate,
				account: protectData(data, encryptKey),
				fallback: { seconds: 60, boots: 3 },
			},
		}),
	);
}

/** An offer of firmware in clear. */
export function offerContent({ owned, ro }: FuzzWorld, change: Partial<OfferFields> = {}): Content {
	const fields = {
		treId: owned.treId,
		root: sha256(ro.certificate),
		what: "firmware",
		digest: randomBytes(32),
		...change,
	};
	return { tag: tags.update, version: 65_536, publicPart: Object.values(fields), secret: new Uint8Array(0) };
}

interface OfferFields {
	readonly treId: string;
	readonly root: Buffer;
	readonly what: string;
	readonly digest: Buffer;
}

/** A bootstrap that offers firmware, around the offer in clear. */
export function updateDocument(world: FuzzWorld, data: Uint8Array = dataOf(offerContent(world))): Buffer {
	const { owned, encryptKey, ro } = world;
	const account = accountContent(world, { rootHash: sha256(ro.certificate), serverId: "ro.example" });
	return Buffer.from(
		writeBootstrap({
			...{ kind: "update", name: "ro.example", treId: owned.treId, reign: owned.reign, naps: nap },
			serial: owned.serial + 1,
			update: {
				provUrl: "https://dpf.ro.example/dm",
				offer: protectData(data, encryptKey),
				account: protectData(dataOf(account), encryptKey),
			},
		}),
	);
}

const otherDocument = ({ owned }: FuzzWorld, kind: "initial" | "withdraw"): string =>
	writeBootstrap({
		...{ kind, name: "ro.example", treId: owned.treId, reign: owned.reign, serial: owned.serial + 1 },
		...{ naps: kind === "initial" ? nap : [], change: undefined },
	});

const nested = (depth: number): string =>
	depth === 0 ? '<parm name="A"></parm>' : `<characteristic type="T${depth}">${nested(depth - 1)}</characteristic>`;

/** Bootstraps of every KIND, and edits of single values that mutation seldom hits. */
export function bootstrapDocuments(world: FuzzWorld): Buffer[] {
	const change = changeDocument(world).toString();
	const initial = otherDocument(world, "initial");
	const application = otherDocument(world, "withdraw")
		.replace("withdraw", "application")
		.replace(
			'<characteristic type="VENDORCONFIG">',
			`<characteristic type="APPLICATION">${nested(2)}</characteristic><characteristic type="VENDORCONFIG">`,
		);
	const serials = ["0", "01", "4294967295", "4294967296", "12345678901", "", "1a"].map((serial) =>
		initial.replace(/name="SERIAL" value="\d+"/, `name="SERIAL" value="${serial}"`),
	);
	const fallbacks = ["off", "on", "on,", "on,1", "on,1,", "on,0,1", "on,1,0", "on,x,1", "on,604801,1", "on,1,101"].map(
		(fallback) => change.replace(/name="FALLBACK" value="[^"]+"/, `name="FALLBACK" value="${fallback}"`),
	);
	const accounts = ["", "AA==", "AB==", "AAA=", "AAB=", "A===", "AA=A", "A A=", "\u007f"].map((account) =>
		change.replace(/name="ACCOUNT" value="[^"]+"/, `name="ACCOUNT" value="${account}"`),
	);
	const deep = [5, 6, 7, 8].map((depth) => application.replace(nested(2), nested(depth)));
	const kinds = ["other", "initial", "change"].map((kind) =>
		otherDocument(world, "withdraw").replace("withdraw", kind),
	);
	const others = [
		change.replace(/value="https:[^"]+"/, 'value="&amp;&lt;&quot;"'),
		change.replace(/value="https:[^"]+"/, 'value="&gt;"'),
		change.replace(/<characteristic type="[0-9A-F]{40}">/, '<characteristic type="AB">'),
		change.replace(/<characteristic type="[0-9A-F]{40}">/, '<characteristic type="zz">'),
		change.replace(/name="REIGN" value="[^"]+"/, 'name="REIGN" value="abc"'),
	];
	const update = updateDocument(world).toString();
	const offers = ["", "AA==", "A==="].map((offer) =>
		update.replace(/name="OFFER" value="[^"]+"/, `name="OFFER" value="${offer}"`),
	);
	const documents = [
		change,
		update,
		...offers,
		initial,
		otherDocument(world, "withdraw"),
		application,
		...kinds,
		...deep,
		...others,
	];
	return [...documents, ...serials, ...fallbacks, ...accounts].map((text) => Buffer.from(text));
}

/** The signed octets of M2MMCIM. */
export const mcimDocument = (nonceB: Uint8Array, object: Uint8Array): Buffer =>
	Buffer.from(
		`<M2MMCIM xmlns="urn:x-m2m:tre:1"><NonceB>${Buffer.from(nonceB).toString("base64")}</NonceB><ProtectedMCIM>${Buffer.from(object).toString("base64")}</ProtectedMCIM></M2MMCIM>`,
	);
