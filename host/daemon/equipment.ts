import type { ServingRole } from "../../firmware/contract/states.ts";
import { type AkaAnswer, type IpBearer, type Modem, ModemError } from "../modem/modem.ts";
import { ServerRefuses } from "../omadm/session.ts";
import type { TreClient, TreStatus } from "../tre/client.ts";
import { isTreError } from "../tre/errors.ts";
import { step } from "../wire/report/events.ts";
import type { MessageForm } from "../wire/syncml/form.ts";
import { FirmwareUpdate } from "./firmware-update.ts";
import type { Inbox } from "./inbox.ts";
import type { Memory } from "./memory.ts";
import { NetworkParameters } from "./network-parameters.ts";
import { HoldOff } from "./patience.ts";
import { ProvisioningSession } from "./provisioning.ts";

/** What the equipment did with its last look at the TRE; `on-air` is a step that ends with the attachment. */
export type Progress = "on-air" | "worked" | "waiting";

const INITIAL = "B.2.2.2";
const NEW_MCIM = "B.2.3.5";

const hex = (octets: Uint8Array): string => Buffer.from(octets).toString("hex");

/**
 * The M2ME outside the TRE. It asks the TRE where the device stands and does the next step from
 * there, so a restart at any point goes on where it was.
 */
export class Equipment {
	readonly #tre: TreClient;
	readonly #modem: Modem;
	readonly #memory: Memory;
	readonly #inbox: Inbox;
	readonly #parameters: NetworkParameters;
	readonly #firmware: FirmwareUpdate;
	readonly #form: MessageForm;
	readonly #holdOff: HoldOff;
	#attachedAs: string | undefined;
	#bearer: IpBearer | undefined;
	/** Clause of the attachment under way: the first one, or that with a new MCIM. */
	#clause = INITIAL;

	/** `form`: of the messages of its DM sessions. `holdOff` lasts longer than this line and this radio. */
	constructor(
		tre: TreClient,
		modem: Modem,
		memory: Memory,
		inbox: Inbox,
		form: MessageForm = "wbxml",
		holdOff = new HoldOff(),
	) {
		this.#holdOff = holdOff;
		this.#form = form;
		this.#tre = tre;
		this.#modem = modem;
		this.#memory = memory;
		this.#inbox = inbox;
		this.#parameters = new NetworkParameters(tre, memory);
		this.#firmware = new FirmwareUpdate({ tre, form }, memory);
	}

	#session(url: string): ProvisioningSession {
		return new ProvisioningSession(this.#tre, this.#memory, url, this.#form);
	}

	/** The next step that needs IP connectivity asks for it anew. */
	forgetBearer(): void {
		this.#bearer = undefined;
	}

	/** Does the next step, if there is one. */
	async proceed(): Promise<Progress> {
		const status = await this.#tre.status();
		switch (status.state) {
			case "blank":
			case "keyed":
				return "waiting";
			case "bootstrapped":
			case "requested":
				return this.#provision(status);
			case "installed":
				return this.#install(status);
			case "trial":
				return this.#confirm(status);
			default:
				return this.#serve(status);
		}
	}

	/** Attached with the current subscription: bootstraps and reports. */
	async #serve(status: TreStatus): Promise<Progress> {
		if (await this.#attach(status.activeImsi)) return "on-air";
		const read = await this.#readMessage();
		if (read) return read;
		if (this.#bearer === undefined && (await this.#parameters.of("active"))) {
			await this.#connect("active", "restricted IP connectivity over the NAPDEF");
			return "on-air";
		}
		return this.#report(status);
	}

