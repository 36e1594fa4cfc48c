import { OctetReader } from "../../../host/wire/octet-reader.ts";
import { Refused } from "../../../host/wire/refused.ts";
import { fromBcd, toBcd } from "./digits.ts";
import { type MessageKind, messageKinds, type Procedure, type ProcedureRow, procedures } from "./tables.ts";

/** An authentication vector (TS 33.102 clause 6.3.2), with the GSM one that follows from it where there is one. */
export interface Tuple {
	readonly rand: Buffer;
	readonly sres?: Buffer;
	readonly kc?: Buffer;
	readonly ik?: Buffer;
	readonly ck?: Buffer;
	readonly autn?: Buffer;
	readonly res?: Buffer;
}

/** An access point that the subscriber may use; "*" is any. */
export interface PdpInfo {
	readonly contextId: number;
	readonly apn?: string;
}

/** Where a short message comes from or goes to (SM-RP-OA, SM-RP-DA). Digits; `+` in front of an international number. */
export interface SmAddress {
	readonly kind: "imsi" | "msisdn" | "smsc" | "none";
	readonly digits: string;
}

/** A GSUP message: its fields are the information elements, which any procedure may carry. */
export interface Gsup {
	readonly procedure: Procedure;
	readonly kind: MessageKind;
	/** 5 to 15 digits. */
	readonly imsi: string;
	readonly cause?: number;
	/** Vectors that are wanted. */
	readonly vectors?: number;
	readonly auts?: Buffer;
	readonly rand?: Buffer;
	readonly tuples?: readonly Tuple[];
	readonly cancelType?: number;
	readonly freezePtmsi?: boolean;
	/** Empty where the subscriber has none. */
	readonly msisdn?: string;
	readonly pdpComplete?: boolean;
	readonly pdp?: readonly PdpInfo[];
	readonly domain?: number;
	readonly rat?: number;
	readonly smReference?: number;
	readonly smDestination?: SmAddress;
	readonly smOriginator?: SmAddress;
	/** A TPDU. */
	readonly smUi?: Buffer;
	readonly smCause?: number;
	readonly smMore?: number;
	readonly smAlertReason?: number;
	/** 14 digits. */
	readonly imei?: string;
	readonly imeiResult?: number;
	readonly messageClass?: number;
	readonly source?: string;
	readonly destination?: string;
}

export type GsupRefusal = "end-of-input" | "message-type" | "imsi" | "length" | "value" | "duplicate";

/** Octets that are no GSUP message, or one that cannot be read. */
export class GsupError extends Refused<GsupRefusal> {
	constructor(refusal: GsupRefusal, offset: number) {
		super("GSUP refused at octet", refusal, offset);
	}
}

type Field = Exclude<keyof Gsup, "procedure" | "kind" | "imsi">;

/** How an information element reads and writes its value. `read` answers undefined for one that makes no sense. */
interface Coding<T> {
	read(octets: Buffer): T | undefined;
	write(value: T): Uint8Array;
	/** Stands as often as there are values. */
	readonly repeated?: boolean;
}

const exact = (least: number, most = least): Coding<Buffer> => ({
	read: (octets) => (octets.length >= least && octets.length <= most ? octets : undefined),
	write: (value) => value,
});

const octet: Coding<number> = {
	read: (octets) => (octets.length === 1 ? octets[0] : undefined),
	write: (value) => Uint8Array.of(value),
};

/** Present or not; no value. */
const flag: Coding<boolean> = {
	read: (octets) => (octets.length === 0 ? true : undefined),
	write: () => new Uint8Array(0),
};

/** A name behind which a NUL stands. */
const text: Coding<string> = {
	read: (octets) => {
		const name = octets.at(-1) === 0 ? octets.subarray(0, -1).toString("latin1") : "";
		return /^[!-~]{1,64}$/.test(name) ? name : undefined;
	},
	write: (value) => Buffer.from(`${value}\0`, "latin1"),
};

/** Digits behind their length in octets. */
const counted = (fits: RegExp): Coding<string> => ({
	read: (octets) => {
		const digits = octets[0] === octets.length - 1 ? fromBcd(octets.subarray(1)) : undefined;
		return digits !== undefined && fits.test(digits) ? digits : undefined;
	},
	write: (digits) => {
		const bcd = toBcd(digits);
		return Buffer.concat([Uint8Array.of(bcd.length), bcd]);
	},
});

const smKinds: Readonly<Record<SmAddress["kind"], number>> = { imsi: 1, msisdn: 2, smsc: 3, none: 0xff };
const INTERNATIONAL = 0x91;
const UNKNOWN = 0x81;

