import { createHash, randomBytes, randomUUID } from "node:crypto";
import { emit, step } from "../../../../host/wire/report/events.ts";
import { rootFault } from "../../shared/certificates.ts";
import { Refusal } from "../../shared/refusal.ts";
import { rootHash } from "../../shared/registry.ts";
import { field, insist } from "../../shared/shape.ts";
import { type OperatorContext, provUrl } from "../context.ts";

import { validateLocally } from "../dpf/validation.ts";
import { CHALLENGE_OCTETS, type Registered } from "../messages.ts";
import type { Courier, Delivery } from "../peer/courier.ts";
import { newImsi } from "../provisioning/imsi.ts";
import { prepareAccount, prepareMcim } from "../provisioning/objects.ts";
import type { Letter, Registration } from "../records.ts";
import { isUnderWay, type RegistrationState } from "../states.ts";
import { mayHaveMcim } from "./end.ts";
import { isReleasedBy } from "./release-code.ts";

/** The delivery note as the subscriber hands it in: TRE_id, both CertTRE (base64 DER), SHO_id. */
export interface Subscription {
	readonly treId: string;
	readonly certSign: string;
	readonly certEncrypt: string;
	readonly shoId: string;
	/** Where the current SHO asks for it. */
	readonly releaseCode?: string;
	/** SHA-256 of the release code for the next change, hex: the subscriber chooses it, so no lost answer loses it. */
	readonly nextRelease: string;
}

/** What the subscriber gets. */
export interface Subscribed {
	readonly treId: string;
	readonly imsi: string;
	/** False: the current SHO has not answered yet; it will be asked again. */
	readonly reached: boolean;
}

/** Whose device it is, and who asks for it. */
type Subject = Pick<
	Registration,
	"treId" | "certSign" | "certEncrypt" | "fromSho" | "shownCode" | "releaseCode" | "tries"
>;

/** What a subscriber hands in, before anything else is looked at. */
const subscriptionShape = {
	treId: field.treId,
	certSign: field.base64(1, 4096),
	certEncrypt: field.base64(1, 4096),
	shoId: field.name,
	releaseCode: field.optional(field.name),
	nextRelease: field.sha256,
};

/** Subscriptions of devices that another operator serves (B.2.3.2): made, withdrawn, and tried again after a revert. */
export class Registrar {
	readonly #context: OperatorContext;
	readonly #courier: Courier;

	constructor(context: OperatorContext, courier: Courier) {
		this.#context = context;
		this.#courier = courier;
		courier.onAnswer = (letter, delivery) => this.#answered(letter, delivery);
	}

