import { sign } from "node:crypto";
import { beforeAll, describe, expect, test } from "vitest";
import { defaultGeometry, type Geometry } from "../../../firmware/emulator/flash.ts";
import type { Identity } from "../../../hil/network/shared/certificates.ts";
import type { TreError } from "../../../host/tre/errors.ts";
import {
	flashWith,
	type Records,
	recordsOf,
	sizeOf,
	withFingerprints,
	withFullLog,
	withMcims,
} from "../../support/forged-store.ts";
import { personalisedFlash } from "../../support/keyed-flash.ts";
import { DirectTre } from "../../support/machine.ts";
import {
	authenticate,
	change,
	changeBootstrap,
	mcimObject,
	type Personalised,
	personalise,
	type TestOperator,
} from "../../support/operators.ts";
import { vectorOf } from "../../support/vectors.ts";
import { asClient } from "../../support/whole-life.ts";

/** Two banks of 14 KiB. */
const small: Geometry = { sectorSize: 7 * 1024, sectorCount: 4 };

/** Room for these records, a boot and an AUTHENTICATE. */
const fits = (records: Records): boolean => sizeOf(records) + 96 <= (small.sectorSize * small.sectorCount) / 2;

/** An AUTHENTICATE with each index of the SQN array. */
function everyIndex(tre: DirectTre, operator: TestOperator, imsi: string): void {
	const { k, opc, seq } = operator.subscriber(imsi);
	operator.setSeq(imsi, seq + 1);
	for (let ind = 0; ind < 32; ind++) {
		const { outcome } = tre.call("authenticate", vectorOf({ k, opc, seq: seq + 1, ind }).request);
		if (outcome !== 0) throw new Error("AKA failed");
	}
}

describe("a store that is full: a named error before anything changes, and the way back", () => {
	let rootKey: Uint8Array;
	let records: Records;
	let ro: TestOperator;
	let sho1: TestOperator;
	let owned: Personalised;
	let pva: Identity;

	beforeAll(async () => {
		const made = await personalisedFlash();
		({ rootKey, ro, sho1, pva, owned } = made);
		records = recordsOf(made.image);
	});

	const boot = (content: Records, geometry = defaultGeometry): DirectTre =>
		new DirectTre(flashWith(content, geometry), rootKey);

	/** The change is refused by that name, the flash is what it was, and the device goes on serving. */
	const refuses = async (tre: DirectTre): Promise<void> => {
		const before = tre.flash.octets.slice();
		const request = changeBootstrap({ ...owned }, sho1, ro);
		expect(() => tre.call("acceptBootstrap", request)).toThrow(/store-full/);
		expect(Buffer.from(tre.flash.octets).equals(before)).toBe(true);
		await authenticate(asClient(tre), ro, owned.imsi);
	};

	test("seven MCIMs: the change takes the last slot; all eight are listed with their network parameters", async () => {
		const tre = boot(withMcims(records, rootKey, 7));
		const device = { ...owned };
		const client = asClient(tre);
		const before = Array.from({ length: 8 }, (_, slot) => tre.call("mcim", { slot }));
		expect(before.map(({ role }) => role)).toEqual([1, 3, 3, 3, 3, 3, 3, 0]);
		expect(tre.call("store", {})).toMatchObject({ mcims: 7, fingerprints: 1 });
		await change(client, device, ro, sho1);
		tre.call("bindParameters", { role: 1, reference: Buffer.alloc(32, 9) });
		const after = Array.from({ length: 8 }, (_, slot) => tre.call("mcim", { slot }));
		// The old one has left its slot; those that were kept are as they were.
		expect(after.map(({ role }) => role)).toEqual([0, 3, 3, 3, 3, 3, 3, 1]);
		expect(after.slice(1, 7)).toEqual(before.slice(1, 7));
		expect(after[7]).toMatchObject({ imsi: device.imsi, parameters: Buffer.alloc(32, 9) });
	});

	test("eight MCIMs: no change begins", async () => {
		const tre = boot(withMcims(records, rootKey, 8));
		expect(tre.call("store", {}).mcims).toBe(8);
		await refuses(tre);
	});

	test("everything there is room for, together: 8 MCIMs with 32 SEQ_MS each, 512 K, 32 entries in the trail", async () => {
		const content = withFullLog(withFingerprints(withMcims(records, rootKey, 8, 32), 512));
		const tre = boot(content);
		const { size, used, records: count, fingerprints } = tre.call("store", {});
		expect([fingerprints, count > 800, used < size]).toEqual([512, true, true]);
		await refuses(tre);
		// The store changes banks, and finds all of it again.
		for (let n = 0; n < 1_500; n++) await authenticate(asClient(tre), ro, owned.imsi);
		expect(tre.call("store", {}).eraseCycles).toBeGreaterThan(1);
		const again = new DirectTre(tre.flash, rootKey);
		expect(again.call("store", {})).toMatchObject({ records: count, mcims: 8, fingerprints: 512 });
		expect(again.call("log", { from: 0 }).entries.length).toBe(32 * 28);
	});

	test("octets run out: at every filling a change is refused at its bootstrap, or goes through to its end", async () => {
		const told = { refused: 0, done: 0 };
		for (let count = 1; fits(withFingerprints(records, count)); count += 7) {
			const tre = boot(withFingerprints(records, count), small);
			const device = { ...owned };
			let begun = false;
			try {
				tre.call("acceptBootstrap", changeBootstrap(device, sho1, ro));
				// From here on nothing may be refused, whatever the networks do with the SQN arrays.
				begun = true;
				everyIndex(tre, ro, device.imsi);
				const object = await mcimObject(asClient(tre), device, sho1);
				tre.call("acceptMcim", object);
				tre.call("activate", {});
				everyIndex(tre, sho1, object.mcim.imsi);
				tre.call("confirmConnectivity", {});
				await authenticate(asClient(tre), sho1, object.mcim.imsi);
				told.done++;
			} catch (error) {
				expect([(error as TreError).code, begun]).toEqual(["store-full", false]);
				await refuses(tre);
				told.refused++;
			}
		}
		expect(told.done).toBeGreaterThan(3);
		expect(told.refused).toBeGreaterThan(3);
	});

	test("as full as it gets, a device serves on: AKA and boots, and the bootstrap that is refused stays refused", async () => {
		let count = 1;
		while (fits(withFingerprints(records, count + 1))) count++;
		let tre = boot(withFingerprints(records, count), small);
		await refuses(tre);
		for (let n = 0; n < 300; n++) await authenticate(asClient(tre), ro, owned.imsi);
		for (let n = 0; n < 20; n++) tre = new DirectTre(tre.flash, rootKey);
		await refuses(tre);
		expect(tre.call("store", {})).toMatchObject({ fingerprints: count, mcims: 1 });
	});

	test("the way back: a wipe by the PVA makes room for 512 K of a new life", async () => {
		const tre = boot(withFingerprints(records, 512));
		await refuses(tre);
		const { nonce } = tre.call("wipeChallenge", {});
		const wiped = Buffer.concat([Buffer.from(`TRE-WIPE-1${owned.treId}`), nonce]);
		tre.call("wipe", { algorithm: 1, signature: sign("sha256", wiped, pva.key) });
		// How often it was started, and which firmware it takes.
		expect(tre.call("store", {})).toMatchObject({ records: 2, fingerprints: 0, mcims: 0 });
		const next = await personalise(asClient(tre), pva, ro);
		expect(next.treId).not.toBe(owned.treId);
		await change(asClient(tre), next, ro, sho1);
	});
});
