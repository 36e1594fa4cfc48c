import { X509Certificate } from "node:crypto";
import {
	createServer as createHttpServer,
	request as httpRequest,
	type IncomingMessage,
	type Server,
	type ServerResponse,
} from "node:http";
import { createServer as createHttpsServer, request as httpsRequest } from "node:https";
import type { AddressInfo, Server as TcpServer } from "node:net";
import type { TLSSocket } from "node:tls";
import { readAddress } from "../../../host/wire/address.ts";
import { allowsTls, type Identity, isIssuedBy, keyToPem, toPem } from "./certificates.ts";
import type { Place } from "./ports.ts";

/** A request that is understood and refused; `code` is for machines. */
export class Refusal extends Error {
	readonly status: number;
	readonly code: string;

	constructor(code: string, message: string, status = 409) {
		super(message);
		this.code = code;
		this.status = status;
	}
}

export type Json = Record<string, unknown>;

/** A handler gets the parsed body and, under mutual TLS, the authenticated caller. */
export type Handler = (body: never, caller: string) => Promise<object> | object;
export type Routes = Readonly<Record<string, Handler>>;

const MAX_BODY = 256 * 1024;
/** What is worked on may take so long when a server is stopped; connections that have become idle are looked for. */
const FINISH_MS = 2_000;
const IDLE_MS = 20;
const LOOPBACK = "127.0.0.1";

export async function readBody(request: IncomingMessage): Promise<Buffer> {
	const parts: Buffer[] = [];
	let size = 0;
	for await (const part of request as AsyncIterable<Buffer>) {
		size += part.length;
		if (size > MAX_BODY) throw new Refusal("too-large", `more than ${MAX_BODY} octets`, 413);
		parts.push(part);
	}
	return Buffer.concat(parts);
}

function answer(response: ServerResponse, status: number, body: object): void {
	response.writeHead(status, { "content-type": "application/json" });
	response.end(JSON.stringify(body));
}

async function dispatch(routes: Routes, request: IncomingMessage, caller: string): Promise<object> {
	const handler = routes[`${request.method} ${request.url}`];
	if (!handler) throw new Refusal("not-found", `${request.method} ${request.url} is not served here`, 404);
	const octets = await readBody(request);
	let body: unknown = {};
	try {
		if (octets.length > 0) body = JSON.parse(octets.toString("utf8"));
	} catch {
		throw new Refusal("malformed", "the body is no JSON", 400);
	}
	return handler(body as never, caller);
}

/** What an answer tells of has to be durable before it is given. */
export type Settled = () => Promise<void>;

const nothingToSettle: Settled = async () => undefined;

async function respond(run: () => Promise<object>, settled: Settled, response: ServerResponse): Promise<void> {
	try {
		const body = await run();
		await settled();
		answer(response, 200, body);
	} catch (error) {
		await settled();
		fail(response, error);
	}
}

function fail(response: ServerResponse, error: unknown): void {
	if (error instanceof Refusal) answer(response, error.status, { error: error.code, message: error.message });
	else answer(response, 500, { error: "internal", message: error instanceof Error ? error.message : String(error) });
}

export interface Listening {
	readonly address: string;
	close(): Promise<void>;
}

/** Listens where the element listened before. */
export function listen(server: TcpServer, { ports, service }: Place): Promise<Listening> {
	return new Promise((resolve, reject) => {
		server.once("error", reject);
		server.listen(ports.of(service), LOOPBACK, () => {
			const { port } = server.address() as AddressInfo;
			ports.keep(service, port);
			resolve({ address: `${LOOPBACK}:${port}`, close: () => closeGently(server) });
		});
	});
}

/** What is worked on is answered first, or cut off after a while. */
function closeGently(server: TcpServer): Promise<void> {
	const http = "closeIdleConnections" in server ? (server as Server) : undefined;
	return new Promise((done) => {
		const idle = setInterval(() => http?.closeIdleConnections(), IDLE_MS);
		const late = setTimeout(() => http?.closeAllConnections(), FINISH_MS);
		server.close(() => {
			clearInterval(idle);
			clearTimeout(late);
			done();
		});
		http?.closeIdleConnections();
	});
}