	/** B.2.3.2 steps 1 and 2. Refused by name where the certificates, the device or its SHO do not allow it. */
	async subscribe(body: Subscription): Promise<Subscribed> {
		insist(body, subscriptionShape);
		const { config, registry, store } = this.#context;
		const current = registry.operator(body.shoId);
		if (!current || current.shoId === config.shoId) throw new Refusal("sho-unknown", `no contract with ${body.shoId}`);
		const fault = rootFault(this.#context.keys.root.certificate);
		if (fault !== undefined)
			throw new Refusal("root-unsupported", `no TRE takes the root of ${config.shoId}: ${fault}`);
		const [sign, encrypt] = [Buffer.from(body.certSign, "base64"), Buffer.from(body.certEncrypt, "base64")];
		const verdict = validateLocally(this.#context, body.treId, sign, encrypt);
		if (!verdict.trusted) throw new Refusal("cert-tre", `CertTRE is refused: ${verdict.reason}`);
		const known = store.registrations.get(body.treId);
		const served = store.devices.get(body.treId);
		// The same registration once more: its answer was lost.
		const here = known?.state === "committed" && served?.left === false;
		const same = known?.releaseCode === body.nextRelease && (here || isUnderWay(known.state)) && !known.unwanted;
		if (known && same)
			return { treId: known.treId, imsi: known.imsi, reached: !this.#courier.holds(known.fromSho, known.treId) };
		// Anybody can register a device whose SHO is silent: until that has heard of it, it keeps no other one out.
		const unheard = known?.state === "registered" && this.#courier.holds(known.fromSho, known.treId);
		if (known && isUnderWay(known.state) && !unheard)
			throw new Refusal("change-under-way", `${body.treId} is ${known.state} here; withdraw that first`);
		if (served && !served.left) throw new Refusal("change-under-way", `${body.treId} is served here`);
		const { nextRelease, releaseCode: shownCode } = body;
		const subject = { ...body, fromSho: body.shoId, shownCode, releaseCode: nextRelease, tries: 1 };
		if (known && unheard) this.#displace(known);
		const { registration, letter } = await this.#prepare(subject);
		const delivery = await this.#courier.send(letter);
		if (delivery.kind === "refused") throw delivery.why;
		const { treId, imsi } = registration;
		return { treId, imsi, reached: delivery.kind === "heard" };
	}

	/** Another registration takes the place of one that SHO[i] has not heard of; in this order it hears of both. */
	#displace({ treId, changeId, fromSho, imsi }: Registration): void {
		const { store } = this.#context;
		const challenge = randomBytes(CHALLENGE_OCTETS).toString("base64");
		const letter = store.atomically(() => {
			store.forget(imsi);
			return this.#courier.write(fromSho, "withdraw", { treId, changeId, challenge });
		});
		void this.#courier.send(letter);
	}

	/** The subscriber has changed his mind, and shows his own release code. It counts once SHO[i] has it from the TRE. */
	withdraw(body: { readonly treId: string; readonly releaseCode: string }): { state: RegistrationState } {
		insist(body, { treId: field.treId, releaseCode: field.name });
		const registration = this.#context.store.registrations.get(body.treId);
		if (!registration) throw new Refusal("no-registration", `${body.treId} is not registered here`, 404);
		if (!isReleasedBy(body.releaseCode, registration.releaseCode))
			throw new Refusal("release-code", "the release code is not that of the registration", 403);
		if (!isUnderWay(registration.state))
			throw new Refusal("no-open-change", `the change of ${body.treId} is ${registration.state}`);
		this.#withdraw(registration, { unwanted: true });
		return { state: "withdrawing" };
	}

	/** The change seems to have ended, which SHO[i] has to show with a receipt that answers a challenge. */
	askAgain(registration: Registration, returning: boolean): void {
		this.#withdraw(registration, { returning });
	}

	/** Each time with a new challenge: an answer to an earlier one may have been refused or lost. */
	#withdraw({ treId, changeId, fromSho }: Registration, more: Partial<Registration>): void {
		const { store } = this.#context;
		const challenge = randomBytes(CHALLENGE_OCTETS).toString("base64");
		const letter = store.atomically(() => {
			store.registrations.update(treId, { state: "withdrawing", challenge, ...more });
			return this.#courier.write(fromSho, "withdraw", { treId, changeId, challenge });
		});
		void this.#courier.send(letter);
	}

	/** The change cannot happen any more: what was prepared for it is of no use to anybody. */
	close(registration: Registration, state: "refused" | "withdrawn", why?: string): void {
		this.#close(registration, { state, shownCode: undefined, ...(why === undefined ? {} : { why }) });
	}

	/** NOTE Y: the device went back. A new account, a new MCIM with a new K, and the next attempt. */
	reverted(registration: Registration): void {
		const { attempts } = this.#context.config;
		const { tries, unwanted } = registration;
		if (unwanted) {
			this.close(registration, "withdrawn");
			return;
		}
		const last = tries >= attempts;
		const why = `attempt ${tries} of ${attempts} ended in a revert`;
		this.#close(registration, { state: "reverted", why, ...(last ? { shownCode: undefined } : {}) });
		if (!last) this.#again(registration);
	}

	/** Goes on after a restart: a revert that has not led to its next attempt yet. */
	resume(): void {
		const { store, config } = this.#context;
		for (const registration of store.registrations.all())
			if (registration.state === "reverted" && registration.tries < config.attempts) this.#again(registration);
	}

	#close({ treId, imsi }: Registration, fields: Partial<Registration>): void {
		const { store } = this.#context;
		store.atomically(() => {
			store.registrations.update(treId, fields);
			store.forget(imsi);
		});
	}

