import { X509Certificate } from "node:crypto";
import {
	createServer as createHttpServer,
	request as httpRequest,
	type IncomingMessage,
	type ServerResponse,
} from "node:http";
import { createServer as createHttpsServer, request as httpsRequest } from "node:https";
import type { TLSSocket } from "node:tls";
import { readAddress } from "../../../host/wire/address.ts";
import { emit } from "../../../host/wire/report/events.ts";
import { type Access, callerBy } from "./access.ts";
import { allowsTls, type Identity, isIssuedBy, keyToPem, toPem } from "./certificates.ts";
import { httpLimits, type Listening, listen, tlsLimits } from "./listening.ts";
import type { Place } from "./ports.ts";
import { MethodNotAllowed, Refusal, refusalHeaders } from "./refusal.ts";

export type Json = Record<string, unknown>;

/** A handler gets the parsed body and, under mutual TLS, the authenticated caller. */
export type Handler = (body: never, caller: string) => Promise<object> | object;
/** One whose body is longer than others', and who may send it: that is decided before any of it is read. */
export interface LongHandler {
	/** Octets. */
	readonly most: number;
	admits(caller: string): void;
	readonly handle: Handler;
}

export type Routes = Readonly<Record<string, Handler | LongHandler>>;

const MAX_BODY = 256 * 1024;
/** Of an answer that this side asked for. */
const MAX_ANSWER = 16 * 1024 * 1024;

export async function readBody(request: IncomingMessage, most = MAX_BODY): Promise<Buffer> {
	const parts: Buffer[] = [];
	let size = 0;
	for await (const part of request as AsyncIterable<Buffer>) {
		size += part.length;
		if (size > most) throw new Refusal("too-large", `more than ${most} octets`, 413);
		parts.push(part);
	}
	return Buffer.concat(parts);
}

function answer(
	response: ServerResponse,
	status: number,
	body: object,
	more: Readonly<Record<string, string>> = {},
): void {
	response.writeHead(status, { "content-type": "application/json", ...more });
	response.end(JSON.stringify(body));
}

/** A path that is served, asked for with another method, is told so. */
function handlerOf(routes: Routes, { method = "", url = "" }: IncomingMessage): Handler | LongHandler {
	const [path = ""] = url.split("?");
	const handler = Object.hasOwn(routes, `${method} ${path}`) ? routes[`${method} ${path}`] : undefined;
	if (handler) return handler;
	const methods = Object.keys(routes)
		.map((route) => route.split(" ") as [string, string])
		.flatMap(([one, served]) => (served === path ? [one] : []));
	throw methods.length > 0
		? new MethodNotAllowed(...methods)
		: new Refusal("not-found", "no such path is served here", 404);
}

async function dispatch(routes: Routes, request: IncomingMessage, caller: string): Promise<object> {
	const found = handlerOf(routes, request);
	const { handle, admits, most } =
		typeof found === "function" ? { handle: found, admits: () => undefined, most: MAX_BODY } : found;
	admits(caller);
	const octets = await readBody(request, most);
	let body: unknown = {};
	try {
		if (octets.length > 0) body = JSON.parse(octets.toString("utf8"));
	} catch {
		throw new Refusal("malformed", "the body is no JSON", 400);
	}
	return handle(body as never, caller);
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

/** What is a defect here says nothing of it to whoever asks; it is told to whoever watches this element. */
function fail(response: ServerResponse, error: unknown): void {
	if (response.headersSent) {
		response.destroy();
		return;
	}
	if (error instanceof Refusal) {
		answer(response, error.status, { error: error.code, message: error.message }, refusalHeaders(error));
		return;
	}
	emit({ event: "problem", what: `a request failed: ${error instanceof Error ? error.stack : String(error)}` });
	answer(response, 500, { error: "internal", message: "this failed here; try again later" });
}

/** JSON over HTTP. */
export const serveJson = (
	routes: Routes,
	place: Place,
	access: Access,
	settled = nothingToSettle,
): Promise<Listening> =>
	listen(
		createHttpServer(httpLimits, (request, response) => {
			const run = async () => dispatch(routes, request, callerBy(access, request));
			void respond(run, settled, response);
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
				...httpLimits,
				...tlsLimits,
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
			readBody(response, MAX_ANSWER)
				.then((octets) => {
					const parsed = parsedAnswer(octets);
					if (response.statusCode === 200) resolve(parsed as Answer);
					else reject(new Refusal(shown(parsed.error), shown(parsed.message), response.statusCode));
				})
				.catch(reject)
				.finally(() => clearTimeout(timer));
		});
		request.on("error", (error) => {
			clearTimeout(timer);
			reject(new Refusal("unreachable", error.message, 503));
		});
		// In all: one who sends an octet now and then is no better than one who sends none.
		const timer = setTimeout(() => request.destroy(new Error("no answer in time")), CALL_TIMEOUT_MS);
		if (body === undefined) request.end();
		else request.end(JSON.stringify(body));
	});
}

const CALL_TIMEOUT_MS = 20_000;
const headers = { "content-type": "application/json" };

function parsedAnswer(octets: Buffer): Json {
	try {
		const parsed: unknown = JSON.parse(octets.toString("utf8"));
		if (typeof parsed === "object" && parsed !== null) return parsed as Json;
	} catch {
		// What it is instead is nobody's business.
	}
	throw new Refusal("malformed-answer", "the answer is no JSON object", 502);
}

/** Of what another party says of itself: one line, and not all of it. */
const SHOWN = 300;
const shown = (text: unknown): string =>
	String(text)
		.replace(/[\p{Cc}\p{Cf}]+/gu, " ")
		.slice(0, SHOWN);

const bearing = (token: string | undefined) => (token === undefined ? {} : { authorization: `Bearer ${token}` });

export const postJson = <Answer>(url: string, body: object, token?: string): Promise<Answer> =>
	exchange(
		(done) => httpRequest(url, { method: "POST", headers: { ...headers, ...bearing(token) }, agent: false }, done),
		body,
	);

export const getJson = <Answer>(url: string, token?: string): Promise<Answer> =>
	exchange((done) => httpRequest(url, { method: "GET", headers: bearing(token), agent: false }, done));

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
