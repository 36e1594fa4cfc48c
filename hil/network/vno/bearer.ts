import { createServer, type IncomingMessage } from "node:http";
import { connect, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { AddressError, readAddress } from "../../../host/wire/address.ts";
import { httpLimits, type Listening, listen } from "../shared/listening.ts";
import type { Place } from "../shared/ports.ts";
import type { Registry } from "../shared/registry.ts";
import type { Bearer } from "./attachment.ts";

/** A client that does not close its end is not waited for. */
const refuse = (socket: Duplex, status: string): void => {
	socket.end(`HTTP/1.1 ${status}\r\ncontent-length: 0\r\n\r\n`, () => socket.destroy());
};

/** A tunnel in which nothing moves for so long is closed; and one that does not come up in time. */
const IDLE_MS = 300_000;
const CONNECT_MS = 10_000;
/** Tunnels of one bearer at once. */
const MAX_TUNNELS = 16;

/** Where a host name leads: the registry stands in for the DNS. */
function resolveHost(registry: Registry, host: string): { port: number; hostname: string } | undefined {
	const entry = registry.content.operators.find(({ dpf }) => dpf.host === host);
	if (!entry) return undefined;
	try {
		const { host: hostname, port } = readAddress(entry.dpf.address);
		return { hostname, port };
	} catch (error) {
		if (error instanceof AddressError) return undefined;
		throw error;
	}
}

/**
 * The packet data bearer: an HTTP CONNECT proxy that knows attachments by their token and lets them
 * reach what their home operator allows.
 */
export function serveBearer(
	registry: Registry,
	bearers: ReadonlyMap<string, Bearer>,
	place: Place,
): Promise<Listening> {
	const server = createServer(httpLimits, (_request, response) => response.writeHead(405, { allow: "CONNECT" }).end());
	server.on("connect", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
		socket.on("error", () => socket.destroy());
		const token = /^Bearer (\S+)$/.exec(request.headers["proxy-authorization"] ?? "")?.[1];
		const bearer = token === undefined ? undefined : bearers.get(token);
		const host = (request.url ?? "").replace(/:443$/, "");
		if (!bearer) return refuse(socket, "407 Proxy Authentication Required");
		if (!bearer.egress.includes(host)) return refuse(socket, "403 Forbidden");
		const target = resolveHost(registry, host);
		if (!target) return refuse(socket, "502 Bad Gateway");
		if (bearer.connections.size >= MAX_TUNNELS) return refuse(socket, "429 Too Many Requests");
		bearer.connections.add(socket);
		socket.on("close", () => bearer.connections.delete(socket));
		(socket as Socket).setTimeout(IDLE_MS, () => socket.destroy());
		const upstream = connect(target.port, target.hostname, () => {
			upstream.setTimeout(0);
			socket.write("HTTP/1.1 200 Connection Established\r\n\r\n");
			upstream.write(head);
			upstream.pipe(socket);
			socket.pipe(upstream);
		});
		upstream.setTimeout(CONNECT_MS, () => upstream.destroy());
		upstream.on("error", () => socket.destroy());
		upstream.on("close", () => socket.destroy());
		socket.on("close", () => upstream.destroy());
	});
	return listen(server, place);
}