	#again(registration: Registration): void {
		this.#prepare({ ...registration, tries: registration.tries + 1 })
			.then(({ letter }) => this.#courier.send(letter))
			.catch((error: Error) => emit({ event: "problem", what: `no next attempt: ${error.message}` }));
	}

	/** Credentials into the HLR/AuC, protected for PuKTRE into the DPF, and the letter to the current SHO. */
	#prepare(subject: Subject): Promise<{ registration: Registration; letter: Letter }> {
		const { store, config, keys } = this.#context;
		const { treId, certSign, certEncrypt, fromSho, shownCode, releaseCode, tries } = subject;
		const encrypt = Buffer.from(certEncrypt, "base64");
		const issuer = rootHash(keys.root.certificate);
		const what = "MCIM credentials made, stored in the HLR/AuC, protected for PuKTRE";
		return step({ clause: "B.2.3.2", from: config.shoId, to: `${config.shoId} HSS, DPF`, what }, () => {
			const imsi = newImsi(this.#context);
			const mcim = prepareMcim({ treId, certificate: encrypt, issuer, imsi, fallback: config.fallback, op: config.op });
			const account = prepareAccount(treId, encrypt, issuer, config.shoId);
			const registration: Registration = {
				...{ treId, certSign, certEncrypt, fromSho, shownCode, releaseCode, imsi, tries },
				changeId: randomUUID(),
				attempt: (store.registrations.get(treId)?.attempt ?? 0) + 1,
				mcimId: mcim.mcimId.toString("base64"),
				protectedMcim: mcim.object.toString("base64"),
				accountHash: createHash("sha256").update(account.object).digest("base64"),
				nonceA: account.nonceA.toString("base64"),
				user: account.user,
				clientPassword: account.clientPassword,
				serverPassword: account.serverPassword,
				serverNonce: account.serverNonce.toString("base64"),
				clientNonce: account.clientNonce.toString("base64"),
				answered: [],
				state: "registered",
			};
			const letter = store.atomically(() => {
				const [k, opc] = [mcim.k.toString("hex"), mcim.opc.toString("hex")];
				store.subscribers.put(imsi, { imsi, k, opc });
				store.registrations.put(treId, registration);
				return this.#courier.write(fromSho, "register", {
					...{ treId, changeId: registration.changeId, attempt: registration.attempt },
					provUrl: provUrl(config.shoId),
					certificate: keys.root.certificate.toString("base64"),
					account: account.object.toString("base64"),
					...(shownCode === undefined ? {} : { releaseCode: shownCode }),
				});
			});
			return { registration, letter };
		});
	}

	/** What an answer of SHO[i] changes here. */
	#answered({ message, body }: Letter, delivery: Delivery): void {
		const { store } = this.#context;
		const registration = store.registrations.get(body.treId);
		if (registration?.changeId !== body.changeId) return;
		if (delivery.kind === "heard") {
			if (message === "committed") store.registrations.update(body.treId, { told: true });
			if (message === "register") this.#registered(registration, delivery.answer as Partial<Registered>);
			return;
		}
		const open = isUnderWay(registration.state) && !mayHaveMcim(registration);
		// SHO[i] does not know of the change, and this DPF hands out nothing for it any more.
		if (message === "withdraw" && open && delivery.why.code === "no-open-change") this.close(registration, "withdrawn");
		if (message !== "register" || !isUnderWay(registration.state)) return;
		// A refusal that comes after the MCIM was asked for is SHO[i]'s word against the TRE's.
		if (open) this.close(registration, "refused", delivery.why.message);
		else this.#withdraw(registration, { why: delivery.why.message });
	}

	/** SHO[i] has the change in its register, and says what the last receipt is to carry. */
	#registered({ treId, changeId }: Registration, { challenge }: Partial<Registered>): void {
		if (typeof challenge !== "string") return;
		const { registrations, devices } = this.#context.store;
		registrations.update(treId, { fromChallenge: challenge });
		const owes = devices.get(treId)?.owes;
		if (owes?.changeId === changeId) devices.update(treId, { owes: { ...owes, challenge } });
	}
}
