import type { ServerResponse } from "node:http";
import { MethodNotAllowed, Refusal } from "../../shared/refusal.ts";

/** Downloads at once, and how long one may take: a slow bearer carries a bundle in that. */
export const MAX_DOWNLOADS = 32;
const DOWNLOAD_MS = 600_000;

/** Gives out firmware, to whoever was told where it lies: it is no secret, and its signatures are on it. */
export class Downloads {
	#underWay = 0;

	send(method: string | undefined, octets: Buffer | undefined, response: ServerResponse): void {
		if (method !== "GET") throw new MethodNotAllowed("GET");
		if (octets === undefined) throw new Refusal("not-found", "no such package is kept here", 404);
		if (this.#underWay >= MAX_DOWNLOADS) throw new Refusal("busy", "too many devices fetch firmware; try later", 503);
		this.#underWay++;
		// Whoever does not read keeps no connection.
		const timer = setTimeout(() => response.destroy(), DOWNLOAD_MS);
		response.once("close", () => {
			clearTimeout(timer);
			this.#underWay--;
		});
		response
			.writeHead(200, { "content-type": "application/octet-stream", "content-length": octets.length })
			.end(octets);
	}
}
