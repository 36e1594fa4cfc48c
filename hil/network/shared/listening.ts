import type { Server } from "node:http";
import type { AddressInfo, Socket, Server as TcpServer } from "node:net";
import type { Place } from "./ports.ts";

const LOOPBACK = "127.0.0.1";
/** What is worked on may take so long when a server is stopped; connections that have become idle are looked for. */
const FINISH_MS = 2_000;
const IDLE_MS = 20;

/** Connections of one server at once; a further one is turned away. */
export const MAX_CONNECTIONS = 256;

/** What a client may take for its request; one that is slower gets 408, or loses its connection. */
export const httpLimits = {
	headersTimeout: 10_000,
	requestTimeout: 20_000,
	keepAliveTimeout: 15_000,
	connectionsCheckingInterval: 2_000,
} as const;

/** And for its handshake. */
export const tlsLimits = { handshakeTimeout: 10_000 } as const;

export interface Listening {
	readonly address: string;
	close(): Promise<void>;
}

/** Listens where the element listened before, for so many connections at once. */
export function listen(
	server: TcpServer,
	{ ports, service }: Place,
	maxConnections = MAX_CONNECTIONS,
): Promise<Listening> {
	const sockets = new Set<Socket>();
	server.maxConnections = maxConnections;
	server.on("connection", (socket: Socket) => {
		sockets.add(socket);
		socket.once("close", () => sockets.delete(socket));
	});
	return new Promise((resolve, reject) => {
		server.once("error", reject);
		server.listen(ports.of(service), LOOPBACK, () => {
			server.off("error", reject);
			// A connection that could not be taken (too many open files) is that connection's end, not the element's.
			server.on("error", () => undefined);
			const { port } = server.address() as AddressInfo;
			ports.keep(service, port);
			resolve({ address: `${LOOPBACK}:${port}`, close: () => closeGently(server, sockets) });
		});
	});
}

/** What is worked on is answered first, or cut off after a while, whatever state a connection is in. */
function closeGently(server: TcpServer, sockets: ReadonlySet<Socket>): Promise<void> {
	const http = "closeIdleConnections" in server ? (server as Server) : undefined;
	return new Promise((done) => {
		const idle = setInterval(() => http?.closeIdleConnections(), IDLE_MS);
		const late = setTimeout(() => {
			for (const socket of sockets) socket.destroy();
		}, FINISH_MS);
		server.close(() => {
			clearInterval(idle);
			clearTimeout(late);
			done();
		});
		http?.closeIdleConnections();
	});
}
