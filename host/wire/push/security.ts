import { createHmac, timingSafeEqual } from "node:crypto";
import type { SecurityMethod } from "./media.ts";

/** What a device and its operator share: the IMSI, and a PIN that reached the user on another way. */
export interface SharedSecret {
	readonly imsi?: string;
	/** Decimal digits; for USERPINMAC the PIN and the code that the user typed, one behind the other. */
	readonly pin?: string;
}

export class SecretMissing extends Error {}

/**
 * The IMSI in semi-octets, as a SIM has it (TS 31.102 EF_IMSI): the first digit beside the parity, then pairs with
 * the low half first.
 */
export function imsiOctets(imsi: string): Buffer {
	if (!/^\d{6,15}$/.test(imsi)) throw new SecretMissing("an IMSI has 6 to 15 digits");
	const odd = imsi.length % 2 === 1;
	const rest = `${imsi.slice(1)}${odd ? "" : "f"}`;
	const pairs = rest.match(/../g) ?? [];
	return Buffer.from(`${imsi[0]}${odd ? "9" : "1"}${pairs.map(([low, high]) => `${high}${low}`).join("")}`, "hex");
}

function keyOf(method: SecurityMethod, { imsi, pin }: SharedSecret): Buffer {
	const network = method === "NETWPIN" || method === "USERNETWPIN" ? imsiOctets(imsi ?? "") : Buffer.alloc(0);
	if (method === "NETWPIN") return network;
	if (pin === undefined || !/^\d+$/.test(pin)) throw new SecretMissing(`${method} needs the user's PIN`);
	return Buffer.concat([network, Buffer.from(pin, "ascii")]);
}

const hmac = (key: Buffer, document: Uint8Array): Buffer => createHmac("sha1", key).update(document).digest();

/** The MAC that goes with a document, over exactly its octets: 40 upper-case hex digits. Not for USERPINMAC. */
export const provisioningMac = (
	method: Exclude<SecurityMethod, "USERPINMAC">,
	secret: SharedSecret,
	document: Uint8Array,
): string => hmac(keyOf(method, secret), document).toString("hex").toUpperCase();

/** What the user types for USERPINMAC: a PIN and as many digits that stand for the MAC (OMA ProvBoot 1.1). */
export function userPinMac(pin: string, document: Uint8Array): string {
	const mac = hmac(keyOf("USERPIN", { pin }), document);
	return `${pin}${[...pin].map((_, n) => (mac[n] as number) % 10).join("")}`;
}

/** Does the document come from whoever knows the secret? Time does not depend on where it differs. */
export function isVouchedFor(
	method: SecurityMethod,
	secret: SharedSecret,
	document: Uint8Array,
	mac: string | undefined,
): boolean {
	if (method === "USERPINMAC") {
		const typed = secret.pin ?? "";
		if (mac !== undefined || typed.length === 0 || typed.length % 2 !== 0 || typed.length > 40) return false;
		return same(userPinMac(typed.slice(0, typed.length / 2), document), typed);
	}
	return mac !== undefined && same(provisioningMac(method, secret, document), mac.toUpperCase());
}

const same = (a: string, b: string): boolean =>
	a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));
