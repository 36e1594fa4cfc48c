import { request } from "node:https";
import type { BearerAgent } from "../modem/bearer-agent.ts";

export class TransportError extends Error {}

const CONTENT_TYPE = "application/vnd.syncml.dm+xml";
const MAX_BODY = 256 * 1024;
const TIMEOUT_MS = 30_000;

/** Posts one message of a DM session and resolves to the server's. */
export function post(url: string, body: string, agent: BearerAgent): Promise<Buffer> {
	return new Promise((resolve, reject) => {
		const headers = { "content-type": CONTENT_TYPE, accept: CONTENT_TYPE, "content-length": Buffer.byteLength(body) };
		const sent = request(
			url,
			{ method: "POST", agent, headers, signal: AbortSignal.timeout(TIMEOUT_MS) },
			(response) => {
				const parts: Buffer[] = [];
				let size = 0;
				response.on("data", (part: Buffer) => {
					size += part.length;
					if (size > MAX_BODY) sent.destroy(new TransportError("the server's message is too long"));
					parts.push(part);
				});
				response.on("error", reject);
				response.on("end", () => {
					if (response.statusCode === 200) resolve(Buffer.concat(parts));
					else reject(new TransportError(`${url} answers ${response.statusCode}`));
				});
			},
		);
		sent.on("error", (error) => reject(new TransportError(`${url}: ${error.message}`)));
		sent.end(body);
	});
}
