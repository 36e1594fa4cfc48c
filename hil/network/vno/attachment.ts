import { randomBytes } from "node:crypto";
import type { Duplex } from "node:stream";
import type { Downlink, Uplink } from "../../../host/wire/radio/messages.ts";
import { step } from "../../../host/wire/report/events.ts";
import type { Gsup, PdpInfo, Tuple } from "../gsup/message.ts";
import { domains, imeiResults } from "../gsup/tables.ts";
import type { PacketDataAnswer } from "../shared/home.ts";
import { postJson } from "../shared/http.ts";
import { Refusal } from "../shared/refusal.ts";
import type { Registry } from "../shared/registry.ts";
import { type Air, AirChannel } from "./air.ts";
import type { Homes } from "./homes.ts";

/** What a visited network keeps of one device on the air. */
export interface Bearer {
	readonly token: string;
	readonly egress: readonly string[];
	/** Open connections: they end with the bearer. */
	readonly connections: Set<Duplex>;
}

export interface Visited {
	readonly vnoId: string;
	readonly plmn: string;
	readonly registry: Registry;
	/** Is there a roaming agreement with that operator? */
	serves(shoId: string): boolean;
	/** GSUP to the home networks. */
	readonly homes: Homes;
	/** What the air does to short messages now. */
	air(): Air;
	/** What this network shows at that operator's packet gateway. */
	tokenFor(shoId: string): string | undefined;
	/** host and port of the IP bearer. */
	readonly proxy: { readonly host: string; readonly port: number };
	attached(imsi: string, attachment: Attachment): void;
	/** False where another attachment of that IMSI has taken its place. */
	detached(imsi: string, attachment: Attachment): boolean;
	bearer(bearer: Bearer): void;
	released(token: string): void;
}

type Profile = Pick<Gsup, "msisdn"> & { readonly pdp?: readonly PdpInfo[] };

/** A subscriber's APN that stands for all of them. */
const ANY_APN = "*";
/** Octets of an SMS-SUBMIT TPDU (TS 23.040 clause 9.2.2.2). */
const MAX_TPDU = 164;
const MAX_RESYNCHRONISATIONS = 1;
/** First attach or new MCIM: a network that is not M2M-aware cannot tell. */
const CLAUSE = "B.2.2.2, .3.5";

/**
 * One device on the air. The network is not M2M-aware: it sees an IMSI, asks the operator of its MCC
 * and MNC for a vector, and compares RES with XRES.
 */
export class Attachment {
	readonly #network: Visited;
	readonly #send: (message: Downlink) => void;
	readonly #release: () => void;
	readonly #air: AirChannel;
	#imsi = "";
	/** Of the equipment, where it gives one. */
	#imei: string | undefined;
	#vector: Tuple | undefined;
	/** What its home network said of the subscriber (InsertSubscriberData). */
	#profile: Profile = {};
	/** Counts attachments: what was asked for an earlier one is dropped when its answer comes. */
	#attempt = 0;
	#resynchronisations = 0;
	#admitted = false;
	#cancelled = false;
	#token: string | undefined;
	#reference = 0;
	#messageId = 0;
	readonly #awaited = new Map<number, { resolve(): void; reject(error: Error): void }>();

	/** `release`: ends the radio connection. */
	constructor(network: Visited, send: (message: Downlink) => void, release: () => void) {
		this.#release = release;
		this.#air = new AirChannel(() => network.air());
		this.#network = network;
		this.#send = send;
	}

	async receive(message: Uplink): Promise<void> {
		switch (message.type) {
			case "attach":
				this.leave();
				this.#imsi = message.imsi;
				this.#imei = message.imei;
				this.#resynchronisations = 0;
				return this.#challenge({});
			case "auth-response":
				return this.#checkResponse(message.res);
			case "auth-failure":
				return this.#takeFailure(message.cause, message.auts);
			case "detach":
				this.leave();
				return this.#send({ type: "detach-accept" });
			case "pdp-activate":
				return this.#activate(message.apn);
			case "sms-ack":
				this.#awaited.get(message.id)?.resolve();
				return undefined;
			case "sms-submit":
				return this.#submit(Buffer.from(message.tpdu, "hex"));
		}
	}

