import { randomBytes } from "node:crypto";
import {
	type Alert,
	alerts,
	type Command,
	elementOf,
	HEADER_REF,
	type Item,
	type Message,
	type NodeCommand,
	nodes,
	type Status,
	status,
} from "../../../../host/wire/syncml/message.ts";
import type { OperatorContext } from "../context.ts";
import type { Registration } from "../records.ts";
import { authMd5, sameDigest } from "./digest.ts";
import type { Provisioning } from "./provisioning.ts";

const NONCE_OCTETS = 16;

type NewCommand = Omit<NodeCommand, "cmdId">;

/** One OMA DM session with one device, server side: authentication, statuses, then what provisioning asks for. */
export class DmSession {
	readonly #context: OperatorContext;
	readonly #provisioning: Provisioning;
	readonly #url: string;
	readonly #respUri: string;
	#treId: string | undefined;
	/** The attempt whose account was presented. */
	#changeId: string | undefined;
	#msgId = 0;
	#challengeNonce: string | undefined;
	/** Commands of the last answer: sent again when the client asks for a new credential. */
	#outstanding: readonly NewCommand[] = [];
	/** The credential was refused once and presented again; a second refusal ends it. */
	#presentedAgain = false;

	/** `respUri`: where the device's next message goes; nobody else knows it. */
	constructor(context: OperatorContext, provisioning: Provisioning, url: string, respUri: string) {
		this.#context = context;
		this.#provisioning = provisioning;
		this.#url = url;
		this.#respUri = respUri;
	}

	/** Has the device shown its credential? */
	get isAuthenticated(): boolean {
		return this.#treId !== undefined;
	}

	/** Takes a client's package and makes the server's. */
	async answer(message: Message): Promise<Message> {
		this.#msgId++;
		const registration = this.#registration() ?? this.#authenticate(message);
		if (!registration) return this.#challenge(message);
		const first = this.#treId === undefined;
		this.#treId = registration.treId;
		this.#changeId = registration.changeId;
		const statuses: Command[] = [];
		const wanted: NewCommand[] = [];
		let present = first;
		const header = this.#headerStatus(message, first, registration);
		for (const command of message.commands) {
			if (command.name === "Status") {
				if (!this.#takeHeaderStatus(command)) continue;
				present = true;
				wanted.push(...this.#outstanding);
			} else if (command.name === "Alert") {
				const outcome = await this.#takeAlert(registration.treId, command);
				statuses.push(this.#status(message, command.cmdId, command.name, outcome.code));
				wanted.push(...outcome.commands);
			} else {
				const code = command.name === "Replace" ? status.ok : status.notSupported;
				statuses.push(this.#status(message, command.cmdId, elementOf(command), code));
			}
		}
		this.#outstanding = wanted;
		return this.#message(
			message,
			[header, ...statuses, ...wanted.map((command) => ({ ...command, cmdId: "" }))],
			present,
		);
	}

	/** Of the session; it ends with the attempt that it was opened for. */
	#registration(): Registration | undefined {
		if (this.#treId === undefined) return undefined;
		const registration = this.#context.store.registrations.get(this.#treId);
		if (registration?.changeId === this.#changeId) return registration;
		this.#treId = undefined;
		return undefined;
	}

	#authenticate(message: Message): Registration | undefined {
		const registration =
			message.locName === undefined ? undefined : this.#context.store.registrations.get(message.locName);
		if (!registration || message.cred === undefined) return undefined;
		const expected = authMd5(
			registration.user,
			registration.clientPassword,
			Buffer.from(this.#challengeNonce ?? registration.serverNonce, "base64"),
		);
		return sameDigest(expected, message.cred) ? registration : undefined;
	}

	/** A fresh nonce for the next credential; without one that fits, nothing else is done. */
	#challenge(message: Message): Message {
		const nextNonce = randomBytes(NONCE_OCTETS).toString("base64");
		// For this session only: nobody who just knows the name may move the stored nonce.
		this.#challengeNonce = nextNonce;
		const code = message.cred === undefined ? status.missingCredentials : status.invalidCredentials;
		return this.#message(message, [{ ...this.#status(message, HEADER_REF, "SyncHdr", code), nextNonce }], false);
	}

	#headerStatus(message: Message, first: boolean, registration: Registration): Command {
		if (!first) return this.#status(message, HEADER_REF, "SyncHdr", status.ok);
		const nextNonce = randomBytes(NONCE_OCTETS).toString("base64");
		this.#context.store.registrations.update(registration.treId, { serverNonce: nextNonce });
		return { ...this.#status(message, HEADER_REF, "SyncHdr", status.authenticated), nextNonce };
	}

	/** Keeps the client's nonce for the server's next credential; true where the last one has to be presented again. */
	#takeHeaderStatus(answer: Status): boolean {
		if (answer.cmd !== "SyncHdr" || this.#treId === undefined) return false;
		if (answer.nextNonce !== undefined)
			this.#context.store.registrations.update(this.#treId, { clientNonce: answer.nextNonce });
		const refused = answer.code === status.invalidCredentials || answer.code === status.missingCredentials;
		const again = refused && !this.#presentedAgain;
		this.#presentedAgain ||= again;
		return again;
	}

	async #takeAlert(treId: string, alert: Alert): Promise<{ code: number; commands: readonly NewCommand[] }> {
		if (alert.code === alerts.clientInitiated) return { code: status.ok, commands: [] };
		const item = alert.items[0];
		if (alert.code !== alerts.generic || !item?.data) return { code: status.badRequest, commands: [] };
		return this.#takeObject(treId, item);
	}

	#takeObject(treId: string, item: Item): Promise<{ code: number; commands: readonly NewCommand[] }> {
		const octets = Buffer.from(item.data ?? "", "base64").toString("utf8");
		if (item.source === nodes.m2mm) return this.#provisioning.takeRequest(treId, octets);
		if (item.source === nodes.receipt) return this.#provisioning.takeReceipt(treId, octets);
		return Promise.resolve({ code: status.badRequest, commands: [] });
	}

	#status(message: Message, cmdRef: string, cmd: string, code: number): Status {
		return { name: "Status", cmdId: "", msgRef: message.msgId, cmdRef, cmd, code };
	}

	#message(message: Message, commands: readonly Command[], withCredential: boolean): Message {
		const { shoId } = this.#context.config;
		const registration = this.#registration();
		const cred =
			withCredential && registration
				? authMd5(shoId, registration.serverPassword, Buffer.from(registration.clientNonce, "base64"))
				: undefined;
		return {
			sessionId: message.sessionId,
			msgId: this.#msgId,
			target: message.source,
			source: this.#url,
			respUri: this.#respUri,
			...(cred === undefined ? {} : { cred, locName: shoId }),
			commands: commands.map((command, n) => ({ ...command, cmdId: String(n + 1) })),
			final: true,
		};
	}
}
