import { isIPv6 } from "node:net";

/** A host and a port, as sockets want them. */
export interface Address {
	/** A name, or an address without brackets. */
	readonly host: string;
	readonly port: number;
}

/** Not an address; the message says what one looks like. */
export class AddressError extends Error {}

const FORM = "HOST:PORT, and [ADDRESS]:PORT with IPv6";
/** Brackets around an IPv6 address with its zone, or whatever has neither colon nor slash. */
const pattern = /^(?:\[([0-9A-Fa-f:.]+(?:%[\w.-]+)?)\]|([^\s:/@[\]]+)):(\d{1,5})$/;

/** Reads `host:port` or `[2001:db8::1]:port` (RFC 3986 clause 3.2.2). Throws AddressError for anything else. */
export function readAddress(text: string): Address {
	const [, six, other, digits] = pattern.exec(text) ?? [];
	const host = six ?? other;
	const port = Number(digits);
	if (host === undefined || (six !== undefined && !isIPv6(six)))
		throw new AddressError(`${text} is no address: it has the form ${FORM}`);
	if (port < 1 || port > 65_535) throw new AddressError(`${text}: a port is a number from 1 to 65535`);
	return { host, port };
}

/** The same the other way round. */
export const writeAddress = ({ host, port }: Address): string =>
	host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
