import { canonicalXml, xml } from "../xml/canonical.ts";
import { child, childText, type XmlElement } from "../xml/element.ts";
import { readXml } from "../xml/tolerant.ts";

/** A SyncML 1.2 message as OMA DM 1.2.1 uses it. */
export interface Message {
	readonly sessionId: string;
	readonly msgId: number;
	readonly target: string;
	readonly source: string;
	/** User name that goes with `cred`. */
	readonly locName?: string;
	/** Where the answer goes, where that is another place than before. */
	readonly respUri?: string;
	/** base64 of the syncml:auth-md5 digest. */
	readonly cred?: string;
	readonly commands: readonly Command[];
	readonly final: boolean;
}

export interface Item {
	readonly source?: string;
	readonly target?: string;
	readonly format?: string;
	readonly type?: string;
	readonly data?: string;
}

export interface Status {
	readonly name: "Status";
	/** Any text, as the DTD has it. */
	readonly cmdId: string;
	readonly msgRef: number;
	readonly cmdRef: string;
	readonly cmd: string;
	readonly code: number;
	/** base64 of the nonce for the peer's next credential. */
	readonly nextNonce?: string;
}

export interface Alert {
	readonly name: "Alert";
	/** Any text, as the DTD has it. */
	readonly cmdId: string;
	readonly code: number;
	readonly items: readonly Item[];
}

export interface NodeCommand {
	readonly name: "Add" | "Replace" | "Exec" | "Get" | "Delete";
	/** Any text, as the DTD has it. */
	readonly cmdId: string;
	readonly items: readonly Item[];
}

/** A command of SyncML that this project does not carry out: it is answered with a status of its own. */
export interface OtherCommand {
	readonly name: "Other";
	readonly cmdId: string;
	/** Its element: Results, Atomic, Put… */
	readonly element: string;
}

export type Command = Status | Alert | NodeCommand | OtherCommand;

/** What a status calls a command. */
export const elementOf = (command: Command): string => (command.name === "Other" ? command.element : command.name);

/** The header of a message, as a status refers to it. */
export const HEADER_REF = "0";

export class SyncmlError extends Error {}

/** Status codes of DM 1.2.1 that this project uses. */
export const status = {
	ok: 200,
	accepted: 202,
	authenticated: 212,
	badRequest: 400,
	invalidCredentials: 401,
	notFound: 404,
	notSupported: 406,
	missingCredentials: 407,
	commandFailed: 500,
} as const;

export const alerts = { clientInitiated: 1201, generic: 1226 } as const;

const METINF = { xmlns: "syncml:metinf" };
/** Octets of a message. */
export const MAX_MESSAGE = 65_536;

const location = (name: string, uri: string): XmlElement => xml(name, [xml("LocURI", uri)]);

function itemXml(item: Item): XmlElement {
	const meta = [
		...(item.format ? [xml("Format", item.format, METINF)] : []),
		...(item.type ? [xml("Type", item.type, METINF)] : []),
	];
	return xml("Item", [
		...(item.target ? [location("Target", item.target)] : []),
		...(item.source ? [location("Source", item.source)] : []),
		...(meta.length > 0 ? [xml("Meta", meta)] : []),
		...(item.data === undefined ? [] : [xml("Data", item.data)]),
	]);
}

const md5Meta = (...more: XmlElement[]): XmlElement =>
	xml("Meta", [xml("Format", "b64", METINF), xml("Type", "syncml:auth-md5", METINF), ...more]);

function commandXml(command: Command): XmlElement {
	const head = xml("CmdID", command.cmdId);
	switch (command.name) {
		case "Status":
			return xml("Status", [
				head,
				xml("MsgRef", String(command.msgRef)),
				xml("CmdRef", command.cmdRef),
				xml("Cmd", command.cmd),
				...(command.nextNonce ? [xml("Chal", [md5Meta(xml("NextNonce", command.nextNonce, METINF))])] : []),
				xml("Data", String(command.code)),
			]);
		case "Alert":
			return xml("Alert", [head, xml("Data", String(command.code)), ...command.items.map(itemXml)]);
		case "Other":
			return xml(command.element, [head]);
		default:
			return xml(command.name, [head, ...command.items.map(itemXml)]);
	}
}

