import type { Socket } from "node:net";
import { z } from "zod";

/** What modem and visited network say to each other over the (simulated) radio. Octets are hex. */
export type Uplink =
	/** `imei`: 14 or 15 digits of the equipment, where it gives them. */
	| { readonly type: "attach"; readonly imsi: string; readonly imei?: string }
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

const imsi = z.string().regex(/^\d{6,15}$/);
const imei = z.string().regex(/^\d{14,15}$/);
const hex = (octets: number) => z.string().regex(new RegExp(`^(?:[0-9a-f]{2}){1,${octets}}$`));
const word = z.string().max(200);
const id = z.int().nonnegative();
/** Octets of a TPDU (TS 23.040 clause 9.2.2). */
const tpdu = hex(176);

/** Every message of the interface, in either direction. */
const shapes = z.discriminatedUnion("type", [
	z.object({ type: z.literal("attach"), imsi, imei: imei.optional() }),
	z.object({ type: z.literal("auth-response"), res: hex(16) }),
	z.object({ type: z.literal("auth-failure"), cause: z.enum(["mac", "sync", "other"]), auts: hex(14).optional() }),
	z.object({ type: z.literal("detach") }),
	z.object({ type: z.literal("pdp-activate"), apn: word }),
	z.object({ type: z.literal("sms-ack"), id }),
	z.object({ type: z.literal("sms-submit"), tpdu }),
	z.object({ type: z.literal("auth-request"), rand: hex(16), autn: hex(16) }),
	z.object({ type: z.literal("attach-accept"), plmn: word }),
	z.object({ type: z.literal("attach-reject"), cause: word }),
	z.object({ type: z.literal("detach-accept") }),
	z.object({ type: z.literal("pdp-accept"), host: word, port: z.int().min(1).max(65_535), token: word }),
	z.object({ type: z.literal("pdp-reject"), cause: word }),
	z.object({ type: z.literal("sms-accept") }),
	z.object({ type: z.literal("sms-reject"), cause: word }),
	z.object({ type: z.literal("sms"), id, tpdu }),
]);

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
				// The peer is not trusted: what is no message of the table is an error.
				receive(shapes.parse(JSON.parse(line)) as In);
			} catch {
				socket.destroy();
				return;
			}
		}
		if (pending.length > MAX_LINE) socket.destroy();
	});
	return { send: (message) => void socket.write(`${JSON.stringify(message)}\n`) };
}
