import { Refusal } from "./refusal.ts";

/** Says why a value is none, or nothing where it is one. */
type Check = (value: unknown) => string | undefined;

const text =
	(what: string, fits: (value: string) => boolean): Check =>
	(value) =>
		typeof value === "string" && fits(value) ? undefined : what;

const isBase64 = (value: string): boolean => Buffer.from(value, "base64").toString("base64") === value;

/** What fields of messages are. */
export const field = {
	/** A name or an id: some printable ASCII. */
	name: text("is no name", (value) => /^[!-~](?:[ -~]{0,198}[!-~])?$/.test(value)),
	treId: text("is no TRE_id (32 hex digits)", (value) => /^[0-9a-f]{32}$/.test(value)),
	sha256: text("is no SHA-256 in hex", (value) => /^[0-9a-f]{64}$/.test(value)),
	imsi: text("is no IMSI", (value) => /^\d{6,15}$/.test(value)),
	/** A document in readable form. */
	document: text("is no document", (value) => value.length > 0 && value.length <= 65_536),
	/** A positive integer below 2^31. */
	count: (value: unknown) =>
		Number.isInteger(value) && (value as number) > 0 && (value as number) < 2 ** 31 ? undefined : "is no number from 1",
	base64: (least: number, most: number): Check =>
		text(`is no base64 of ${least} to ${most} octets`, (value) => {
			const { length } = Buffer.from(value, "base64");
			return isBase64(value) && length >= least && length <= most;
		}),
	hex: (most: number): Check =>
		text(`is no hex of 1 to ${most} octets`, (value) => /^(?:[0-9a-f]{2})+$/.test(value) && value.length <= 2 * most),
	listOf:
		(check: Check, count: number): Check =>
		(value) =>
			Array.isArray(value) && value.length === count ? value.map(check).find(Boolean) : `is no list of ${count}`,
	optional:
		(check: Check): Check =>
		(value) =>
			value === undefined ? undefined : check(value),
} as const;

/** Refuses a body that lacks one of these fields, or has it in another form; what it has besides is not looked at. */
export function insist(body: unknown, shape: Readonly<Record<string, Check>>): void {
	if (typeof body !== "object" || body === null) throw new Refusal("malformed", "the body is no object", 400);
	for (const [name, check] of Object.entries(shape)) {
		const fault = check((body as Record<string, unknown>)[name]);
		if (fault !== undefined) throw new Refusal("malformed", `${name} ${fault}`, 400);
	}
}
