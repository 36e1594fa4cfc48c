import { OctetReader } from "../octet-reader.ts";
import { PushError, type PushRefusal } from "./error.ts";
import { dmBootstraps, MAC, SEC, type SecurityMethod, securityMethods, wellKnownMedia } from "./media.ts";

/** A connectionless WSP Push (WAP-230 clause 8.2.4.1). */
export interface Push {
	/** Transaction id, 0 … 255. */
	readonly tid: number;
	readonly contentType: string;
	readonly sec?: SecurityMethod;
	/** 40 upper-case hex digits. */
	readonly mac?: string;
	readonly body: Uint8Array;
}

const PUSH = 0x06;
const LENGTH_QUOTE = 31;
const SHORT = 0x80;
/** The next octet is a code page of headers; an octet of at most LENGTH_QUOTE is one by itself. */
const SHIFT = 0x7f;
const MAX_HEADERS = 1024;

function uintvar(value: number): number[] {
	const octets = [value & 0x7f];
	for (let rest = value >>> 7; rest > 0; rest >>>= 7) octets.unshift((rest & 0x7f) | 0x80);
	return octets;
}

const text = (value: string): number[] => [...Buffer.from(value, "latin1"), 0];

function media(contentType: string): number[] {
	for (const [number, name] of wellKnownMedia) if (name === contentType) return [SHORT | number];
	return text(contentType);
}

export function encodePush({ tid, contentType, sec, mac, body }: Push): Buffer {
	const parameters = [
		...(sec === undefined ? [] : [SHORT | SEC, SHORT | securityMethods.indexOf(sec)]),
		...(mac === undefined ? [] : [SHORT | MAC, ...text(mac)]),
	];
	const type = media(contentType);
	const value = [...type, ...parameters];
	const length = value.length < LENGTH_QUOTE ? [value.length] : [LENGTH_QUOTE, ...uintvar(value.length)];
	// Alone, a media type stands without a length (WSP, Constrained-media).
	const header = parameters.length === 0 ? type : [...length, ...value];
	return Buffer.concat([Buffer.from([tid & 0xff, PUSH, ...uintvar(header.length), ...header]), body]);
}

class PushReader extends OctetReader<PushRefusal> {
	refuse(refusal: PushRefusal, at = this.at): never {
		throw new PushError(refusal, at);
	}

	uintvar(): number {
		const from = this.at;
		let value = 0;
		for (let count = 0; count < 4; count++) {
			const octet = this.octet();
			value = value * 128 + (octet & 0x7f);
			if ((octet & SHORT) === 0) return value;
		}
		return this.refuse("integer", from);
	}

	/** Text up to its NUL; a quote in front of a first octet above 127 does not belong to it. `any`: of whatever letters. */
	text(any = false): string {
		const from = this.at;
		const end = this.octets.subarray(0, this.end).indexOf(0, from);
		if (end < 0) return this.refuse("end-of-input", this.end);
		this.at = end + 1;
		const start = this.octets[from] === 0x7f ? from + 1 : from;
		const value = Buffer.from(this.octets.subarray(start, end)).toString("latin1");
		if (!any && /[^\x20-\x7e]/.test(value)) this.refuse("header", from);
		return value;
	}

	/** A part of that length, to be read on its own. */
	part(length: number): PushReader {
		this.take(length);
		return new PushReader(this.octets, this.at - length, this.at);
	}
}

function readMedia(reader: PushReader): string {
	const from = reader.at;
	if ((reader.peek() & SHORT) === 0) return reader.text();
	const known = wellKnownMedia.get(reader.octet() & 0x7f);
	return known ?? reader.refuse("content-type", from);
}

interface Parameters {
	sec?: SecurityMethod;
	mac?: string;
}

/** A parameter's name: a number, or a word (WAP-230 clause 8.4.2.4). */
function readName(reader: PushReader): number | string {
	return (reader.peek() & SHORT) === 0 ? reader.text().toUpperCase() : reader.octet() & 0x7f;
}

/** A value of whatever form: an integer, or text, which may stand behind a quote. */
function readValue(reader: PushReader): number | string {
	const first = reader.peek();
	if ((first & SHORT) !== 0) return reader.octet() & 0x7f;
	if (first > LENGTH_QUOTE) return reader.text(true).replace(/^"/, "");
	reader.octet();
	const octets = reader.take(first === LENGTH_QUOTE ? reader.uintvar() : first);
	return octets.reduce((value, octet) => value * 256 + octet, 0);
}

const isNamed = (name: number | string, number: number, word: string): boolean => name === number || name === word;

/** SEC and MAC; whatever else a content type has (a charset, a name) says nothing here. */
function readParameters(reader: PushReader): Parameters {
	const found: Parameters = {};
	while (!reader.finished) {
		const from = reader.at;
		const name = readName(reader);
		const value = readValue(reader);
		if (isNamed(name, SEC, "SEC") && found.sec === undefined) {
			found.sec = securityMethods[Number(value)] ?? reader.refuse("parameter", from);
		} else if (isNamed(name, MAC, "MAC") && found.mac === undefined) {
			const mac = String(value);
			found.mac = /^[0-9A-Fa-f]{40}$/.test(mac) ? mac.toUpperCase() : reader.refuse("parameter", from);
		}
	}
	return found;
}

/** Passes over a header that says nothing to this client, its name and its value, or over a change of code page. */
function skipHeader(reader: PushReader): void {
	const first = reader.peek();
	if (first === SHIFT) reader.take(2);
	else if (first <= LENGTH_QUOTE) reader.octet();
	else {
		readName(reader);
		readValue(reader);
	}
}

/** Reads a push; throws PushError for anything else. */
export function decodePush(octets: Uint8Array): Push {
	const reader = new PushReader(octets);
	const tid = reader.octet();
	if (reader.octet() !== PUSH) reader.refuse("not-a-push", 1);
	const length = reader.uintvar();
	if (length > MAX_HEADERS) reader.refuse("too-long");
	const headers = reader.part(length);
	const first = headers.peek();
	const general = first <= LENGTH_QUOTE;
	if (general) headers.octet();
	const value = general ? headers.part(first === LENGTH_QUOTE ? headers.uintvar() : first) : headers;
	const contentType = readMedia(value);
	// Those of the DM profile are others, and whoever refuses it needs none of them.
	const parameters = general && !dmBootstraps.includes(contentType) ? readParameters(value) : {};
	while (!headers.finished) skipHeader(headers);
	return { tid, contentType, ...parameters, body: reader.take(reader.left) };
}
