import { createServer } from "node:http";
import { type Listening, listen } from "../../shared/http.ts";
import type { Place } from "../../shared/ports.ts";
import type { OperatorStore } from "../store.ts";
import type { Metrics } from "./metrics.ts";

/** How an operator is, for those who watch it. */
export interface Health {
	readonly ok: boolean;
	/** Why the database takes nothing; absent where it does. */
	readonly database?: string;
	/** Why the HLR/AuC does not answer; absent where it does. */
	readonly hlr?: string;
}

export async function healthOf(store: OperatorStore, hlr: string | undefined): Promise<Health> {
	const failing = await store.ailment();
	return {
		ok: failing === undefined && hlr === undefined,
		...(failing === undefined ? {} : { database: failing }),
		...(hlr === undefined ? {} : { hlr }),
	};
}

/** Entries of the audit trail that are shown. */
const SHOWN = 1_000;

/** `GET /health` (200 or 503, JSON), `GET /metrics` (Prometheus) and `GET /audit` (the newest entries first, JSON). */
export function serveOperations(
	metrics: Metrics,
	health: () => Promise<Health>,
	store: OperatorStore,
	place: Place,
): Promise<Listening> {
	const server = createServer(async (request, response) => {
		if (request.method !== "GET") response.writeHead(405).end();
		else if (request.url === "/health") {
			const now = await health();
			response.writeHead(now.ok ? 200 : 503, { "content-type": "application/json" }).end(JSON.stringify(now));
		} else if (request.url === "/metrics") {
			const text = await metrics.registry.metrics();
			response.writeHead(200, { "content-type": metrics.registry.contentType }).end(text);
		} else if (request.url === "/audit") {
			const entries = await store.audit.last(SHOWN).catch(() => undefined);
			const status = entries ? 200 : 503;
			response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(entries ?? []));
		} else response.writeHead(404).end();
	});
	return listen(server, place);
}
