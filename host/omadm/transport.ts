import { request } from "node:https";
import type { BearerAgent } from "../modem/bearer-agent.ts";
import { contentTypes, formOf, type MessageForm } from "../wire/syncml/form.ts";

export class TransportError extends Error {}

const MAX_BODY = 256 * 1024;
const TIMEOUT_MS = 30_000;

/** A message of the server, and the form it came in. */
export interface Answer {
	readonly octets: Uint8Array;
	readonly form: MessageForm;
}

/** Posts one message of a DM session and resolves to the server's. */
export function post(url: string, body: Uint8Array, form: MessageForm, agent: BearerAgent): Promise<Answer> {
	return new Promise((resolve, reject) => {
		const type = contentTypes[form];
		const headers = { "content-type": type, accept: type, "content-length": body.length };
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
					const answered = formOf(response.headers["content-type"]);
					if (response.statusCode === 200 && answered) resolve({ octets: Buffer.concat(parts), form: answered });
					else if (response.statusCode === 200) reject(new TransportError(`${url} answers with no SyncML message`));
					else reject(new TransportError(`${url} answers ${response.statusCode}`));
				});
			},
		);
		sent.on("error", (error) => reject(new TransportError(`${url}: ${error.message}`)));
		sent.end(body);
	});
}
