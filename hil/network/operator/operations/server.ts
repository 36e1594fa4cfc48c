import { createServer } from "node:http";
import { type Access, callerBy, onlyStaff } from "../../shared/access.ts";
import { httpLimits, type Listening, listen } from "../../shared/listening.ts";
import type { Place } from "../../shared/ports.ts";
import { MethodNotAllowed, Refusal, refusalHeaders } from "../../shared/refusal.ts";
import { leavesEndInDays, type OperatorContext } from "../context.ts";
import type { OperatorStore } from "../store.ts";
import type { Metrics } from "./metrics.ts";

/** How an operator is, for those who watch it. */
export interface Health {
	readonly ok: boolean;
	/** Days until the first of its TLS leaves ends. */
	readonly leavesEndInDays: number;
	/** Why the database takes nothing; absent where it does. */
	readonly database?: string;
	/** Why the HLR/AuC does not answer; absent where it does. */
	readonly hlr?: string;
}

export async function healthOf({ store, keys }: OperatorContext, hlr: string | undefined): Promise<Health> {
	const failing = await store.ailment();
	const leaves = leavesEndInDays(keys);
	return {
		ok: failing === undefined && hlr === undefined && leaves >= 0,
		leavesEndInDays: leaves,
		...(failing === undefined ? {} : { database: failing }),
		...(hlr === undefined ? {} : { hlr }),
	};
}

/** Entries of the audit trail that are shown. */
const SHOWN = 1_000;

interface Answer {
	readonly status: number;
	readonly type: string;
	readonly text: string;
	readonly headers?: Readonly<Record<string, string>>;
}

const json = (status: number, object: unknown): Answer => ({
	status,
	type: "application/json",
	text: JSON.stringify(object),
});

/**
 * `GET /health` (200 or 503, JSON) for anybody who reaches it; for staff `GET /metrics` (Prometheus) and `GET /audit` (the
 * newest entries first, JSON).
 */
export function serveOperations(
	metrics: Metrics,
	health: () => Promise<Health>,
	store: OperatorStore,
	place: Place,
	access: Access,
): Promise<Listening> {
	const pages: Readonly<Record<string, (caller: string) => Promise<Answer>>> = {
		"/health": async () => {
			const now = await health();
			return json(now.ok ? 200 : 503, now);
		},
		"/metrics": async (caller) => {
			onlyStaff(caller);
			return { status: 200, type: metrics.registry.contentType, text: await metrics.registry.metrics() };
		},
		"/audit": async (caller) => {
			onlyStaff(caller);
			const entries = await store.audit.last(SHOWN).catch(() => undefined);
			return json(entries ? 200 : 503, entries ?? []);
		},
	};
	const server = createServer(httpLimits, async (request, response) => {
		const answer = await answerTo(async () => {
			const [path = ""] = (request.url ?? "").split("?");
			const page = Object.hasOwn(pages, path) ? pages[path] : undefined;
			if (!page) throw new Refusal("not-found", "no such page is served here", 404);
			if (request.method !== "GET") throw new MethodNotAllowed("GET");
			return page(callerBy(access, request));
		});
		response.writeHead(answer.status, { "content-type": answer.type, ...answer.headers }).end(answer.text);
	});
	return listen(server, place);
}

async function answerTo(run: () => Promise<Answer>): Promise<Answer> {
	try {
		return await run();
	} catch (error) {
		if (error instanceof Refusal) {
			const refused = json(error.status, { error: error.code, message: error.message });
			return { ...refused, headers: refusalHeaders(error) };
		}
		return json(500, { error: "internal", message: "this failed here; try again later" });
	}
}
