import { randomInt } from "node:crypto";
import type { TreClient } from "../tre/client.ts";
import { type MessageForm, readMessageIn, writeMessageIn } from "../wire/syncml/form.ts";
import {
	alerts,
	type Command,
	elementOf,
	HEADER_REF,
	type Item,
	type Message,
	type NodeCommand,
	type OtherCommand,
	type Status,
	status,
} from "../wire/syncml/message.ts";
import type { Answer } from "./transport.ts";

export class DmSessionError extends Error {}

/** The server has understood what it was told, and does not take it: asking again soon brings the same answer. */
export class ServerRefuses extends DmSessionError {}

/** What the client does with a server's command; `alerts` go up with the statuses. */
export interface Executed {
	readonly code: number;
	readonly alerts?: readonly Item[];
}

export interface SessionPlan {
	/** PROVURL of the server. */
	readonly url: string;
	/** URN of the device. */
	readonly deviceId: string;
	/** Generic Alerts of package 1. */
	readonly alerts: readonly Item[];
	execute(command: NodeCommand): Promise<Executed>;
	/** Form of the client's messages. */
	readonly form: MessageForm;
	/** Sends a message to a URL of the server and resolves to the answer. */
	post(url: string, body: Uint8Array): Promise<Answer>;
	/** Sees every message. */
	trace?(direction: "client" | "server", octets: Uint8Array, form: MessageForm): void;
}

const MAX_MESSAGES = 12;
const NO_NONCE = new Uint8Array(0);

type NewCommand = Command extends infer One ? (One extends { cmdId: string } ? Omit<One, "cmdId"> : never) : never;

/**
 * Client side of an OMA DM 1.2.1 session. Digests of both sides are computed and checked in the TRE;
 * no command of the server is looked at before its credential was accepted.
 */
export class ClientSession {
	readonly #tre: TreClient;
	readonly #plan: SessionPlan;
	readonly #sessionId = randomInt(1, 0x10000).toString(16).toUpperCase();
	/** Where the next message goes. */
	#url: string;
	#msgId = 0;
	#serverTrusted = false;
	#serverRefused = false;

	constructor(tre: TreClient, plan: SessionPlan) {
		this.#tre = tre;
		this.#plan = plan;
		this.#url = plan.url;
	}

	/** A server may say where the next message goes, and stays the one that the TRE was told of. */
	#within(respUri: string): string {
		if (!URL.canParse(respUri) || new URL(respUri).origin !== new URL(this.#plan.url).origin)
			throw new DmSessionError("the answer is to go to another server");
		return respUri;
	}

	/** Runs the session to its end. */
	async run(): Promise<void> {
		let answer = await this.#open();
		while (this.#msgId < MAX_MESSAGES) {
			const commands = answer.commands.filter(
				(command): command is NodeCommand | OtherCommand => command.name !== "Status" && command.name !== "Alert",
			);
			if (commands.length === 0) return;
			answer = await this.#send(await this.#answerTo(answer, commands));
		}
		throw new DmSessionError("the server does not end the session");
	}

	/** Package 1, once more with the server's nonce where the stored one is not his. */
	async #open(): Promise<Message> {
		let answer = await this.#package1(NO_NONCE);
		let header = headerStatus(answer);
		if (header?.nextNonce && (header.code === status.invalidCredentials || header.code === status.missingCredentials)) {
			answer = await this.#package1(Buffer.from(header.nextNonce, "base64"));
			header = headerStatus(answer);
		}
		if (!header || header.code >= 300)
			throw new DmSessionError(`the server refuses the session: ${header?.code ?? "no status"}`);
		// The nonce for the next session is kept by the TRE.
		if (header.nextNonce) await this.#tre.call("dmCredential", { nonce: Buffer.from(header.nextNonce, "base64") });
		const refused = answer.commands.find(
			(command): command is Status => command.name === "Status" && command.cmd === "Alert" && command.code >= 300,
		);
		if (refused) throw new ServerRefuses(`the server refuses what was reported: ${refused.code}`);
		return answer;
	}

