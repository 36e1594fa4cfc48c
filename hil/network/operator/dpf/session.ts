import { randomBytes } from "node:crypto";
import { fumoNodes } from "../../../../host/wire/syncml/fumo.ts";
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
import type { FirmwareDesk } from "../firmware/desk.ts";
import { accountsOf, keepNonces, type ServedAccount } from "./accounts.ts";
import { authMd5, sameDigest } from "./digest.ts";
import type { Outcome } from "./outcome.ts";
import type { Provisioning } from "./provisioning.ts";

const NONCE_OCTETS = 16;

type NewCommand = Omit<NodeCommand, "cmdId">;

/** What a session's alerts are for. */
export interface Desks {
	readonly provisioning: Provisioning;
	readonly firmware: FirmwareDesk;
}

/** One OMA DM session with one device, server side: authentication, statuses, then what provisioning asks for. */
export class DmSession {
	readonly #context: OperatorContext;
	readonly #desks: Desks;
	readonly #url: string;
	readonly #respUri: string;
	/** The account that was presented. */
	#account: Pick<ServedAccount, "treId" | "for" | "id"> | undefined;
	#msgId = 0;
	#challengeNonce: string | undefined;
	/** Commands of the last answer: sent again when the client asks for a new credential. */
	#outstanding: readonly NewCommand[] = [];
	/** The credential was refused once and presented again; a second refusal ends it. */
	#presentedAgain = false;

	/** `respUri`: where the device's next message goes; nobody else knows it. */
	constructor(context: OperatorContext, desks: Desks, url: string, respUri: string) {
		this.#context = context;
		this.#desks = desks;
		this.#url = url;
		this.#respUri = respUri;
	}

	/** Has the device shown its credential? */
	get isAuthenticated(): boolean {
		return this.#account !== undefined;
	}

	/** Takes a client's package and makes the server's. */
	async answer(message: Message): Promise<Message> {
		this.#msgId++;
		const account = this.#presented() ?? this.#authenticate(message);
		if (!account) return this.#challenge(message);
		const first = this.#account === undefined;
		this.#account = account;
		const statuses: Command[] = [];
		const wanted: NewCommand[] = [];
		let present = first;
		const header = this.#headerStatus(message, first, account);
		for (const command of message.commands) {
			if (command.name === "Status") {
				if (!this.#takeHeaderStatus(command)) continue;
				present = true;
				wanted.push(...this.#outstanding);
			} else if (command.name === "Alert") {
				const outcome = await this.#takeAlert(account, command);
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

	/** That of the session; it ends with the attempt, or the offer, that it was made for. */
	#presented(): ServedAccount | undefined {
		const account = this.#account;
		if (account === undefined) return undefined;
		const known = accountsOf(this.#context.store, account.treId);
		const found = known.find((one) => one.for === account.for && one.id === account.id);
		if (!found) this.#account = undefined;
		return found;
	}

	#authenticate({ locName, cred }: Message): ServedAccount | undefined {
		if (locName === undefined || cred === undefined) return undefined;
		return accountsOf(this.#context.store, locName).find(({ user, clientPassword, serverNonce }) => {
			const nonce = Buffer.from(this.#challengeNonce ?? serverNonce, "base64");
			return sameDigest(authMd5(user, clientPassword, nonce), cred);
		});
	}

	/** A fresh nonce for the next credential; without one that fits, nothing else is done. */
	#challenge(message: Message): Message {
		const nextNonce = randomBytes(NONCE_OCTETS).toString("base64");
		// For this session only: nobody who just knows the name may move the stored nonce.
		this.#challengeNonce = nextNonce;
		const code = message.cred === undefined ? status.missingCredentials : status.invalidCredentials;
		return this.#message(message, [{ ...this.#status(message, HEADER_REF, "SyncHdr", code), nextNonce }], false);
	}

	#headerStatus(message: Message, first: boolean, account: ServedAccount): Command {
		if (!first) return this.#status(message, HEADER_REF, "SyncHdr", status.ok);
		const nextNonce = randomBytes(NONCE_OCTETS).toString("base64");
		keepNonces(this.#context.store, account, { serverNonce: nextNonce });
		return { ...this.#status(message, HEADER_REF, "SyncHdr", status.authenticated), nextNonce };
	}

	/** Keeps the client's nonce for the server's next credential; true where the last one has to be presented again. */
	#takeHeaderStatus(answer: Status): boolean {
		const account = this.#presented();
		if (answer.cmd !== "SyncHdr" || account === undefined) return false;
		if (answer.nextNonce !== undefined) keepNonces(this.#context.store, account, { clientNonce: answer.nextNonce });
		const refused = answer.code === status.invalidCredentials || answer.code === status.missingCredentials;
		const again = refused && !this.#presentedAgain;
		this.#presentedAgain ||= again;
		return again;
	}

	async #takeAlert(account: ServedAccount, alert: Alert): Promise<Outcome> {
		if (alert.code === alerts.clientInitiated) return { code: status.ok, commands: [] };
		const item = alert.items[0];
		if (alert.code === alerts.generic && item?.source?.startsWith(fumoNodes.root))
			return this.#desks.firmware.takeAlert(account, item);
		if (alert.code !== alerts.generic || !item?.data) return { code: status.badRequest, commands: [] };
		return this.#takeObject(account.treId, item);
	}

	#takeObject(treId: string, item: Item): Promise<Outcome> {
		const octets = Buffer.from(item.data ?? "", "base64").toString("utf8");
		if (item.source === nodes.m2mm) return this.#desks.provisioning.takeRequest(treId, octets);
		if (item.source === nodes.receipt) return this.#desks.provisioning.takeReceipt(treId, octets);
		return Promise.resolve({ code: status.badRequest, commands: [] });
	}

	#status(message: Message, cmdRef: string, cmd: string, code: number): Status {
		return { name: "Status", cmdId: "", msgRef: message.msgId, cmdRef, cmd, code };
	}

	#message(message: Message, commands: readonly Command[], withCredential: boolean): Message {
		const { shoId } = this.#context.config;
		const account = this.#presented();
		const cred =
			withCredential && account
				? authMd5(shoId, account.serverPassword, Buffer.from(account.clientNonce, "base64"))
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