/** kind(1), then an IMSI's digits, or type of number(1) and digits. */
const smAddress: Coding<SmAddress> = {
	read: (octets) => {
		const kind = (Object.keys(smKinds) as SmAddress["kind"][]).find((name) => smKinds[name] === octets[0]);
		if (kind === "none") return octets.length === 1 ? { kind, digits: "" } : undefined;
		const numbered = kind === "msisdn" || kind === "smsc";
		const digits = fromBcd(octets.subarray(numbered ? 2 : 1));
		if (kind === undefined || !digits || digits.length > 20) return undefined;
		if (!numbered) return { kind, digits };
		const type = octets[1];
		if (type !== INTERNATIONAL && type !== UNKNOWN) return undefined;
		return { kind, digits: type === INTERNATIONAL ? `+${digits}` : digits };
	},
	write: ({ kind, digits }) => {
		if (kind === "none") return Uint8Array.of(smKinds.none);
		if (kind === "imsi") return Buffer.concat([Uint8Array.of(smKinds.imsi), toBcd(digits)]);
		const type = digits.startsWith("+") ? INTERNATIONAL : UNKNOWN;
		return Buffer.concat([Uint8Array.of(smKinds[kind], type), toBcd(digits.replace("+", ""))]);
	},
};

/** An APN as labels, each behind its length (TS 23.003 clause 9.1). */
const apn: Coding<string> = {
	read: (octets) => {
		const labels: string[] = [];
		for (let at = 0; at < octets.length; ) {
			const length = octets[at] as number;
			if (length === 0 || at + 1 + length > octets.length) return undefined;
			labels.push(octets.subarray(at + 1, at + 1 + length).toString("latin1"));
			at += 1 + length;
		}
		const name = labels.join(".");
		return labels.some((label) => label.includes(".")) || !/^[!-~]{1,100}$/.test(name) ? undefined : name;
	},
	write: (name) =>
		Buffer.concat(
			name.split(".").map((label) => Buffer.concat([Uint8Array.of(label.length), Buffer.from(label, "latin1")])),
		),
};

/** Tag and coding of an information element. */
type Ie = readonly [tag: number, coding: Coding<never>];
const ie = <T>(tag: number, coding: Coding<T>): Ie => [tag, coding as Coding<never>];

/** Elements in an element. */
function nested<T extends object>(elements: Readonly<Record<string, Ie>>, needed: readonly (keyof T)[]): Coding<T> {
	const entries = Object.entries(elements);
	return {
		repeated: true,
		read: (octets) => {
			const found: Record<string, unknown> = {};
			for (let at = 0; at < octets.length; ) {
				const end = at + 2 + (octets[at + 1] ?? 256);
				if (end > octets.length) return undefined;
				const [name, [, coding] = []] = entries.find(([, [tag]]) => tag === octets[at]) ?? [];
				if (name !== undefined && coding) {
					const value = coding.read(Buffer.from(octets.subarray(at + 2, end)));
					if (value === undefined || name in found) return undefined;
					found[name] = value;
				}
				at = end;
			}
			return needed.every((name) => name in found) ? (found as T) : undefined;
		},
		write: (value) =>
			Buffer.concat(
				entries.flatMap(([name, [tag, coding]]) => {
					const field = (value as Record<string, unknown>)[name];
					return field === undefined ? [] : [element(tag, coding.write(field as never))];
				}),
			),
	};
}

const tuple = nested<Tuple>(
	{
		rand: ie(0x20, exact(16)),
		sres: ie(0x21, exact(4)),
		kc: ie(0x22, exact(8)),
		ik: ie(0x23, exact(16)),
		ck: ie(0x24, exact(16)),
		autn: ie(0x25, exact(16)),
		res: ie(0x27, exact(4, 16)),
	},
	["rand"],
);

const pdpInfo = nested<PdpInfo>({ contextId: ie(0x10, octet), apn: ie(0x12, apn) }, ["contextId"]);

/** Information elements, in the order in which they are written; the IMSI stands before all of them. */
const elements: Readonly<Record<Field, Ie>> = {
	cause: ie(0x02, octet),
	vectors: ie(0x52, octet),
	auts: ie(0x26, exact(14, 16)),
	rand: ie(0x20, exact(16)),
	tuples: ie(0x03, tuple),
	cancelType: ie(0x06, octet),
	freezePtmsi: ie(0x07, flag),
	msisdn: ie(0x08, counted(/^\d{0,15}$/)),
	pdpComplete: ie(0x04, flag),
	pdp: ie(0x05, pdpInfo),
	domain: ie(0x28, octet),
	rat: ie(0x2a, octet),
	smReference: ie(0x40, octet),
	smDestination: ie(0x41, smAddress),
	smOriginator: ie(0x42, smAddress),
	smUi: ie(0x43, exact(1, 176)),
	smCause: ie(0x44, octet),
	smMore: ie(0x45, octet),
	smAlertReason: ie(0x46, octet),
	imei: ie(0x50, counted(/^\d{14,16}$/)),
	imeiResult: ie(0x51, octet),
	messageClass: ie(0x0a, octet),
	source: ie(0x60, text),
	destination: ie(0x61, text),
};