	async #package1(nonce: Uint8Array): Promise<Message> {
		const { user, digest } = await this.#tre.call("dmCredential", { nonce });
		const { deviceId } = this.#plan;
		const leaf = (name: string, data: string): Item => ({ source: `./DevInfo/${name}`, data });
		const devInfo = [
			leaf("DevId", deviceId),
			leaf("Man", "TRE workbench"),
			leaf("Mod", "M2ME"),
			leaf("DmV", "1.2"),
			leaf("Lang", "en"),
		];
		return this.#send(
			[
				{ name: "Alert", code: alerts.clientInitiated, items: [] },
				{ name: "Replace", items: devInfo },
				...this.#plan.alerts.map((item) => genericAlert(item)),
			],
			{ locName: user, cred: Buffer.from(digest).toString("base64") },
		);
	}

	async #answerTo(message: Message, commands: readonly (NodeCommand | OtherCommand)[]): Promise<NewCommand[]> {
		const header: Omit<Status, "cmdId"> = {
			name: "Status",
			msgRef: message.msgId,
			cmdRef: HEADER_REF,
			cmd: "SyncHdr",
			code: status.ok,
		};
		let nextNonce: string | undefined;
		if (!this.#serverTrusted) {
			const { accepted, nextNonce: nonce } = await this.#tre.call("dmVerify", {
				digest: Buffer.from(message.cred ?? "", "base64"),
			});
			nextNonce = Buffer.from(nonce).toString("base64");
			if (!accepted) return [this.#refuseServer(header, nextNonce)];
			this.#serverTrusted = true;
		}
		const answers: NewCommand[] = [
			nextNonce === undefined ? header : { ...header, code: status.authenticated, nextNonce },
		];
		const reports: NewCommand[] = [];
		for (const command of commands) {
			const executed = command.name === "Other" ? unsupported : await this.#plan.execute(command);
			answers.push({
				name: "Status",
				msgRef: message.msgId,
				cmdRef: command.cmdId,
				cmd: elementOf(command),
				code: executed.code,
			});
			reports.push(...(executed.alerts ?? []).map((item) => genericAlert(item)));
		}
		return [...answers, ...reports];
	}

	/** Once: its nonce may be stale. Twice: it does not know the password. */
	#refuseServer(header: Omit<Status, "cmdId">, nextNonce: string): NewCommand {
		if (this.#serverRefused) throw new DmSessionError("the server's credential is wrong");
		this.#serverRefused = true;
		return { ...header, code: status.invalidCredentials, nextNonce };
	}

	async #send(commands: readonly NewCommand[], credential: { locName?: string; cred?: string } = {}): Promise<Message> {
		const { form } = this.#plan;
		const octets = writeMessageIn(form, {
			sessionId: this.#sessionId,
			msgId: ++this.#msgId,
			target: this.#plan.url,
			source: this.#plan.deviceId,
			...credential,
			commands: commands.map((command, n) => ({ ...command, cmdId: String(n + 1) }) as Command),
			final: true,
		});
		this.#plan.trace?.("client", octets, form);
		const answer = await this.#plan.post(this.#url, octets);
		this.#plan.trace?.("server", answer.octets, answer.form);
		const message = readMessageIn(answer.form, answer.octets);
		if (message.sessionId !== this.#sessionId) throw new DmSessionError("the answer is of another session");
		if (message.respUri !== undefined) this.#url = this.#within(message.respUri);
		return message;
	}
}

const unsupported: Executed = { code: status.notSupported };

const genericAlert = (item: Item): NewCommand => ({ name: "Alert", code: alerts.generic, items: [item] });

const headerStatus = (message: Message): Status | undefined =>
	message.commands.find((command): command is Status => command.name === "Status" && command.cmd === "SyncHdr");
