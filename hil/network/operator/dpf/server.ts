import { randomBytes } from "node:crypto";
import type { ServerResponse } from "node:http";
import { createServer } from "node:https";
import { Refused } from "../../../../host/wire/refused.ts";
import { emit } from "../../../../host/wire/report/events.ts";
import { contentTypes, formOf, readMessageIn, writeMessageIn } from "../../../../host/wire/syncml/form.ts";
import { type Message, SyncmlError } from "../../../../host/wire/syncml/message.ts";
import { keyToPem, toPem } from "../../shared/certificates.ts";
import { readBody } from "../../shared/http.ts";
import { httpLimits, type Listening, listen, tlsLimits } from "../../shared/listening.ts";
import type { Place } from "../../shared/ports.ts";
import { MethodNotAllowed, Refusal, refusalHeaders } from "../../shared/refusal.ts";
import { DM_PATH, type OperatorContext, provUrl } from "../context.ts";
import { PACKAGES_PATH } from "../firmware/desk.ts";
import { Downloads } from "./downloads.ts";
import { type Desks, DmSession } from "./session.ts";

const SESSION = "session";
/** Sessions at once: of devices that have shown their credential, and of all others. */
const MAX_AUTHENTICATED = 1_000;
const MAX_OTHERS = 256;
/** A device may take so long between two messages: it installs what it got. */
const KEEP_ALIVE_MS = 120_000;

/** Statuses only, and no challenge: the session has ended (DM Protocol 1.2.1, package 4). */
const isLast = (answer: Message): boolean =>
	answer.commands.every((command) => command.name === "Status" && !(command.cmd === "SyncHdr" && command.code >= 400));

function refuse(response: ServerResponse, error: unknown): void {
	if (error instanceof Refusal)
		response.writeHead(error.status, { connection: "close", ...refusalHeaders(error) }).end(error.message);
	else if (error instanceof Refused || error instanceof SyncmlError) response.writeHead(400).end(error.message);
	else {
		emit({ event: "problem", what: `a DM message failed: ${error instanceof Error ? error.stack : String(error)}` });
		response.writeHead(500).end("internal error");
	}
}

/** The OMA DM server of an operator, over HTTPS under its own root. */
export function serveDpf(context: OperatorContext, desks: Desks, place: Place): Promise<Listening> {
	/** By a token that goes to the device in RespURI: whoever guesses names and numbers gets into no session. */
	const sessions = new Map<string, DmSession>();

	const downloads = new Downloads();

	const makeRoom = (authenticated: boolean, most: number): void => {
		const own = [...sessions].filter(([, session]) => session.isAuthenticated === authenticated);
		for (const [token] of own.slice(0, Math.max(0, own.length - most))) sessions.delete(token);
	};

	/** Message 1 opens a session; a later one without a token of ours begins anew, too. */
	const sessionOf = (url: string, message: Message): { token: string; session: DmSession } => {
		const shown = new URLSearchParams(url.split("?")[1]).get(SESSION) ?? "";
		const known = message.msgId === 1 ? undefined : sessions.get(shown);
		const token = known ? shown : randomBytes(16).toString("hex");
		const own = provUrl(context.config.shoId);
		const session = known ?? new DmSession(context, desks, own, `${own}?${SESSION}=${token}`);
		sessions.delete(token);
		sessions.set(token, session);
		makeRoom(false, MAX_OTHERS);
		makeRoom(true, MAX_AUTHENTICATED);
		return { token, session };
	};

	const options = {
		key: keyToPem(context.keys.dpf.key),
		cert: toPem(context.keys.dpf.certificate),
		minVersion: "TLSv1.2" as const,
		...{ ...httpLimits, ...tlsLimits, keepAliveTimeout: KEEP_ALIVE_MS },
	};
	const server = createServer(options, async (request, response) => {
		try {
			const [path = ""] = (request.url ?? "").split("?");
			if (path.startsWith(PACKAGES_PATH))
				return downloads.send(request.method, desks.firmware.packageOf(path), response);
			if (path !== DM_PATH) throw new Refusal("not-found", "no such path is served here", 404);
			if (request.method !== "POST") throw new MethodNotAllowed("POST");
			const octets = await readBody(request);
			const form = formOf(request.headers["content-type"]);
			if (form === undefined)
				throw new Refusal("content-type", `a message comes as ${Object.values(contentTypes).join(" or ")}`, 415);
			const message = readMessageIn(form, octets);
			const { token, session } = sessionOf(request.url ?? "", message);
			const answer = await session.answer(message);
			if (isLast(answer)) sessions.delete(token);
			const written = writeMessageIn(form, answer);
			await context.store.durable();
			response.writeHead(200, { "content-type": contentTypes[form] }).end(written);
		} catch (error) {
			refuse(response, error);
		}
	});
	return listen(server, place);
}
