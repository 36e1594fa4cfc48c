import { afterAll, beforeAll, expect } from "vitest";
import type { TreErrorName } from "../../firmware/contract/errors.ts";
import type { LifeState } from "../../firmware/contract/states.ts";
import type { Identity } from "../../hil/network/shared/certificates.ts";
import type { TreClient } from "../../host/tre/client.ts";
import { writeM2mmcim } from "../../host/wire/management/objects.ts";
import { type Bootstrap, type BootstrapKind, writeBootstrap } from "../../host/wire/prov/bootstrap.ts";
import { type Delivered, deliver, type Making } from "./delivered.ts";
import {
	authenticate,
	type BootstrapRequest,
	changeBootstrap,
	enveloped,
	mcimObject,
	nonceBOf,
	offerBootstrap,
	type Personalised,
	signedOctets,
	type TestOperator,
} from "./operators.ts";

/** What it takes besides a device and its operator. */
type Tail<Run> = Run extends (device: never, operator: never, ...rest: infer Rest) => unknown ? Rest : never;

const nap = { napId: "NAP1", name: "nap", apn: "test.example" };

/**
 * A device of an emulator process behind its terminal device, and operators with real keys, for tests that
 * break one rule of documents.md: the refusal has its name, and leaves the device octet for octet as it was.
 */
export class RuleBench {
	#delivered: Delivered | undefined;
	readonly #making: Making;

	constructor(making: Making) {
		this.#making = making;
	}

	async open(): Promise<void> {
		this.#delivered = await deliver(this.#making);
	}

	async close(): Promise<void> {
		await this.#delivered?.dispose();
	}

	get #there(): Delivered {
		if (!this.#delivered) throw new Error("the bench is not open");
		return this.#delivered;
	}

	get tre(): TreClient {
		return this.#there.tre;
	}

	get ro(): TestOperator {
		return this.#there.ro;
	}

	get sho1(): TestOperator {
		return this.#there.sho1;
	}

	get pva(): Identity {
		return this.#there.pva;
	}

	/** Octets of the device's flash. */
	flash(): Buffer {
		return this.#there.device.flash();
	}

	/** The device root key. */
	rootKey(): Buffer {
		return this.#there.device.rootKey();
	}

	get owned(): Personalised {
		return this.#there.owned;
	}

	/** The command is refused by that name; status and flash are what they were. */
	async refused(run: () => Promise<unknown>, code: TreErrorName): Promise<void> {
		const before = { status: await this.tre.status(), flash: this.#there.device.flash() };
		await expect(run()).rejects.toMatchObject({ code });
		expect(await this.tre.status()).toEqual(before.status);
		expect(this.#there.device.flash().equals(before.flash), "the flash has changed").toBe(true);
	}

	bootstrapRefused(request: BootstrapRequest, code: TreErrorName): Promise<void> {
		return this.refused(() => this.tre.call("acceptBootstrap", request), code);
	}

	/** An M2MMCIMMobj of SHO[1] for the open request, with this protected MCIM. */
	async mcimRefused(object: Uint8Array, code: TreErrorName): Promise<void> {
		const request = enveloped(writeM2mmcim(await this.nonceB(), object, this.sho1.root.key));
		await this.refused(() => this.tre.call("acceptMcim", request), code);
	}

	nonceB(): Promise<Buffer> {
		return nonceBOf(this.tre, this.owned);
	}

	/** A bootstrap without a change, as its parts. */
	fields(kind: BootstrapKind, serial = ++this.owned.serial): Bootstrap {
		const { treId, reign } = this.owned;
		return { kind, name: this.ro.shoId, treId, reign, serial, naps: kind === "withdraw" ? [] : [nap] };
	}

	/** Any octets under the signature of the current SHO. */
	signed(document: string): BootstrapRequest {
		return signedOctets(document, this.ro);
	}

	bootstrap(kind: Exclude<BootstrapKind, "change">): BootstrapRequest {
		if (kind === "update") return this.offer({ version: "1.0.0", digest: Buffer.alloc(32, 7) });
		if (kind !== "application") return this.signed(writeBootstrap(this.fields(kind)));
		const { document } = this.change();
		const text = document
			.toString("utf8")
			.replace(/<characteristic type="CertificateStore">.*?(<\/characteristic>){4}/, "")
			.replace(/<parm name="FALLBACK".*?<\/parm><parm name="ACCOUNT".*?<\/parm>/, "")
			.replace('value="change"', 'value="application"');
		return this.signed(text);
	}

	/** An offer of firmware by the RO. */
	offer(...firmware: Tail<typeof offerBootstrap>): BootstrapRequest {
		return offerBootstrap(this.owned, this.ro, ...firmware);
	}

	/** A good change bootstrap to SHO[1], or one with other parts. */
	change(override: Partial<Bootstrap> = {}) {
		return changeBootstrap(this.owned, this.sho1, this.ro, override);
	}

	/** A change bootstrap whose document is edited before it is signed. */
	edited(edit: (document: string) => string): BootstrapRequest {
		const document = this.change().document.toString("utf8");
		const changed = edit(document);
		expect(changed).not.toBe(document);
		return this.signed(changed);
	}

	withdraw(): Promise<unknown> {
		return this.tre.call("acceptBootstrap", this.bootstrap("withdraw"));
	}

	/** Switches the device off without warning, and on again. */
	async restart(): Promise<void> {
		const there = this.#there;
		await there.tre.close();
		await there.device.kill();
		await there.device.start();
		there.tre = await there.device.open();
	}

	/** From `idle` into a later state, by the good path. */
	async bringTo(state: Extract<LifeState, "idle" | "bootstrapped" | "requested" | "installed" | "trial">) {
		if (state === "idle") return;
		await this.tre.call("acceptBootstrap", this.change());
		if (state === "bootstrapped") return;
		await this.nonceB();
		if (state === "requested") return;
		await this.tre.call("acceptMcim", await mcimObject(this.tre, this.owned, this.sho1));
		if (state === "trial") await this.tre.call("activate", {});
	}

	/** The good path still works: AKA, a change up to its installed MCIM, and a withdrawal. From `idle` to `idle`. */
	async goodPath(): Promise<void> {
		await this.bringTo("installed");
		expect((await this.tre.status()).state).toBe("installed");
		await authenticate(this.tre, this.ro, this.owned.imsi);
		await this.withdraw();
		expect((await this.tre.status()).state).toBe("idle");
	}
}

/** A bench for the tests of a `describe`. */
export function ruleBench(making: Making = {}): RuleBench {
	const bench = new RuleBench(making);
	beforeAll(() => bench.open());
	afterAll(() => bench.close());
	return bench;
}
