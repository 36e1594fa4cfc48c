import { createHash, type KeyObject } from "node:crypto";
import { parseSignature, signDetached, type XmlSignature } from "../dsig/signature.ts";
import { type DmAccount, readAccount, writeAccount } from "./account.ts";
import {
	type Characteristic,
	characteristic,
	ofType,
	ProvisioningError,
	parm,
	parmValue,
	readProvisioning,
	writeProvisioning,
} from "./document.ts";

export type BootstrapKind = "initial" | "change" | "withdraw" | "application" | "update";

/** Network access point: the APN and how it is named. */
export interface Nap {
	readonly napId: string;
	readonly name: string;
	readonly apn: string;
}

/** NOTE Y: `off`, or how long and how many boots the new MCIM gets to find a network. */
export type Fallback = "off" | { readonly seconds: number; readonly boots: number };

/** What a DRF says in a bootstrap (documents.md, "Bootstrap"). */
export interface Bootstrap {
	readonly kind: BootstrapKind;
	/** SHO_id of the sender for `initial`, of the new SHO otherwise. */
	readonly name: string;
	readonly treId: string;
	/** 64 lower-case hex digits. */
	readonly reign: string;
	readonly serial: number;
	readonly naps: readonly Nap[];
	/** For KIND application only: accounts of the context of M2M applications. */
	readonly accounts?: readonly DmAccount[];
	/** For a change only. */
	readonly change?: {
		readonly provUrl: string;
		/** CertSHO[i+1], DER. */
		readonly certificate: Uint8Array;
		/** Protected DM account with nonceA. */
		readonly account: Uint8Array;
		readonly fallback: Fallback;
	};
	/** For KIND update only. */
	readonly update?: {
		/** DPF of the sender: a DM session there tells where the firmware lies. */
		readonly provUrl: string;
		/** Protected data of the tag `update`. */
		readonly offer: Uint8Array;
		/** Protected DM account for that session. */
		readonly account: Uint8Array;
	};
}

const SIGNATURE_CONFIG = "TRE-SIGNATURE";

const fallbackText = (fallback: Fallback): string =>
	fallback === "off" ? "off" : `on,${fallback.seconds},${fallback.boots}`;

const napdef = (nap: Nap): Characteristic =>
	characteristic(
		"NAPDEF",
		parm("NAPID", nap.napId),
		parm("NAME", nap.name),
		parm("BEARER", "GSM-GPRS"),
		parm("NAP-ADDRESS", nap.apn),
		parm("NAP-ADDRTYPE", "APN"),
	);

function changeParts(bootstrap: Bootstrap): Characteristic[] {
	const { change } = bootstrap;
	if (!change) return [];
	const thumbprint = createHash("sha1").update(change.certificate).digest("hex").toUpperCase();
	return [
		writeAccount({
			serverId: bootstrap.name,
			name: bootstrap.name,
			address: change.provUrl,
			napId: bootstrap.naps[0]?.napId ?? "INTERNET",
			init: true,
			// They are in ACCOUNT, for the TRE alone.
			credentials: [],
		}),
		characteristic(
			"CertificateStore",
			characteristic(
				"Root",
				characteristic(
					"System",
					characteristic(thumbprint, parm("EncodedCertificate", Buffer.from(change.certificate).toString("base64"))),
				),
			),
		),
	];
}

const base64 = (octets: Uint8Array): string => Buffer.from(octets).toString("base64");

/** What a change or an update has behind SERIAL. */
function treParms({ change, update }: Bootstrap) {
	if (change) return [parm("FALLBACK", fallbackText(change.fallback)), parm("ACCOUNT", base64(change.account))];
	return update ? [parm("OFFER", base64(update.offer)), parm("ACCOUNT", base64(update.account))] : [];
}