	/** Delivers a short message (an SMS-DELIVER TPDU, hex), as well as the air lets it. */
	deliver(tpdu: string, timeoutMs: number): Promise<void> {
		return this.#air.deliver(() => this.#transmit(tpdu, timeoutMs));
	}

	/** Waits until the device has it. */
	#transmit(tpdu: string, timeoutMs: number): Promise<void> {
		const id = ++this.#messageId;
		return new Promise((resolve, reject) => {
			const settle = (run: () => void) => {
				clearTimeout(timer);
				this.#awaited.delete(id);
				run();
			};
			const late = new Refusal("no-acknowledgement", "the device did not acknowledge", 504);
			const timer = setTimeout(() => settle(() => reject(late)), timeoutMs);
			this.#awaited.set(id, {
				resolve: () => settle(resolve),
				reject: (error) => settle(() => reject(error)),
			});
			this.#send({ type: "sms", id, tpdu });
		});
	}

	/** The device has detached or its radio link is gone. */
	leave(): void {
		this.#attempt++;
		const gone = new Refusal("absent-subscriber", `${this.#imsi} has left`, 404);
		for (const { reject } of this.#awaited.values()) reject(gone);
		if (this.#admitted) this.#depart();
		if (this.#token !== undefined) this.#network.released(this.#token);
		this.#admitted = false;
		this.#cancelled = false;
		this.#token = undefined;
		this.#vector = undefined;
	}

	/** Where it came from has to forget it, unless another network has taken it over. */
	#depart(): void {
		const was = this.#network.detached(this.#imsi, this);
		if (this.#cancelled || !was) return;
		const home = this.#network.registry.home(this.#imsi);
		const purge = { procedure: "PurgeMS", kind: "request", imsi: this.#imsi, domain: domains.ps } as const;
		if (home) this.#network.homes.tell(home.shoId, purge);
	}

	get isOnAir(): boolean {
		return this.#admitted;
	}

	/** The same subscriber is on the air here over another radio connection. */
	replaced(): void {
		this.cancel();
	}

	/** Its home network says that it is elsewhere, or no subscriber any more (LocationCancel). */
	cancel(): void {
		this.#cancelled = true;
		this.leave();
		this.#release();
	}

	/** Its home network says what it may use. */
	insert({ msisdn, pdp }: Profile): void {
		this.#profile = { msisdn: msisdn ?? this.#profile.msisdn, pdp: pdp ?? this.#profile.pdp };
	}

	#home() {
		const home = this.#network.registry.home(this.#imsi);
		if (!home || !this.#network.serves(home.shoId))
			throw new Refusal("no-roaming-agreement", `no agreement with the operator of ${this.#imsi}`);
		return home;
	}

	async #challenge(resynchronisation: Pick<Gsup, "rand" | "auts">): Promise<void> {
		const attempt = this.#attempt;
		try {
			const home = this.#home();
			const what = resynchronisation.auts
				? "AUTS, and a vector after resynchronisation"
				: `vector for IMSI ${this.#imsi} by MCC/MNC`;
			const { tuples } = await step({ clause: CLAUSE, from: this.#network.vnoId, to: `${home.shoId} HSS`, what }, () =>
				this.#ask({ procedure: "SendAuthInfo", vectors: 1, domain: domains.ps, ...resynchronisation }),
			);
			if (attempt !== this.#attempt) return;
			const [vector] = tuples ?? [];
			if (!vector?.autn) throw new Refusal("no-umts-vector", `${home.shoId} has no UMTS vector for ${this.#imsi}`);
			this.#vector = vector;
			this.#send({ type: "auth-request", rand: vector.rand.toString("hex"), autn: vector.autn.toString("hex") });
		} catch (error) {
			if (attempt === this.#attempt) this.#reject(error);
		}
	}

	async #checkResponse(res: string): Promise<void> {
		const vector = this.#vector;
		this.#vector = undefined;
		if (!vector?.res || res !== vector.res.toString("hex"))
			return this.#send({ type: "attach-reject", cause: "authentication" });
		const attempt = this.#attempt;
		try {
			const home = this.#home();
			await this.#checkEquipment(home.shoId);
			if (attempt !== this.#attempt) return;
			this.#admitted = true;
			this.#network.attached(this.#imsi, this);
			await step({ clause: CLAUSE, from: this.#network.vnoId, to: `${home.shoId} HSS`, what: "update location" }, () =>
				this.#ask({ procedure: "UpdateLocation", domain: domains.ps }),
			);
			if (attempt === this.#attempt) this.#send({ type: "attach-accept", plmn: this.#network.plmn });
		} catch (error) {
			if (attempt !== this.#attempt) return;
			this.leave();
			this.#reject(error);
		}
	}

	/** Its home network says whether this equipment gets service (TS 29.002 clause 8.7). */
	async #checkEquipment(shoId: string): Promise<void> {
		if (this.#imei === undefined) return;
		const imei = this.#imei;
		const what = `may equipment ${imei} be used?`;
		const { imeiResult } = await step({ clause: CLAUSE, from: this.#network.vnoId, to: `${shoId} HSS`, what }, () =>
			this.#ask({ procedure: "CheckImei", imei }),
		);
		if (imeiResult === imeiResults.refused)
			throw new Refusal("illegal-equipment", `${shoId} gives no service to equipment ${imei}`);
	}

	async #takeFailure(cause: string, auts: string | undefined): Promise<void> {
		const rand = this.#vector?.rand;
		this.#vector = undefined;
		if (
			cause === "sync" &&
			auts !== undefined &&
			rand !== undefined &&
			this.#resynchronisations++ < MAX_RESYNCHRONISATIONS
		) {
			return this.#challenge({ rand, auts: Buffer.from(auts, "hex") });
		}
		this.#send({ type: "attach-reject", cause: `authentication failure (${cause})` });
	}

	async #activate(apn: string): Promise<void> {
		const attempt = this.#attempt;
		try {
			if (!this.#admitted) throw new Refusal("not-attached", "attach first");
			const subscribed = this.#profile.pdp?.some((one) => one.apn === apn || one.apn === ANY_APN);
			if (!subscribed) throw new Refusal("apn-unknown", `${apn} is none of the subscriber's access points`);
			const { home, shoId } = this.#home();
			const { egress } = await postJson<PacketDataAnswer>(
				`${home}/packet-data`,
				{ imsi: this.#imsi, apn },
				this.#network.tokenFor(shoId),
			);
			// It may have left, or come again as another, while the home operator was asked.
			if (attempt !== this.#attempt) return;
			if (this.#token !== undefined) this.#network.released(this.#token);
			const token = randomBytes(16).toString("hex");
			this.#token = token;
			this.#network.bearer({ token, egress, connections: new Set() });
			this.#send({ type: "pdp-accept", ...this.#network.proxy, token });
		} catch (error) {
			this.#send({ type: "pdp-reject", cause: error instanceof Refusal ? error.code : "network failure" });
		}
	}

	/** A message of the device goes to the operator of its IMSI; what it says is nothing to this network. */
	async #submit(tpdu: Buffer): Promise<void> {
		try {
			if (!this.#admitted) throw new Refusal("not-attached", "attach first");
			if (tpdu.length === 0 || tpdu.length > MAX_TPDU) throw new Refusal("tpdu-length", "no TPDU has that length");
			const { msisdn = "" } = this.#profile;
			this.#reference = (this.#reference + 1) % 256;
			await this.#ask({
				...{ procedure: "MoForwardSm", smReference: this.#reference, smUi: tpdu },
				smOriginator: msisdn === "" ? { kind: "none", digits: "" } : { kind: "msisdn", digits: `+${msisdn}` },
			});
			this.#send({ type: "sms-accept" });
		} catch (error) {
			this.#send({ type: "sms-reject", cause: error instanceof Refusal ? error.code : "network failure" });
		}
	}

	#ask(message: Omit<Gsup, "kind" | "imsi">): Promise<Gsup> {
		return this.#network.homes.ask(this.#home().shoId, { ...message, kind: "request", imsi: this.#imsi });
	}

	#reject(error: unknown): void {
		this.#send({ type: "attach-reject", cause: error instanceof Refusal ? error.code : "network failure" });
	}
}
