import { createHash, X509Certificate } from "node:crypto";
import {
	type M2mm,
	type Receipt,
	readM2mm,
	readReceipt,
	writeM2mmcim,
} from "../../../../host/wire/management/objects.ts";
import { emit, step } from "../../../../host/wire/report/events.ts";
import { nodes, status } from "../../../../host/wire/syncml/message.ts";
import { Refusal } from "../../shared/refusal.ts";
import { rootHash } from "../../shared/registry.ts";
import type { OperatorContext } from "../context.ts";
import type { Registration } from "../records.ts";
import { isUnderWay, mayAsk } from "../states.ts";
import type { Outcome } from "./outcome.ts";
import { validateAtPva, validateLocally } from "./validation.ts";

class Mismatch extends Error {}

const keyOf = (certificate: string) => new X509Certificate(Buffer.from(certificate, "base64")).publicKey;

/** Download and provisioning function: what B.2.3.4 III to VIII asks of SHO[i+1]. */
export class Provisioning {
	readonly #context: OperatorContext;
	readonly #onTakeOver: (treId: string) => void;

	/** `onTakeOver`: a device is served from now on, and its former SHO has to see it. */
	constructor(context: OperatorContext, onTakeOver: (treId: string) => void) {
		this.#context = context;
		this.#onTakeOver = onTakeOver;
	}

	/** M2MMobj has arrived: III and IV, then V. */
	async takeRequest(treId: string, signed: string): Promise<Outcome> {
		const { store, config, keys } = this.#context;
		const registration = store.registrations.get(treId);
		if (!registration) return { code: status.notFound, commands: [] };
		try {
			this.#checkOpen(registration);
			const request = await step(
				{
					clause: "B.2.3.4 III",
					from: `${config.shoId} DPF`,
					to: `${config.shoId} DPF`,
					what: "M2MMobj: signature, nonceA, root and account",
				},
				() => this.#checkRequest(registration, signed),
			);
			emit({ event: "document", name: "m2mm.xml", treId, content: signed });
			await this.#validate(registration, request);
			this.#handOut(registration, request);
			const object = await step(
				{
					clause: "B.2.3.4 V",
					from: `${config.shoId} DPF`,
					to: "TRE",
					what: "M2MMCIMMobj: protected MCIM and nonceB, signed",
				},
				() => writeM2mmcim(request.nonceB, Buffer.from(registration.protectedMcim, "base64"), keys.root.key),
			);
			emit({ event: "document", name: "m2mmcim.xml", treId, content: object });
			const data = Buffer.from(object, "utf8").toString("base64");
			return {
				code: status.accepted,
				commands: [
					{ name: "Replace", items: [{ target: nodes.m2mmcim, format: "b64", type: "application/xml", data }] },
					{ name: "Exec", items: [{ target: nodes.install }] },
				],
			};
		} catch (error) {
			return this.#refused(treId, error);
		}
	}

	/** A receipt has arrived: from it alone the operator records what happened. */
	async takeReceipt(treId: string, signed: string): Promise<Outcome> {
		const { store } = this.#context;
		const registration = store.registrations.get(treId);
		if (!registration) return { code: status.notFound, commands: [] };
		try {
			const receipt = readReceipt(signed, keyOf(registration.certSign));
			if (receipt.treId !== treId) throw new Mismatch("the receipt is of another TRE");
			if (!registration.answered.includes(receipt.nonceB.toString("base64")))
				throw new Mismatch("the receipt is of another request");
			emit({ event: "document", name: `receipt-${receipt.state}.xml`, treId, content: signed });
			store.believe(receipt, signed);
			return await this.#believe(registration, receipt);
		} catch (error) {
			return this.#refused(treId, error);
		}
	}