/** The octets that are signed, as text. */
export function writeBootstrap(bootstrap: Bootstrap): string {
	const provUrl = (bootstrap.change ?? bootstrap.update)?.provUrl;
	return writeProvisioning([
		characteristic("BOOTSTRAP", parm("NAME", bootstrap.name), ...(provUrl ? [parm("PROVURL", provUrl)] : [])),
		...bootstrap.naps.map(napdef),
		...(bootstrap.accounts ?? []).map(writeAccount),
		...changeParts(bootstrap),
		characteristic(
			"VENDORCONFIG",
			parm("NAME", "TRE"),
			parm("KIND", bootstrap.kind),
			parm("TRE-ID", bootstrap.treId),
			parm("REIGN", bootstrap.reign),
			parm("SERIAL", String(bootstrap.serial)),
			...treParms(bootstrap),
		),
	]);
}

const END = "</wap-provisioningdoc>";

const signaturePart = (signature: string): string =>
	`<characteristic type="VENDORCONFIG"><parm name="NAME" value="${SIGNATURE_CONFIG}"></parm><parm name="SIGNATURE" value="${Buffer.from(signature).toString("base64")}"></parm></characteristic>`;

/** Signs a bootstrap: the signed octets, the detached ds:Signature, and the document that is sent. */
export function signBootstrap(document: string, key: KeyObject): { document: string; signature: string; sent: string } {
	const signature = signDetached(document, key);
	return { document, signature, sent: attachSignature(document, signature) };
}

/** Appends the last characteristic, which the signature does not cover. */
export const attachSignature = (document: string, signature: string): string =>
	`${document.slice(0, -END.length)}${signaturePart(signature)}${END}`;

/** Takes a sent document apart; its last characteristic holds exactly NAME and SIGNATURE. */
export function splitBootstrap(sent: string): { document: string; signature: XmlSignature } {
	const characteristics = readProvisioning(sent);
	const last = characteristics.at(-1);
	const encoded = last && parmValue(last, "SIGNATURE");
	if (!last || !encoded || characteristics.length < 2) throw new ProvisioningError("the bootstrap is not signed");
	const signature = Buffer.from(encoded, "base64").toString("latin1");
	const document = writeProvisioning(characteristics.slice(0, -1));
	if (attachSignature(document, signature) !== sent) {
		throw new ProvisioningError(
			`the last characteristic is not a VENDORCONFIG of exactly NAME ${SIGNATURE_CONFIG} and SIGNATURE`,
		);
	}
	return { document, signature: parseSignature("detached", signature) };
}

/** What the host applies of an accepted bootstrap. */
export interface AppliedBootstrap {
	readonly kind: BootstrapKind;
	readonly naps: readonly Nap[];
	readonly provUrl?: string;
	readonly serverId?: string;
	/** Of KIND application. */
	readonly accounts: readonly DmAccount[];
}

/** Reads the octets that the TRE accepted. */
export function readBootstrap(document: string): AppliedBootstrap {
	const characteristics = readProvisioning(document);
	const config = ofType(characteristics, "VENDORCONFIG").find((entry) => parmValue(entry, "NAME") === "TRE");
	const kind = config && parmValue(config, "KIND");
	if (!kind) throw new ProvisioningError("the bootstrap has no KIND");
	const bootstrap = ofType(characteristics, "BOOTSTRAP")[0];
	const applications = ofType(characteristics, "APPLICATION");
	const application = applications.find((entry) => parmValue(entry, "APPID") === "w7");
	return {
		kind: kind as BootstrapKind,
		naps: ofType(characteristics, "NAPDEF").map((entry) => ({
			napId: parmValue(entry, "NAPID") ?? "",
			name: parmValue(entry, "NAME") ?? "",
			apn: parmValue(entry, "NAP-ADDRESS") ?? "",
		})),
		provUrl: bootstrap && parmValue(bootstrap, "PROVURL"),
		serverId: application && parmValue(application, "PROVIDER-ID"),
		accounts: kind === "application" ? applications.map(readAccount) : [],
	};
}