const IMSI = 0x01;
const byTag = new Map(
	(Object.entries(elements) as [Field, Ie][]).map(([name, [tag, coding]]) => [tag, { name, coding }]),
);

function element(tag: number, value: Uint8Array): Buffer {
	if (value.length > 255) throw new GsupError("length", 0);
	return Buffer.concat([Uint8Array.of(tag, value.length), value]);
}

/** Octets of a message, without IPA. */
export function encodeGsup(message: Gsup): Buffer {
	const { procedure, kind, imsi } = message;
	const type = (procedures[procedure] as ProcedureRow)[kind];
	if (type === undefined) throw new GsupError("message-type", 0);
	const parts = (Object.entries(elements) as [Field, Ie][]).flatMap(([name, [tag, coding]]) => {
		const value = message[name];
		if (value === undefined || value === false) return [];
		const values = coding.repeated ? (value as readonly unknown[]) : [value];
		return values.map((one) => element(tag, coding.write(one as never)));
	});
	return Buffer.concat([Uint8Array.of(type), element(IMSI, toBcd(imsi)), ...parts]);
}

const byType = new Map(
	(Object.entries(procedures) as [Procedure, ProcedureRow][]).flatMap(([procedure, row]) =>
		messageKinds.flatMap((kind): [number, { procedure: Procedure; kind: MessageKind }][] => {
			const type = row[kind];
			return type === undefined ? [] : [[type, { procedure, kind }]];
		}),
	),
);

class GsupReader extends OctetReader<GsupRefusal> {
	refuse(refusal: GsupRefusal, at = this.at): never {
		throw new GsupError(refusal, at);
	}

	/** tag | length | value */
	element(): { tag: number; value: Buffer; at: number } {
		const at = this.at;
		const tag = this.octet();
		return { tag, value: Buffer.from(this.take(this.octet())), at };
	}
}

function readImsi(reader: GsupReader): string {
	const { tag, value, at } = reader.element();
	const imsi = fromBcd(value);
	if (tag !== IMSI || imsi === undefined || !/^\d{5,15}$/.test(imsi)) reader.refuse("imsi", at);
	return imsi as string;
}

/** Reads a message; throws GsupError for what is none. Elements that are not known are passed over. */
export function decodeGsup(octets: Uint8Array): Gsup {
	const reader = new GsupReader(octets);
	const head = byType.get(reader.octet()) ?? reader.refuse("message-type", 0);
	const imsi = readImsi(reader);
	const found: Record<string, unknown> = {};
	while (!reader.finished) {
		const { tag, value, at } = reader.element();
		const known = byTag.get(tag);
		if (!known) continue;
		const { name, coding } = known;
		const read = coding.read(value) ?? reader.refuse("value", at);
		if (coding.repeated) found[name] = [...((found[name] as unknown[]) ?? []), read];
		else if (name in found) reader.refuse("duplicate", at);
		else found[name] = read;
	}
	return { ...head, imsi, ...found } as Gsup;
}

/** What can be said of a message that cannot be read: enough to refuse it. */
function envelopeOf(octets: Uint8Array): { readonly type: number; readonly imsiElement?: Buffer } | undefined {
	if (octets.length === 0) return undefined;
	const type = octets[0] as number;
	const end = 3 + (octets[2] ?? 256);
	return octets[1] === IMSI && end <= octets.length
		? { type, imsiElement: Buffer.from(octets.subarray(1, end)) }
		: { type };
}

const KIND = 0x03;

/**
 * The refusal of a request that could not be read, with its IMSI as it stood; undefined for what asks for nothing:
 * an answer gets no answer.
 */
export function refusalOf(octets: Uint8Array, cause: number): Buffer | undefined {
	const envelope = envelopeOf(octets);
	if (!envelope || (envelope.type & KIND) !== 0) return undefined;
	const imsi = envelope.imsiElement ?? Buffer.alloc(0);
	return Buffer.concat([Uint8Array.of(envelope.type | 1), imsi, element(elements.cause[0], Uint8Array.of(cause))]);
}