/** JSON over HTTP. */
export const serveJson = (routes: Routes, place: Place, settled = nothingToSettle): Promise<Listening> =>
	listen(
		createHttpServer((request, response) => {
			void respond(() => dispatch(routes, request, ""), settled, response);
		}),
		place,
	);

/** Who may call, by their root: name and certificate (PEM). */
export type Callers = () => readonly { readonly name: string; readonly certificate: string }[];

/** The contracted party whose root signed the client's leaf; TLS has proved that it holds the key. */
function callerOf(socket: TLSSocket, callers: Callers): string {
	const raw = socket.getPeerCertificate().raw;
	const leaf = raw && new X509Certificate(raw);
	const found = leaf && callers().find(({ certificate }) => isIssuedBy(leaf, new X509Certificate(certificate)));
	if (!leaf || !found || !allowsTls(leaf, "client") || leaf.subject !== `CN=${found.name}`) {
		throw new Refusal("not-contracted", "the client certificate is of no contracted party", 403);
	}
	return found.name;
}

/** JSON over mutual TLS. */
export const serveMutualTls = (
	routes: Routes,
	identity: Identity,
	callers: Callers,
	place: Place,
	settled = nothingToSettle,
): Promise<Listening> =>
	listen(
		createHttpsServer(
			{
				key: keyToPem(identity.key),
				cert: toPem(identity.certificate),
				requestCert: true,
				// The registry decides, request by request; see callerOf.
				rejectUnauthorized: false,
				minVersion: "TLSv1.2",
			},
			(request, response) => {
				const run = async () => dispatch(routes, request, callerOf(request.socket as TLSSocket, callers));
				void respond(run, settled, response);
			},
		),
		place,
	);

interface Target {
	readonly address: string;
	readonly host: string;
	/** PEM of the only root that is trusted. */
	readonly root: string;
}

function exchange<Answer>(
	open: (done: (response: IncomingMessage) => void) => ReturnType<typeof httpRequest>,
	body?: object,
): Promise<Answer> {
	return new Promise((resolve, reject) => {
		const request = open((response) => {
			readBody(response)
				.then((octets) => {
					const parsed = JSON.parse(octets.toString("utf8")) as Json;
					if (response.statusCode === 200) resolve(parsed as Answer);
					else reject(new Refusal(String(parsed.error), String(parsed.message), response.statusCode));
				})
				.catch(reject);
		});
		request.on("error", (error) => reject(new Refusal("unreachable", error.message, 503)));
		request.setTimeout(CALL_TIMEOUT_MS, () => request.destroy(new Error("no answer in time")));
		if (body === undefined) request.end();
		else request.end(JSON.stringify(body));
	});
}

const CALL_TIMEOUT_MS = 20_000;
const headers = { "content-type": "application/json" };

export const postJson = <Answer>(url: string, body: object): Promise<Answer> =>
	exchange((done) => httpRequest(url, { method: "POST", headers, agent: false }, done), body);

export const getJson = <Answer>(url: string): Promise<Answer> =>
	exchange((done) => httpRequest(url, { method: "GET", agent: false }, done));

/** Calls a contracted party, showing one's own leaf. */
export function postMutualTls<Answer>(target: Target, path: string, body: object, identity: Identity): Promise<Answer> {
	const { host: hostname, port } = readAddress(target.address);
	const options = {
		hostname,
		port,
		path,
		method: "POST",
		headers: { ...headers, host: target.host },
		agent: false as const,
		servername: target.host,
		ca: target.root,
		key: keyToPem(identity.key),
		cert: toPem(identity.certificate),
		minVersion: "TLSv1.2" as const,
	};
	return exchange((done) => httpsRequest(options, done), body);
}
