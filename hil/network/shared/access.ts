import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { z } from "zod";
import { Refusal } from "./refusal.ts";

/** 16 random octets, hex: whoever shows it is who it was given to. */
export const tokenShape = z.string().regex(/^[0-9a-f]{32}$/, "is a token, 32 hex digits");

/** Who may ask a server, by their token. */
export interface Access {
	/** May one without a token ask, too? He has no name then. */
	readonly anybody: boolean;
	/** Tokens by the name of their owner. */
	readonly tokens: Readonly<Record<string, string>>;
}

/** The operator's own people and programs. */
export const STAFF = "staff";

const hashOf = (token: string): Buffer => createHash("sha256").update(token).digest();

/** Name of whoever asks, empty where he shows no token and needs none. Refuses a token that nobody has. */
export function callerBy({ anybody, tokens }: Access, request: IncomingMessage): string {
	const token = /^Bearer ([\x21-\x7e]{1,200})$/.exec(request.headers.authorization ?? "")?.[1];
	if (token === undefined) {
		if (anybody && request.headers.authorization === undefined) return "";
		throw new Refusal("token-missing", "show a token: authorization: Bearer …", 401);
	}
	const shown = hashOf(token);
	// All of them are compared, each in constant time.
	const found = Object.entries(tokens).filter(([, known]) => timingSafeEqual(hashOf(known), shown));
	const [name] = found[0] ?? [];
	if (name === undefined) throw new Refusal("token-unknown", "this token is nobody's", 401);
	return name;
}

/** Refuses everybody but the operator's staff: 401 for whoever showed no token, 403 for whoever showed his own. */
export function onlyStaff(caller: string): void {
	if (caller === STAFF) return;
	const status = caller === "" ? 401 : 403;
	throw new Refusal("staff-only", "this is for the operator's staff: show its token", status);
}