	async #report(status: TreStatus): Promise<Progress> {
		const { reportTo } = this.#memory.content;
		if (reportTo === undefined) return this.#update(status);
		if (hex(status.activeMcim) !== reportTo.mcimId) {
			// The trial ended in a revert: its DPF and account are gone.
			this.#memory.update({ reportTo: undefined });
			return "worked";
		}
		const bearer = await this.#connect("active", "IP connectivity");
		await this.#session(reportTo.provUrl).report(bearer);
		this.#memory.update({ reportTo: undefined });
		return "worked";
	}

	/** Firmware that the current SHO offers; nothing else is under way. */
	async #update({ currentRoot }: TreStatus): Promise<Progress> {
		if (!this.#firmware.isPending(currentRoot)) return "waiting";
		await this.#firmware.proceed(await this.#connect("active", "IP connectivity"));
		return "worked";
	}

	async #provision(status: TreStatus): Promise<Progress> {
		if (await this.#attach(status.activeImsi)) return "on-air";
		const read = await this.#readMessage();
		if (read) return read;
		const { provUrl } = this.#memory.content;
		// The TRE has the bootstrap, this host has lost it: the DRF sends it again.
		if (provUrl === undefined) return "waiting";
		// One request has one answer: as long as this bootstrap stands, a refusal does.
		const subject = hex(status.nonceB);
		this.#holdOff.check(subject);
		const bearer = await this.#connect("active", "IP connectivity");
		try {
			await this.#session(provUrl).request(bearer);
		} catch (error) {
			if (error instanceof ServerRefuses) this.#holdOff.refused(subject);
			throw error;
		}
		// A session may end well and bring nothing; the next one has to wait its turn.
		if ((await this.#tre.status()).state !== "installed") throw new ModemError("the DM session brought no MCIM");
		return "worked";
	}

	/** Network parameters first, over the old bearer; then the new MCIM (B.2.3.5). */
	async #install(status: TreStatus): Promise<Progress> {
		const { provUrl } = this.#memory.content;
		if (!(await this.#parameters.of("pending"))) {
			if (await this.#attach(status.activeImsi)) return "on-air";
			const read = await this.#readMessage();
			if (read) return read;
			// The TRE has the bootstrap, this host has lost it: the DRF sends it again.
			if (provUrl === undefined) return "waiting";
			const bearer = await this.#connect("active", "IP connectivity");
			await this.#session(provUrl).report(bearer);
			if (!(await this.#parameters.of("pending"))) throw new ModemError("the DM session brought no network parameters");
			return "worked";
		}
		// A withdrawal still counts here; in the trial no bootstrap does.
		const withdrawal = await this.#readMessage();
		if (withdrawal) return withdrawal;
		await this.#leave();
		if (provUrl !== undefined) this.#memory.update({ reportTo: { provUrl, mcimId: hex(status.pendingMcim) } });
		await step({ clause: "B.2.3.5", from: "M2ME", to: "TRE", what: "activate the new MCIM" }, () =>
			this.#tre.call("activate", {}),
		);
		return "worked";
	}

	/** A trial: AKA with the new MCIM, IP connectivity, commit. */
	async #confirm(status: TreStatus): Promise<Progress> {
		this.#clause = NEW_MCIM;
		if (await this.#attach(status.pendingImsi)) return "on-air";
		await this.#connect("pending", "IP connectivity at the new SHO");
		await step({ clause: "B.2.3.5", from: "M2ME", to: "TRE", what: "IP connectivity confirmed: the TRE commits" }, () =>
			this.#tre.call("confirmConnectivity", {}),
		);
		return "worked";
	}

	/** Undefined where there is no message. */
	async #readMessage(): Promise<Progress | undefined> {
		const read = await this.#inbox.work();
		if (read === "nothing") return undefined;
		return read === "moved" ? "worked" : "on-air";
	}

	/** True when it had to attach. */
	async #attach(imsi: string): Promise<boolean> {
		if (this.#attachedAs === imsi) return false;
		await this.#leave();
		await step({ clause: this.#clause, from: "M2ME", to: "VNO", what: `attach as ${imsi}` }, () =>
			this.#modem.attach(imsi, (rand, autn) => this.#authenticate(rand, autn)),
		);
		this.#attachedAs = imsi;
		return true;
	}

	async #leave(): Promise<void> {
		if (this.#attachedAs === undefined) return;
		await step({ clause: "B.2.3.5", from: "M2ME", to: "VNO", what: "detach" }, () => this.#modem.detach());
		this.#attachedAs = undefined;
		this.#bearer = undefined;
	}

	async #authenticate(rand: string, autn: string): Promise<AkaAnswer> {
		const request = { rand: Buffer.from(rand, "hex"), autn: Buffer.from(autn, "hex") };
		try {
			const answer = await step(
				{ clause: this.#clause, from: "M2ME", to: "TRE", what: "AUTHENTICATE inside the TRE" },
				() => this.#tre.call("authenticate", request),
			);
			if (answer.outcome === 0) return { kind: "success", res: hex(answer.res) };
			return { kind: "failure", cause: "sync", auts: hex(answer.auts) };
		} catch (error) {
			if (isTreError(error, "autn-mac")) return { kind: "failure", cause: "mac" };
			throw error;
		}
	}

	async #connect(role: ServingRole, what: string): Promise<IpBearer> {
		if (this.#bearer) return this.#bearer;
		const nap = await this.#parameters.of(role);
		if (!nap) throw new ModemError("no access point is known for this subscription");
		this.#bearer = await step(
			{ clause: this.#clause, from: "M2ME", to: "VNO", what: `${what}: APN ${nap.apn}`, mark: "connected" },
			() => this.#modem.activate(nap.apn),
		);
		return this.#bearer;
	}
}