/** The elements of a message. */
export function treeOf(message: Message): XmlElement {
	const source = [xml("LocURI", message.source), ...(message.locName ? [xml("LocName", message.locName)] : [])];
	const header = xml("SyncHdr", [
		xml("VerDTD", "1.2"),
		xml("VerProto", "DM/1.2"),
		xml("SessionID", message.sessionId),
		xml("MsgID", String(message.msgId)),
		location("Target", message.target),
		xml("Source", source),
		...(message.respUri === undefined ? [] : [xml("RespURI", message.respUri)]),
		...(message.cred ? [xml("Cred", [md5Meta(), xml("Data", message.cred)])] : []),
	]);
	const body = xml("SyncBody", [...message.commands.map(commandXml), ...(message.final ? [xml("Final", "")] : [])]);
	return xml("SyncML", [header, body], { xmlns: "SYNCML:SYNCML1.2" });
}

/** The XML form of a message. */
export const writeMessage = (message: Message): string => canonicalXml(treeOf(message));

const number = (element: XmlElement, name: string): number => {
	const value = Number(childText(element, name));
	if (!Number.isInteger(value) || value < 0) throw new SyncmlError(`<${element.name}> without a number in ${name}`);
	return value;
};

const words = (element: XmlElement, name: string): string => {
	const value = short(childText(element, name)?.trim());
	if (!value) throw new SyncmlError(`<${element.name}> without ${name}`);
	return value;
};

function inside(element: XmlElement, ...path: string[]): string | undefined {
	let at: XmlElement | undefined = element;
	for (const name of path) at = at && child(at, name);
	return at?.text;
}

/** What goes back with the answer: nobody needs a longer one. */
const MAX_NAME = 512;

function short(text: string | undefined): string | undefined {
	if (text !== undefined && text.length > MAX_NAME) throw new SyncmlError(`a name of ${text.length} characters`);
	return text;
}

const readItem = (element: XmlElement): Item => ({
	source: inside(element, "Source", "LocURI"),
	target: inside(element, "Target", "LocURI"),
	format: inside(element, "Meta", "Format"),
	type: inside(element, "Meta", "Type"),
	data: childText(element, "Data"),
});

function readCommand(element: XmlElement): Command {
	const cmdId = words(element, "CmdID");
	const items = element.children.filter((entry) => entry.name === "Item").map(readItem);
	switch (element.name) {
		case "Status":
			return {
				name: "Status",
				cmdId,
				msgRef: number(element, "MsgRef"),
				cmdRef: words(element, "CmdRef"),
				cmd: childText(element, "Cmd") ?? "",
				code: number(element, "Data"),
				nextNonce: inside(element, "Chal", "Meta", "NextNonce"),
			};
		case "Alert":
			return { name: "Alert", cmdId, code: number(element, "Data"), items };
		case "Add":
		case "Replace":
		case "Exec":
		case "Get":
		case "Delete":
			return { name: element.name, cmdId, items };
		default:
			return { name: "Other", cmdId, element: element.name };
	}
}

/** Reads the XML form of a message. */
export const readMessage = (text: string | Uint8Array): Message => messageOf(readXml(text, { maxLength: MAX_MESSAGE }));

/** Reads a message out of its elements. */
export function messageOf(root: XmlElement): Message {
	const header = child(root, "SyncHdr");
	const body = child(root, "SyncBody");
	if (root.name !== "SyncML" || !header || !body) throw new SyncmlError("no SyncML message");
	const respUri = short(childText(header, "RespURI"));
	return {
		sessionId: short(childText(header, "SessionID")) ?? "",
		msgId: number(header, "MsgID"),
		target: short(inside(header, "Target", "LocURI")) ?? "",
		source: short(inside(header, "Source", "LocURI")) ?? "",
		locName: short(inside(header, "Source", "LocName")),
		...(respUri === undefined ? {} : { respUri }),
		cred: inside(header, "Cred", "Data"),
		commands: body.children.filter((entry) => entry.name !== "Final").map(readCommand),
		final: child(body, "Final") !== undefined,
	};
}

/** Nodes of the management tree that the 3GPP text names, and network parameters. */
export const nodes = {
	m2mm: "./M2M/M2MMobj",
	m2mmcim: "./M2M/M2MMCIMMobj",
	install: "./M2M/M2MMCIMMobj/Install",
	receipt: "./M2M/Receipt",
	nap: "./NAP",
} as const;
