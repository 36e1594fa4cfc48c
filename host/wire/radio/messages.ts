import type { Socket } from "node:net";

/** What modem and visited network say to each other over the (simulated) radio. Octets are hex. */
export type Uplink =
	| { readonly type: "attach"; readonly imsi: string }
	| { readonly type: "auth-response"; readonly res: string }
	| { readonly type: "auth-failure"; readonly cause: "mac" | "sync" | "other"; readonly auts?: string }
	| { readonly type: "detach" }
	| { readonly type: "pdp-activate"; readonly apn: string }
	| { readonly type: "sms-ack"; readonly id: number }
	/** An SMS-SUBMIT TPDU, hex. */
	| { readonly type: "sms-submit"; readonly tpdu: string };

export type Downlink =
	| { readonly type: "auth-request"; readonly rand: string; readonly autn: string }
	| { readonly type: "attach-accept"; readonly plmn: string }
	| { readonly type: "attach-reject"; readonly cause: string }
	| { readonly type: "detach-accept" }
	/** The IP bearer: an HTTP CONNECT proxy, and the token that belongs to this attachment. */
	| { readonly type: "pdp-accept"; readonly host: string; readonly port: number; readonly token: string }
	| { readonly type: "pdp-reject"; readonly cause: string }
	/** The home operator has the submitted message, or why not. */
	| { readonly type: "sms-accept" }
	| { readonly type: "sms-reject"; readonly cause: string }
	/** An SMS-DELIVER TPDU, hex. */
	| { readonly type: "sms"; readonly id: number; readonly tpdu: string };

const MAX_LINE = 65_536;

/** Fields by type of message, in either direction; those with `?` may be missing. */
const shapes = new Map<string, Readonly<Record<string, "string" | "number" | "string?">>>([
	["attach", { imsi: "string" }],
	["auth-response", { res: "string" }],
	["auth-failure", { cause: "string", auts: "string?" }],
	["detach", {}],
	["pdp-activate", { apn: "string" }],
	["sms-ack", { id: "number" }],
	["sms-submit", { tpdu: "string" }],
	["auth-request", { rand: "string", autn: "string" }],
	["attach-accept", { plmn: "string" }],
	["attach-reject", { cause: "string" }],
	["detach-accept", {}],
	["pdp-accept", { host: "string", port: "number", token: "string" }],
	["pdp-reject", { cause: "string" }],
	["sms-accept", {}],
	["sms-reject", { cause: "string" }],
	["sms", { id: "number", tpdu: "string" }],
]);

/** The peer is not trusted: what is no message of the table is an error. */
function checked(value: unknown): object {
	const message = (value ?? {}) as Record<string, unknown>;
	const shape = shapes.get(String(message.type));
	if (!shape) throw new TypeError("no message of the radio interface");
	for (const [field, type] of Object.entries(shape)) {
		if (type.endsWith("?") && message[field] === undefined) continue;
		if (typeof message[field] !== type.replace("?", "")) throw new TypeError(`${field} is no ${type}`);
	}
	return message;
}

/** JSON lines over a socket; a peer that sends anything else is cut off. */
export function radioChannel<In, Out>(socket: Socket, receive: (message: In) => void): { send(message: Out): void } {
	let pending = "";
	socket.setEncoding("utf8");
	socket.on("data", (text: string) => {
		pending += text;
		for (let end = pending.indexOf("\n"); end >= 0; end = pending.indexOf("\n")) {
			const line = pending.slice(0, end);
			pending = pending.slice(end + 1);
			try {
				receive(checked(JSON.parse(line)) as In);
			} catch {
				socket.destroy();
				return;
			}
		}
		if (pending.length > MAX_LINE) socket.destroy();
	});
	return { send: (message) => void socket.write(`${JSON.stringify(message)}\n`) };
}
