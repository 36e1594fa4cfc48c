import { createServer } from "node:https";
import { Refused } from "../../../../host/wire/refused.ts";
import { contentTypes, formOf, readMessageIn, writeMessageIn } from "../../../../host/wire/syncml/form.ts";
import { type Message, SyncmlError } from "../../../../host/wire/syncml/message.ts";
import { keyToPem, toPem } from "../../shared/certificates.ts";
import { type Listening, listen, readBody } from "../../shared/http.ts";
import type { Place } from "../../shared/ports.ts";
import { dpfHost, type OperatorContext } from "../context.ts";
import type { Provisioning } from "./provisioning.ts";
import { DmSession } from "./session.ts";

export const DM_PATH = "/dm";
const MAX_SESSIONS = 1000;

export const provUrl = (shoId: string): string => `https://${dpfHost(shoId)}${DM_PATH}`;

const keyOf = (message: Message): string => `${message.source} ${message.sessionId}`;

/** Statuses only, and no challenge: the session has ended (DM Protocol 1.2.1, package 4). */
const isLast = (answer: Message): boolean =>
	answer.commands.every((command) => command.name === "Status" && !(command.cmd === "SyncHdr" && command.code >= 400));

/** The OMA DM server of an operator, over HTTPS under its own root. */
export function serveDpf(context: OperatorContext, provisioning: Provisioning, place: Place): Promise<Listening> {
	const sessions = new Map<string, DmSession>();

	const sessionOf = (message: Message): DmSession => {
		const key = keyOf(message);
		// Message 1 opens a session, also where a broken one had the same number.
		const known = message.msgId === 1 ? undefined : sessions.get(key);
		const session = known ?? new DmSession(context, provisioning, provUrl(context.config.shoId));
		sessions.delete(key);
		sessions.set(key, session);
		for (const oldest of sessions.keys()) {
			if (sessions.size <= MAX_SESSIONS) break;
			sessions.delete(oldest);
		}
		return session;
	};

	const options = {
		key: keyToPem(context.keys.dpf.key),
		cert: toPem(context.keys.dpf.certificate),
		minVersion: "TLSv1.2" as const,
	};
	const server = createServer(options, async (request, response) => {
		try {
			const octets = await readBody(request);
			if (request.method !== "POST" || request.url !== DM_PATH) {
				response.writeHead(404).end();
				return;
			}
			const form = formOf(request.headers["content-type"]);
			if (form === undefined) {
				response.writeHead(415).end(`a message comes as ${Object.values(contentTypes).join(" or ")}`);
				return;
			}
			const message = readMessageIn(form, octets);
			const answer = await sessionOf(message).answer(message);
			if (isLast(answer)) sessions.delete(keyOf(message));
			await context.store.durable();
			response.writeHead(200, { "content-type": contentTypes[form] }).end(writeMessageIn(form, answer));
		} catch (error) {
			const malformed = [Refused, SyncmlError].some((kind) => error instanceof kind);
			response.writeHead(malformed ? 400 : 500).end(malformed ? (error as Error).message : "internal error");
		}
	});
	return listen(server, place);
}
