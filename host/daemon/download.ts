import { request } from "node:https";
import type { BearerAgent } from "../modem/bearer-agent.ts";

/** Larger than any bundle. */
const MAX_OCTETS = 4 * 1024 * 1024;
/** Without an octet. */
const SILENCE_MS = 30_000;
/** All of it: meanwhile no short message is read. */
const WHOLE_MS = 600_000;

/** What is there is not to be had, and asking again brings the same answer. */
export class NotThere extends Error {}

/** Octets of a URL, over a bearer. Throws NotThere, or another error where it is worth another try. */
export function download(url: string, agent: BearerAgent): Promise<Buffer> {
	return new Promise((resolve, reject) => {
		const options = { method: "GET", agent, timeout: SILENCE_MS, signal: AbortSignal.timeout(WHOLE_MS) };
		const sent = request(url, options, (response) => {
			const { statusCode = 0, headers } = response;
			if (statusCode !== 200) {
				response.resume();
				const what = `${url} answers ${statusCode}`;
				reject(statusCode >= 400 && statusCode < 500 ? new NotThere(what) : new Error(what));
				return;
			}
			const total = headers["content-length"];
			const parts: Buffer[] = [];
			let done = 0;
			response.on("data", (part: Buffer) => {
				done += part.length;
				parts.push(part);
				if (done > MAX_OCTETS) sent.destroy(new NotThere(`${url} is longer than ${MAX_OCTETS} octets`));
			});
			response.on("error", reject);
			response.on("end", () => {
				if (total === undefined || Number(total) === done) resolve(Buffer.concat(parts));
				else reject(new Error(`${url}: ${done} octets came, and ${total} were to`));
			});
		});
		sent.on("timeout", () => sent.destroy(new Error(`${url}: nothing comes any more`)));
		sent.on("error", (error) => reject(error instanceof NotThere ? error : new Error(`${url}: ${error.message}`)));
		sent.end();
	});
}
