import type { KeyObject } from "node:crypto";
import {
	M2M_NAMESPACE,
	type ReceiptState,
	receiptStates,
	treInfoFields,
} from "../../../firmware/contract/documents.ts";
import { openEnveloped, signEnveloped } from "../dsig/signature.ts";
import { canonicalXml, xml } from "../xml/canonical.ts";
import { attribute, child, type XmlElement } from "../xml/element.ts";
import { readSignedXml } from "../xml/strict.ts";

export class ManagementObjectError extends Error {}

/** M2MMobj (B.2.3.4 II). */
export interface M2mm {
	readonly treInfo: Readonly<Record<(typeof treInfoFields)[number], string>>;
	readonly treId: string;
	readonly nonceA: Buffer;
	readonly nonceB: Buffer;
	readonly rootHash: Buffer;
	readonly accountHash: Buffer;
}

/** The TRE's signed word on where it stands. */
export interface Receipt {
	readonly treId: string;
	readonly state: ReceiptState;
	readonly currentRoot: Buffer;
	/** 64 hex digits. */
	readonly reign: string;
	readonly serial: number;
	readonly nonceB: Buffer;
	readonly mcimId: Buffer;
	readonly challenge: Buffer;
}

/** Insists on the root, its namespace, and exactly these children in this order. */
function fields(text: string, root: string, names: readonly string[]): XmlElement {
	const element = readSignedXml(text);
	const found = element.children.map((entry) => entry.name).join(" ");
	if (element.name !== root || attribute(element, "xmlns") !== M2M_NAMESPACE || found !== names.join(" ")) {
		throw new ManagementObjectError(`not a ${root}: <${element.name}> with ${found}`);
	}
	return element;
}

const text = (element: XmlElement, name: string): string => child(element, name)?.text ?? "";
const octets = (element: XmlElement, name: string): Buffer => Buffer.from(text(element, name), "base64");

/** Verifies under CertTRE's key, then reads. */
export function readM2mm(signed: string, key: KeyObject): M2mm {
	const element = fields(openEnveloped(signed, key), "M2MM", [
		"TREInfo",
		"TREId",
		"NonceA",
		"NonceB",
		"RootHash",
		"AccountHash",
	]);
	const info = child(element, "TREInfo");
	return {
		treInfo: Object.fromEntries(treInfoFields.map((name) => [name, info ? text(info, name) : ""])) as M2mm["treInfo"],
		treId: text(element, "TREId"),
		nonceA: octets(element, "NonceA"),
		nonceB: octets(element, "NonceB"),
		rootHash: octets(element, "RootHash"),
		accountHash: octets(element, "AccountHash"),
	};
}

/** Verifies under CertTRE's key, then reads. */
export function readReceipt(signed: string, key: KeyObject): Receipt {
	const names = ["TREId", "State", "CurrentRoot", "Reign", "Serial", "NonceB", "McimId", "Challenge"];
	const element = fields(openEnveloped(signed, key), "TREReceipt", names);
	const state = text(element, "State") as ReceiptState;
	if (!receiptStates.includes(state)) throw new ManagementObjectError(`receipt of an unknown state: ${state}`);
	return {
		treId: text(element, "TREId"),
		state,
		currentRoot: octets(element, "CurrentRoot"),
		reign: text(element, "Reign"),
		serial: Number(text(element, "Serial")),
		nonceB: octets(element, "NonceB"),
		mcimId: octets(element, "McimId"),
		challenge: octets(element, "Challenge"),
	};
}

/** M2MMCIMMobj (B.2.3.4 V), signed by the new SHO. */
export function writeM2mmcim(nonceB: Uint8Array, protectedMcim: Uint8Array, key: KeyObject): string {
	const content = [
		xml("NonceB", Buffer.from(nonceB).toString("base64")),
		xml("ProtectedMCIM", Buffer.from(protectedMcim).toString("base64")),
	];
	return signEnveloped(canonicalXml(xml("M2MMCIM", content, { xmlns: M2M_NAMESPACE })), key);
}
