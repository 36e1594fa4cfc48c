import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { updateKey } from "../../../firmware/build/update-key.mjs";
import { bundleDigest, headersOf } from "../../../firmware/contract/bundle.ts";
import type { TreErrorName } from "../../../firmware/contract/errors.ts";
import { logEvents } from "../../../firmware/contract/events.ts";
import { image as layout } from "../../../firmware/contract/image.ts";
import { lifeStates } from "../../../firmware/contract/states.ts";
import { PowerCut } from "../../../firmware/emulator/power.ts";
import { makeRoot } from "../../../hil/network/shared/certificates.ts";
import { keyedFlash } from "../../support/keyed-flash.ts";
import { full } from "../../support/long-form.ts";
import type { DirectTre } from "../../support/machine.ts";
import {
	type BootstrapRequest,
	change,
	changeBootstrap,
	mcimObject,
	nonceBOf,
	offerBootstrap,
	type Personalised,
	personalise,
	TestOperator,
} from "../../support/operators.ts";
import { sendUpdate, slotImages, UpdatableDevice } from "../../support/updatable-device.ts";
import { asClient } from "../../support/whole-life.ts";

type Bundle = readonly Buffer[];

const folder = mkdtempSync(join(tmpdir(), "offer-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let first: Bundle;
let second: Bundle;
let third: Bundle;
let ro: TestOperator;
let sho1: TestOperator;
let pva: Awaited<ReturnType<typeof makeRoot>>;

beforeAll(async () => {
	first = await slotImages({ version: "1.0.0", securityCounter: 3 });
	second = await slotImages({ version: "1.1.0", securityCounter: 4, size: 1001 });
	third = await slotImages({ version: "1.2.0", securityCounter: 4 });
	[ro, sho1] = [await TestOperator.make("ro.example"), await TestOperator.make("sho-1.example", "ec")];
	pva = await makeRoot("pva.example", "rsa");
});

interface Made {
	readonly device: UpdatableDevice;
	readonly owned: Personalised;
	readonly tre: DirectTre;
}

/** A device that has left its factory. */
async function made({ required = false } = {}): Promise<Made> {
	const { image, rootKey } = keyedFlash();
	const device = new UpdatableDevice(rootKey);
	device.store.octets.set(image);
	device.flash(first);
	const tre = device.start();
	if (required) tre.call("requireOffers", {});
	const owned = await personalise(asClient(tre), pva, ro);
	return { device, owned, tre };
}

const digestOf = (bundle: Bundle): Buffer => bundleDigest(bundle);

function offer({ owned, tre }: Made, bundle: Bundle, version: string, by = ro): void {
	tre.call("acceptBootstrap", offerBootstrap(owned, by, { version, digest: digestOf(bundle) }));
}

function refused(tre: DirectTre, bundle: Bundle, code: TreErrorName): void {
	const before = tre.call("updateStatus", {});
	expect(() => tre.call("updateBegin", { headers: headersOf(bundle) })).toThrow(code);
	expect(tre.call("updateStatus", {})).toEqual(before);
}

const stands = (tre: DirectTre): boolean => tre.call("updateOffer", {}).digest.length > 0;

const events = (tre: DirectTre): readonly number[] => {
	const { entries } = tre.call("log", { from: 0 });
	return Array.from({ length: entries.length / 28 }, (_, n) => Buffer.from(entries).readUInt32BE(28 * n + 8));
};

describe("while an offer stands, a TRE takes what both have signed", () => {
	test("the offered firmware, once: its end is the offer's", async () => {
		const one = await made();
		offer(one, second, "1.1.0");
		sendUpdate(one.tre, second);
		const updated = one.device.start();
		expect(updated.call("updateStatus", {})).toMatchObject({ running: 1, version: "1.1.0", triesLeft: 0 });
		expect(stands(updated)).toBe(false);
		const { "update-offered": offered, "update-received": received, "update-confirmed": confirmed } = logEvents;
		expect(events(updated).slice(-3)).toEqual([offered, received, confirmed]);
	});

	test("no other one of the factory's, whatever the host gives; then the offered one", async () => {
		const one = await made();
		offer(one, second, "1.1.0");
		refused(one.tre, third, "update-not-offered");
		const swapped = [second[0], third[1]] as Bundle;
		refused(one.tre, swapped, "update-not-offered");
		sendUpdate(one.tre, second);
		expect(one.device.start().call("updateStatus", {})).toMatchObject({ version: "1.1.0" });
	});

	test("a firmware that is rolled back is not taken again on the same offer", async () => {
		const one = await made({ required: true });
		offer(one, second, "1.1.0");
		sendUpdate(one.tre, second);
		for (let starts = 0; starts < 3; starts++) one.device.startSilently();
		const back = one.device.start();
		expect(back.call("updateStatus", {})).toMatchObject({ running: 0, version: "1.0.0" });
		refused(back, second, "update-not-offered");
		offer({ ...one, tre: back }, second, "1.1.0");
		sendUpdate(back, second);
		expect(one.device.start().call("updateStatus", {})).toMatchObject({ version: "1.1.0" });
	});

	test("nor one that was begun before the offer came", async () => {
		const one = await made();
		const { slot, length } = one.tre.call("updateBegin", { headers: headersOf(third) });
		one.tre.call("updateOctets", { offset: 0, octets: (third[slot] as Buffer).subarray(layout.HEADER_SIZE) });
		expect(one.tre.call("updateStatus", {})).toMatchObject({ next: length });
		offer(one, second, "1.1.0");
		expect(() => one.tre.call("updateEnd", {})).toThrow("update-not-offered");
		expect(stands(one.tre)).toBe(true);
		const again = one.device.start();
		expect(again.call("updateStatus", {})).toMatchObject({ running: 0, version: "1.0.0" });
		sendUpdate(again, second);
		expect(one.device.start().call("updateStatus", {})).toMatchObject({ version: "1.1.0" });
	});

	test("an update that breaks off leaves the offer as it is", async () => {
		const one = await made();
		offer(one, second, "1.1.0");
		one.tre.call("updateBegin", { headers: headersOf(second) });
		one.tre.call("updateOctets", { offset: 0, octets: Buffer.alloc(64) });
		const again = one.device.start();
		expect(stands(again)).toBe(true);
		sendUpdate(again, second);
		expect(one.device.start().call("updateStatus", {})).toMatchObject({ version: "1.1.0" });
	});
});

describe("an offer that this device can never take ends with its refusal, and stands in nobody's way", () => {
	const unsound: readonly (readonly [string, () => Promise<Bundle>, string, TreErrorName])[] = [
		[
			"signed by a stranger",
			() => {
				const pem = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({
					type: "pkcs8",
					format: "pem",
				});
				const file = join(folder, "stranger.pem");
				writeFileSync(file, pem, { mode: 0o600 });
				return slotImages({ version: "1.1.0", key: updateKey(resolve("."), file) });
			},
			"1.1.0",
			"update-signature",
		],
		["for another board", () => slotImages({ version: "1.1.0", board: "stm32f405" }), "1.1.0", "update-header"],
		["with a lower security counter", () => slotImages({ version: "0.9.0" }), "0.9.0", "update-downgrade"],
		["of another version than the SHO says", async () => second, "9.9.9", "update-not-offered"],
	];

	test.each(unsound)("%s", async (_what, make, version, code) => {
		const one = await made();
		const bundle = await make();
		offer(one, bundle, version);
		refused(one.tre, bundle, code);
		expect(stands(one.tre)).toBe(false);
		sendUpdate(one.tre, third);
		expect(one.device.start().call("updateStatus", {})).toMatchObject({ version: "1.2.0" });
	});
});

describe("a device that was made to take nothing without its SHO", () => {
	test("refuses what the factory alone has signed, and takes it with the offer", async () => {
		const one = await made({ required: true });
		expect(one.tre.call("updateOffer", {})).toMatchObject({ required: true });
		refused(one.tre, second, "update-not-offered");
		offer(one, second, "1.1.0");
		sendUpdate(one.tre, second);
		const updated = one.device.start();
		refused(updated, third, "update-not-offered");
		expect(updated.call("updateOffer", {})).toMatchObject({ required: true });
	});

	test("an offer of the SHO before is worth nothing: the new one has to make its own", async () => {
		const one = await made({ required: true });
		offer(one, second, "1.1.0");
		await change(asClient(one.tre), one.owned, ro, sho1);
		refused(one.tre, second, "update-not-offered");
		offer(one, second, "1.1.0", sho1);
		sendUpdate(one.tre, second);
		expect(one.device.start().call("updateStatus", {})).toMatchObject({ version: "1.1.0" });
	});

	test("an update that was begun under an SHO, and ends under the next one, does not count", async () => {
		const one = await made({ required: true });
		offer(one, second, "1.1.0");
		const { slot } = one.tre.call("updateBegin", { headers: headersOf(second) });
		one.tre.call("updateOctets", { offset: 0, octets: (second[slot] as Buffer).subarray(layout.HEADER_SIZE) });
		await change(asClient(one.tre), one.owned, ro, sho1);
		expect(() => one.tre.call("updateEnd", {})).toThrow("update-not-offered");
		expect(one.device.start().call("updateStatus", {})).toMatchObject({ running: 0, version: "1.0.0" });
	});

	test("is one from lock on, and until it is wiped: at the factory the factory's word is enough", async () => {
		const { image, rootKey } = keyedFlash();
		const device = new UpdatableDevice(rootKey);
		device.store.octets.set(image);
		device.flash(first);
		const tre = device.start();
		tre.call("requireOffers", {});
		expect(tre.call("updateOffer", {})).toMatchObject({ required: false });
		sendUpdate(tre, second);
		const updated = device.start();
		expect(updated.call("updateStatus", {})).toMatchObject({ version: "1.1.0" });
		await personalise(asClient(updated), pva, ro);
		expect(updated.call("updateOffer", {})).toMatchObject({ required: true });
		expect(() => updated.call("requireOffers", {})).toThrow("wrong-state");
	});

	/** Slot B is damaged: the boot stage starts what is older than this device takes. */
	function olderLeft({ device }: Made): DirectTre {
		device.flash(first);
		device.slots.octets.fill(0, device.slots.octets.length - 4096 * 64);
		return device.start();
	}

	test("an older firmware that is all that is left of it needs no offer for its way out, nor the one that stands", async () => {
		for (const standing of [false, true]) {
			const one = await made({ required: true });
			offer(one, second, "1.1.0");
			sendUpdate(one.tre, second);
			const updated = one.device.start();
			if (standing) offer({ ...one, tre: updated }, second, "1.1.0");
			const older = olderLeft(one);
			expect(() => older.call("status", {})).toThrow("update-downgrade");
			expect(stands(older)).toBe(standing);
			sendUpdate(older, third);
			expect(one.device.start().call("updateStatus", {})).toMatchObject({ version: "1.2.0" });
		}
	});

	test.each(["requested", "installed", "trial"] as const)(
		"and in %s, where no update begins otherwise",
		async (state) => {
			const one = await made();
			sendUpdate(one.tre, second);
			const updated = one.device.start();
			const client = asClient(updated);
			await client.call("acceptBootstrap", changeBootstrap(one.owned, sho1, ro));
			await nonceBOf(client, one.owned);
			if (state !== "requested") await client.call("acceptMcim", await mcimObject(client, one.owned, sho1));
			if (state === "trial") await client.call("activate", {});
			const older = olderLeft(one);
			sendUpdate(older, third);
			const back = one.device.start();
			expect(back.call("updateStatus", {})).toMatchObject({ version: "1.2.0" });
			expect(back.call("status", {}).state).toBe(lifeStates[state]);
		},
	);
});

describe("power fails at any operation of the flash between an offer and the restart into it", () => {
	/** Whatever the TRE has, a good operator and a good host bring it to the offered firmware. */
	function brought({ device, owned }: Made, request: BootstrapRequest): void {
		let tre = device.start();
		if (tre.call("updateStatus", {}).running === 1) return;
		try {
			tre.call("acceptBootstrap", request);
		} catch (error) {
			expect((error as Error).message).toContain("replayed");
		}
		if (!stands(tre)) {
			// It was rolled back: the next try takes the next offer.
			expect(events(tre)).toContain(logEvents["update-received"]);
			offer({ device, owned, tre }, second, "1.1.0");
		}
		sendUpdate(tre, second);
		tre = device.start();
		expect(tre.call("updateStatus", {})).toMatchObject({ running: 1, version: "1.1.0", triesLeft: 0 });
	}

	test("an offer stands or does not, nothing but the offered firmware ever runs, and it can always be had", {
		timeout: 3_600_000,
	}, async () => {
		const one = await made({ required: true });
		const { device, owned } = one;
		const request = offerBootstrap(owned, ro, { version: "1.1.0", digest: digestOf(second) });
		const before = device.snapshot();
		const whole = (): void => {
			const tre = device.start();
			tre.call("acceptBootstrap", request);
			sendUpdate(tre, second);
			device.start();
		};
		const begun = device.power.operations;
		whole();
		const operations = device.power.operations - begun;
		const cuts = Array.from({ length: operations }, (_, cut) => cut).filter(
			(cut) => full || cut < 40 || cut >= operations - 60 || cut % 15 === 0,
		);
		const { serial } = owned;
		for (const cut of cuts) {
			device.restore(before);
			owned.serial = serial;
			device.power.left = cut;
			expect(whole, `cut ${cut}`).toThrow(PowerCut);
			device.power.left = undefined;
			const tre = device.start();
			const { version } = tre.call("updateStatus", {});
			expect(["1.0.0", "1.1.0"], `cut ${cut}`).toContain(version);
			expect(stands(tre) && version === "1.1.0", `cut ${cut}`).toBe(false);
			if (version === "1.0.0") refused(tre, third, "update-not-offered");
			brought(one, request);
		}
		process.stdout.write(`offer: power cut at ${cuts.length} of ${operations} operations\n`);
	});
});
