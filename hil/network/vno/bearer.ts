import { createServer, type IncomingMessage } from "node:http";
import { connect } from "node:net";
import type { Duplex } from "node:stream";
import { ANY_HOST } from "../shared/home.ts";
import { type Listening, listen } from "../shared/http.ts";
import type { Place } from "../shared/ports.ts";
import type { Registry } from "../shared/registry.ts";
import type { Bearer } from "./attachment.ts";

const refuse = (socket: Duplex, status: string): void => {
	socket.end(`HTTP/1.1 ${status}\r\ncontent-length: 0\r\n\r\n`);
};

/** Where a host name leads: the registry stands in for the DNS. */
function resolveHost(registry: Registry, host: string): { port: number; hostname: string } | undefined {
	const entry = registry.content.operators.find(({ dpf }) => dpf.host === host);
	const [hostname, port] = entry?.dpf.address.split(":") ?? [];
	return hostname === undefined ? undefined : { hostname, port: Number(port) };
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
	const server = createServer((_request, response) => response.writeHead(405).end());
	server.on("connect", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
		socket.on("error", () => socket.destroy());
		const token = /^Bearer (\S+)$/.exec(request.headers["proxy-authorization"] ?? "")?.[1];
		const bearer = token === undefined ? undefined : bearers.get(token);
		const host = (request.url ?? "").replace(/:443$/, "");
		if (!bearer) return refuse(socket, "407 Proxy Authentication Required");
		if (!bearer.egress.includes(ANY_HOST) && !bearer.egress.includes(host)) return refuse(socket, "403 Forbidden");
		const target = resolveHost(registry, host);
		if (!target) return refuse(socket, "502 Bad Gateway");
		bearer.connections.add(socket);
		socket.on("close", () => bearer.connections.delete(socket));
		const upstream = connect(target.port, target.hostname, () => {
			socket.write("HTTP/1.1 200 Connection Established\r\n\r\n");
			upstream.write(head);
			upstream.pipe(socket);
			socket.pipe(upstream);
		});
		upstream.on("error", () => socket.destroy());
		upstream.on("close", () => socket.destroy());
		socket.on("close", () => upstream.destroy());
	});
	return listen(server, place);
}
