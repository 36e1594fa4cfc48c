import { MessageTooLong } from "../link/link.ts";
import { type Modem, ModemError, type ShortMessage } from "../modem/modem.ts";
import type { TreClient } from "../tre/client.ts";
import { TreError } from "../tre/errors.ts";
import { algorithmNumber, SignatureError } from "../wire/dsig/signature.ts";
import { readBootstrap, splitBootstrap } from "../wire/prov/bootstrap.ts";
import { ProvisioningError } from "../wire/prov/document.ts";
import { bootstrapText } from "../wire/push/delivery.ts";
import { dmBootstraps } from "../wire/push/media.ts";
import { isVouchedFor, SecretMissing } from "../wire/push/security.ts";
import { contentTypes } from "../wire/radio/short-messages.ts";
import { Refused } from "../wire/refused.ts";
import { emit, step } from "../wire/report/events.ts";
import type { Applications } from "./applications.ts";
import type { Memory } from "./memory.ts";
import { NetworkParameters } from "./network-parameters.ts";

const MAX_MESSAGES = 32;
const hex = (octets: Uint8Array): string => Buffer.from(octets).toString("hex");

/** Why a pushed message is left alone (docs/oma-cp.md). */
const whyNot = (contentType: string): string =>
	dmBootstraps.includes(contentType)
		? `bootstrap refused: ${contentType} is the DM profile's, and a TRE takes roots and accounts from signed Client Provisioning documents only`
		: `a short message of type ${contentType} is not for this M2ME`;

/** Short messages of the home operator: bootstraps go into the TRE, a receipt goes back. */
export class Inbox {
	readonly #tre: TreClient;
	readonly #modem: Modem;
	readonly #memory: Memory;
	readonly #applications: Applications;
	readonly #messages: ShortMessage[] = [];
	/** The TRE has accepted an account that could not be written. */
	#unwritten = false;

	constructor(tre: TreClient, modem: Modem, memory: Memory, applications: Applications) {
		this.#applications = applications;
		this.#tre = tre;
		this.#modem = modem;
		this.#memory = memory;
	}

	/** A flood keeps the newest: whatever was worth it is sent again. */
	take(message: ShortMessage): void {
		this.#messages.push(message);
		if (this.#messages.length > MAX_MESSAGES) this.#messages.shift();
	}

	/** Works off one message, if there is one; did it move the TRE? */
	async work(): Promise<"moved" | "read" | "nothing"> {
		const message = this.#messages.shift();
		if (!message) return "nothing";
		const done = await this.#workOff(message);
		if (this.#messages.length === 0) this.#modem.workedOff();
		return done;
	}

	async #workOff(message: ShortMessage): Promise<"moved" | "read"> {
		if (message.contentType === contentTypes.bootstrap) return this.#bootstrap(message);
		if (message.contentType === contentTypes.receiptRequest) await this.#receipt(message);
		else emit({ event: "problem", what: whyNot(message.contentType) });
		return "read";
	}

	/** A bootstrap is applied only after the TRE accepted it, and only from the accepted octets. */
	async #bootstrap({ body, sec, mac }: ShortMessage): Promise<"moved" | "read"> {
		try {
			const { activeImsi: imsi } = await this.#tre.status();
			// A filter against what is not for this device, and no more: whoever knows the IMSI passes it.
			if (sec !== "NETWPIN" || !isVouchedFor(sec, { imsi }, body, mac))
				throw new ProvisioningError("its MAC is not that of this device's IMSI");
			const { document, signature } = splitBootstrap(bootstrapText(body));
			// What this host has no place for is not accepted: the DRF would take it for done.
			this.#applications.check(readBootstrap(document).accounts);
			const accepted = await step(
				{ clause: "B.2.3.3", from: "M2ME", to: "TRE", what: "bootstrap: signature, envelope, root hash, nonceA" },
				() =>
					this.#tre.call("acceptBootstrap", {
						document: Buffer.from(document, "utf8"),
						algorithm: algorithmNumber[signature.algorithm],
						signature: signature.value,
					}),
			);
			return await this.#accepted(document, accepted);
		} catch (error) {
			const refused = [TreError, SignatureError, ProvisioningError, Refused, SecretMissing, MessageTooLong].some(
				(kind) => error instanceof kind,
			);
			if (!refused) throw error;
			emit({ event: "problem", what: `bootstrap refused: ${(error as Error).message}` });
			return "read";
		}
	}

	/** The TRE has taken it. What this host makes of it may fail by itself, and comes again with the next repeat. */
	async #accepted(
		document: string,
		{ kind, repeated }: { kind: string; repeated: boolean },
	): Promise<"moved" | "read"> {
		if (kind === "application") await this.#takeAccounts(document);
		if (kind === "update") await this.#takeOffer(document, repeated);
		if (kind === "initial" || kind === "change" || kind === "update") {
			const { naps, provUrl } = readBootstrap(document);
			if (provUrl !== undefined && kind === "change") this.#memory.update({ provUrl });
			const nap = naps[0];
			try {
				if (nap) await new NetworkParameters(this.#tre, this.#memory).bind("active", nap);
			} catch (error) {
				if (!(error instanceof TreError)) throw error;
				emit({ event: "problem", what: `its network parameters were not bound: ${error.message}` });
			}
		}
		return repeated ? "read" : "moved";
	}

	/** A DM session with the SHO will tell where the firmware lies. A repeat is for a host that has lost its way. */
	async #takeOffer(document: string, repeated: boolean): Promise<void> {
		const { provUrl } = readBootstrap(document);
		const { update } = this.#memory.content;
		const digest = hex((await this.#tre.call("updateOffer", {})).digest);
		if (provUrl === undefined || (repeated && update !== undefined && (digest === "" || update.digest === digest)))
			return;
		if (digest === "" && !repeated) {
			// The SHO has taken back what it had offered.
			this.#memory.update({ update: undefined });
			return;
		}
		const root = hex((await this.#tre.status()).currentRoot);
		this.#memory.update({
			update: { kind: digest === "" ? "sent" : "offered", provUrl, root, digest, failures: 0 },
		});
	}

	/** The context of M2M applications; nothing of MCIM provisioning is touched. */
	async #takeAccounts(document: string): Promise<void> {
		const { accounts } = readBootstrap(document);
		const servers = accounts.map(({ serverId }) => serverId).join(", ");
		// Until it is written, no receipt says that it has come; it comes again.
		this.#unwritten = true;
		await step({ clause: "B.2.3.3", from: "DRF", to: "M2ME", what: `account for M2M applications: ${servers}` }, () =>
			this.#applications.take(accounts),
		);
		this.#unwritten = false;
	}

	/** The operator asked where the TRE stands; an answer that does not get through is asked for again. */
	async #receipt({ body: challenge, from = "" }: ShortMessage): Promise<void> {
		if (this.#unwritten) {
			emit({ event: "problem", what: "no receipt is sent before the account for M2M applications is written" });
			return;
		}
		try {
			const { document } = await this.#tre.call("receipt", { challenge });
			await step({ clause: "B.2.3.5", from: "TRE", to: "SHO", what: "receipt with the operator's challenge" }, () =>
				this.#modem.submit({ contentType: contentTypes.receipt, body: Buffer.from(document) }, from),
			);
		} catch (error) {
			if (!(error instanceof TreError || error instanceof ModemError)) throw error;
			emit({ event: "problem", what: `no receipt was sent: ${error.message}` });
		}
	}
}
