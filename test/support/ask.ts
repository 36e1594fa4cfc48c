import { type Agent, request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import { readAddress } from "../../host/wire/address.ts";

/** TLS as a client of an operator or a PVA does it: its root, its host name, and one's own leaf where one has one. */
export interface Tls {
	readonly servername: string;
	readonly ca: string;
	readonly key?: string;
	readonly cert?: string;
}

export interface Question {
	readonly method?: string;
	readonly path?: string;
	readonly headers?: Readonly<Record<string, string>>;
	readonly body?: string | Buffer;
	readonly tls?: Tls;
	/** Keeps connections. */
	readonly agent?: Agent;
}

export interface Reply {
	readonly status: number;
	readonly headers: IncomingHttpHeaders;
	readonly text: string;
}

/** One request to a server, as it stands; rejects where the connection ends without an answer. */
export function ask(
	address: string,
	{ method = "GET", path = "/", headers = {}, body, ...more }: Question,
): Promise<Reply> {
	const { host: hostname, port } = readAddress(address.replace(/^https?:\/\//, ""));
	const { tls, agent = false } = more;
	return new Promise((resolve, reject) => {
		const options = { hostname, port, method, path, headers, agent };
		const take = (response: IncomingMessage) => {
			const parts: Buffer[] = [];
			const done = () =>
				resolve({
					status: response.statusCode ?? 0,
					headers: response.headers,
					text: Buffer.concat(parts).toString("utf8"),
				});
			response.on("data", (part: Buffer) => parts.push(part));
			response.on("end", done);
			// A server that does not want the rest of a body may end the connection behind its answer.
			response.on("error", done);
		};
		const sent = tls
			? httpsRequest({ ...options, ...tls, headers: { host: tls.servername, ...headers } }, take)
			: httpRequest(options as object, take);
		let answered = false;
		sent.on("response", () => {
			answered = true;
		});
		sent.on("error", (error) => answered || reject(error));
		sent.end(body);
	});
}

export const bearing = (token: string) => ({ authorization: `Bearer ${token}` });
