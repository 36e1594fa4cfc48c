import { encodeWbxml } from "../wbxml/encode.ts";
import { WbxmlError } from "../wbxml/error.ts";
import { decodeWbxml } from "../wbxml/tree.ts";
import { readXml } from "../xml/tolerant.ts";
import { MAX_MESSAGE, type Message, messageOf, SyncmlError, treeOf, writeMessage } from "./message.ts";

/** A message of a DM session goes as WBXML, or as XML where a peer asks for it. */
export type MessageForm = "wbxml" | "xml";

export const messageForms: readonly MessageForm[] = ["wbxml", "xml"];

/** OMA DM 1.2.1, HTTP binding. */
export const contentTypes: Readonly<Record<MessageForm, string>> = {
	wbxml: "application/vnd.syncml.dm+wbxml",
	xml: "application/vnd.syncml.dm+xml",
};

/** The form that a content type names; clients that leave `dm` out are understood, too. */
export const formOf = (contentType: string | undefined): MessageForm | undefined => {
	const found = /^application\/vnd\.syncml(?:\.dm)?\+(wbxml|xml)(?:\s*;.*)?$/i.exec(contentType?.trim() ?? "");
	return found?.[1]?.toLowerCase() as MessageForm | undefined;
};

export const writeMessageIn = (form: MessageForm, message: Message): Buffer =>
	form === "xml" ? Buffer.from(writeMessage(message)) : encodeWbxml(treeOf(message));

/** Throws SyncmlError, XmlError or WbxmlError where it is no message of the form. */
export function readMessageIn(form: MessageForm, octets: Uint8Array): Message {
	if (form === "xml") return messageOf(readXml(octets, { maxLength: MAX_MESSAGE }));
	const { language, root } = decodeWbxml(octets, { maxLength: MAX_MESSAGE });
	if (language.name !== "SyncML") throw new SyncmlError(`a ${language.name} document is no SyncML message`);
	return messageOf(root);
}

/** The XML form, for people and for the evidence folder; undefined where it is no message. */
export function shownAsXml(form: MessageForm, octets: Uint8Array): string | undefined {
	if (form === "xml") return Buffer.from(octets).toString("utf8");
	try {
		return writeMessage(readMessageIn(form, octets));
	} catch (error) {
		if (error instanceof WbxmlError || error instanceof SyncmlError) return undefined;
		throw error;
	}
}
