import type { Socket } from "node:net";

/** What modem and visited network say to each other over the (simulated) radio. Octets are hex. */
export type Uplink =
	| { readonly type: "attach"; readonly imsi: string }
	| { readonly type: "auth-response"; readonly res: string }
	| { readonly type: "auth-failure"; readonly cause: "mac" | "sync" | "other"; readonly auts?: string }
	| { readonly type: "detach" }
	| { readonly type: "pdp-activate"; readonly apn: string }
	| { readonly type: "sms-ack"; readonly id: number };

export type Downlink =
	| { readonly type: "auth-request"; readonly rand: string; readonly autn: string }
	| { readonly type: "attach-accept"; readonly plmn: string }
	| { readonly type: "attach-reject"; readonly cause: string }
	| { readonly type: "detach-accept" }
	/** The IP bearer: an HTTP CONNECT proxy, and the token that belongs to this attachment. */
	| { readonly type: "pdp-accept"; readonly host: string; readonly port: number; readonly token: string }
	| { readonly type: "pdp-reject"; readonly cause: string }
	| { readonly type: "sms"; readonly id: number; readonly contentType: string; readonly body: string };

const MAX_LINE = 65_536;

/** JSON lines over a socket; a peer that sends anything else is cut off. */
export function radioChannel<In, Out>(socket: Socket, receive: (message: In) => void): { send(message: Out): void } {
	let pending = "";
	socket.setEncoding("utf8");
	socket.on("data", (text: string) => {
		pending += text;
		for (let end = pending.indexOf("\n"); end >= 0; end = pending.indexOf("\n")) {
			const line = pending.slice(0, end);
			pending = pending.slice(end + 1);
			let message: In;
			try {
				message = JSON.parse(line);
			} catch {
				socket.destroy();
				return;
			}
			receive(message);
		}
		if (pending.length > MAX_LINE) socket.destroy();
	});
	return { send: (message) => void socket.write(`${JSON.stringify(message)}\n`) };
}