	#checkOpen({ state }: Registration): void {
		if (!mayAsk(state)) throw new Mismatch(`the change is ${state}; its nonceA is spent`);
	}

	/** Durable before the MCIM leaves; the subscriber may have withdrawn while the PVA was asked. */
	#handOut({ treId, changeId }: Registration, request: M2mm): void {
		const { registrations } = this.#context.store;
		const now = registrations.get(treId);
		if (now?.changeId !== changeId) throw new Mismatch("another attempt has replaced this one");
		this.#checkOpen(now);
		const answered = new Set([...now.answered, request.nonceB.toString("base64")]);
		registrations.update(treId, { answered: [...answered], state: "requested" });
	}

	/** A receipt from a device that is on the air with this operator's new MCIM; refused by name where it is of no use. */
	async takeReceiptOnTrial(imsi: string, signed: string): Promise<void> {
		const registration = this.#context.store.registrations.find((one) => one.imsi === imsi);
		if (!registration) throw new Refusal("device-unknown", `no device is known as ${imsi}`, 404);
		const { code } = await this.takeReceipt(registration.treId, signed);
		if (code !== status.ok) throw new Refusal("receipt-mismatch", "the receipt does not belong to this registration");
	}

	/** DESIGN section 6: the DPF refuses an M2MMobj that names another root or account than its own. */
	#checkRequest(registration: Registration, signed: string): M2mm {
		const request = readM2mm(signed, keyOf(registration.certSign));
		if (request.treId !== registration.treId) throw new Mismatch("M2MMobj is of another TRE");
		if (request.nonceA.toString("base64") !== registration.nonceA)
			throw new Mismatch("nonceA is not that of this registration");
		if (!request.rootHash.equals(rootHash(this.#context.keys.root.certificate)))
			throw new Mismatch("the pending root is not ours");
		if (request.accountHash.toString("base64") !== registration.accountHash)
			throw new Mismatch("the DM account is not ours");
		return request;
	}

	async #validate(registration: Registration, request: M2mm): Promise<void> {
		const { config } = this.#context;
		const [sign, encrypt] = [
			Buffer.from(registration.certSign, "base64"),
			Buffer.from(registration.certEncrypt, "base64"),
		];
		const atPva = config.validation === "pva";
		const to = atPva ? "PVA" : `${config.shoId} DPF`;
		const what = atPva ? "validate the TRE at the PVA" : "validate the TRE locally under CertPVA";
		await step({ clause: "B.2.3.4 IV", from: `${config.shoId} DPF`, to, what }, async () => {
			const verdict = atPva
				? await validateAtPva(this.#context, sign, encrypt, request)
				: validateLocally(this.#context, registration.treId, sign, encrypt);
			if (!verdict.trusted) throw new Mismatch(`the TRE is not trusted: ${verdict.reason}`);
		});
	}

	/** States only rise: an old receipt shown again changes nothing. */
	async #believe(registration: Registration, receipt: Receipt): Promise<Outcome> {
		const { store, config } = this.#context;
		const { treId } = registration;
		const to = `${config.shoId} DPF`;
		if (receipt.state === "installed") {
			if (receipt.mcimId.toString("base64") !== registration.mcimId) throw new Mismatch("another MCIM was installed");
			if (registration.state === "requested") {
				const what = "receipt: the MCIM is installed";
				await step({ clause: "B.2.3.4 VII", from: "TRE", to, what, mark: "installed" }, () =>
					store.registrations.update(treId, { state: "installed" }),
				);
			}
			// The subscriber has withdrawn: nothing that would help the change along.
			const withdrawing = registration.state === "withdrawing";
			return { code: status.ok, commands: withdrawing ? [] : this.#networkParameters() };
		}
		if (receipt.state === "committed" && registration.state !== "committed") {
			await this.#takeOver(registration, receipt);
		}
		return { code: status.ok, commands: [] };
	}

	/** VIII, step 9: packet switched network parameters of the new SHO. */
	#networkParameters(): Outcome["commands"] {
		const { shoId, apn } = this.#context.config;
		const leaf = (name: string, data: string) => ({ target: `${nodes.nap}/${shoId}/${name}`, format: "chr", data });
		return [{ name: "Replace", items: [leaf("Name", shoId), leaf("Bearer", "GSM-GPRS"), leaf("Apn", apn)] }];
	}

	/** The change is a success: this operator serves the device, and will tell the former one. */
	async #takeOver(registration: Registration, receipt: Receipt): Promise<void> {
		const { store, config, keys } = this.#context;
		const { treId } = registration;
		const reign = createHash("sha256").update(receipt.nonceB).digest("hex");
		if (!receipt.currentRoot.equals(rootHash(keys.root.certificate))) throw new Mismatch("another root was committed");
		if (receipt.reign !== reign) throw new Mismatch("the receipt's reign is not that of this nonceB");
		const what = "receipt: the change is committed";
		await step({ clause: "B.2.3.5", from: "TRE", to: `${config.shoId} DPF`, what }, () =>
			store.atomically(() => {
				const { certSign, certEncrypt, imsi, releaseCode, fromSho, changeId, fromChallenge } = registration;
				const device = { treId, certSign, certEncrypt, imsi, reign, releaseCode, serial: receipt.serial };
				const owes = { to: fromSho, changeId, ...(fromChallenge === undefined ? {} : { challenge: fromChallenge }) };
				store.devices.put(treId, { ...device, owes, bootstrapped: true, left: false });
				store.registrations.update(treId, { state: "committed", shownCode: undefined });
			}),
		);
		this.#onTakeOver(treId);
	}

	#refused(treId: string, error: unknown): Outcome {
		const what = error instanceof Error ? error.message : String(error);
		emit({ event: "problem", what: `${this.#context.config.shoId} DPF refuses ${treId}: ${what}` });
		const { registrations } = this.#context.store;
		const registration = registrations.get(treId);
		// Whoever looks at the registration sees why it does not get on.
		if (registration && isUnderWay(registration.state) && registration.why !== what)
			registrations.update(treId, { why: what });
		return { code: status.commandFailed, commands: [] };
	}
}
