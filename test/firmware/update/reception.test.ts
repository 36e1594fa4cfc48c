import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { updateKey } from "../../../firmware/build/update-key.mjs";
import { headersOf } from "../../../firmware/contract/bundle.ts";
import { logEvents } from "../../../firmware/contract/events.ts";
import { imageFields, image as layout } from "../../../firmware/contract/image.ts";
import { keyedFlash } from "../../support/keyed-flash.ts";
import { full } from "../../support/long-form.ts";
import type { DirectTre } from "../../support/machine.ts";
import { developmentKey, sendUpdate, slotImages, UpdatableDevice } from "../../support/updatable-device.ts";

const folder = mkdtempSync(join(tmpdir(), "update-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let first: readonly Buffer[];
let second: readonly Buffer[];
let third: readonly Buffer[];

beforeAll(async () => {
	first = await slotImages({ version: "1.0.0", securityCounter: 3 });
	second = await slotImages({ version: "1.1.0", securityCounter: 4, size: 1001 });
	third = await slotImages({ version: "1.2.0", securityCounter: 4 });
});

function flashed(): UpdatableDevice {
	const { image, rootKey } = keyedFlash();
	const device = new UpdatableDevice(rootKey);
	device.store.octets.set(image);
	device.flash(first);
	return device;
}

const events = (tre: DirectTre): readonly number[] => {
	const { entries } = tre.call("log", { from: 0 });
	return Array.from({ length: entries.length / 28 }, (_, n) => Buffer.from(entries).readUInt32BE(28 * n + 8));
};

describe("a firmware that the factory signed", () => {
	test("goes into the slot that is not running, starts on trial, and the first hello confirms it", () => {
		const device = flashed();
		const tre = device.start();
		const { treId } = tre.call("info", {});
		expect(tre.call("updateStatus", {})).toMatchObject({ running: 0, version: "1.0.0", triesLeft: 0, lowest: 3 });
		sendUpdate(tre, second);
		const updated = device.start();
		expect(device.slot).toBe(1);
		expect(updated.call("updateStatus", {})).toEqual({
			...{ slots: 2, running: 1, version: "1.1.0", securityCounter: 4, lowest: 4, triesLeft: 0, next: 0, length: 0 },
		});
		expect(updated.call("info", {}).treId).toBe(treId);
		expect(events(updated)).toEqual([logEvents["update-received"], logEvents["update-confirmed"]]);
	});

	test("and the next one goes into the first slot again; both stay as they are after restarts", () => {
		const device = flashed();
		sendUpdate(device.start(), second);
		sendUpdate(device.start(), third);
		for (let boots = 0; boots < 5; boots++) {
			expect(device.start().call("updateStatus", {})).toMatchObject({ running: 0, version: "1.2.0", triesLeft: 0 });
		}
	});

	test("is taken in pieces of any size, and begun anew after a restart in the middle", () => {
		const device = flashed();
		const tre = device.start();
		const { length } = tre.call("updateBegin", { headers: headersOf(second) });
		tre.call("updateOctets", { offset: 0, octets: Buffer.alloc(500) });
		expect(tre.call("updateStatus", {})).toMatchObject({ next: 500, length });
		const again = device.start();
		expect(again.call("updateStatus", {})).toMatchObject({ running: 0, next: 0, length: 0 });
		sendUpdate(again, second, 13);
		expect(device.start().call("updateStatus", {})).toMatchObject({ version: "1.1.0" });
	});
});

describe("three starts without a greeting", () => {
	test("bring back what ran before, for good; the audit trail tells, once", () => {
		const device = flashed();
		sendUpdate(device.start(), second);
		for (const left of [2, 1, 0]) {
			device.startSilently();
			expect(device.slot).toBe(1);
			expect(device.boot.port(1).record() >> 16).toBe(left);
		}
		const back = device.start();
		expect(device.slot).toBe(0);
		expect(back.call("updateStatus", {})).toMatchObject({ running: 0, version: "1.0.0", lowest: 3 });
		device.start();
		const tre = device.start();
		expect(device.slot).toBe(0);
		expect(events(tre)).toEqual([logEvents["update-received"], logEvents["update-rolled-back"]]);
		sendUpdate(tre, third);
		expect(device.start().call("updateStatus", {})).toMatchObject({ running: 1, version: "1.2.0" });
	});

	test("a firmware on trial whose line is silent gives up its start after ten minutes; a confirmed one does not", () => {
		const device = flashed();
		let now = 0;
		const still = device.startSilently(() => now);
		now = 100_000;
		still.tick();
		expect(still.restartAsked).toBe(false);
		now = 0;
		sendUpdate(device.start(), second);
		const silent = device.startSilently(() => now);
		now = 600;
		silent.tick();
		expect(silent.restartAsked).toBe(false);
		now = 601;
		silent.tick();
		expect(silent.restartAsked).toBe(true);
	});

	test("a firmware that cannot read the store is not confirmed, and gives up its start", () => {
		let seconds = 0;
		const device = flashed();
		sendUpdate(device.start(), second);
		// A header of a bank whose checksum is wrong in both banks: damage by name.
		const bank = device.store.octets.length / 2;
		for (const at of [0, bank]) device.store.octets[at + 4] ^= 0xff;
		const tre = device.start(() => seconds);
		expect(device.slot).toBe(1);
		expect(() => tre.call("status", {})).toThrow("store-damaged");
		expect(device.boot.port(1).record() & 0x100).toBe(0);
		tre.machine.tick();
		expect(tre.machine.restartAsked).toBe(false);
		seconds = 601;
		tre.machine.tick();
		expect(tre.machine.restartAsked).toBe(true);
	});
});

describe("refused by name, with what runs left as it is", () => {
	let device: UpdatableDevice;
	let tre: DirectTre;

	beforeAll(() => {
		device = flashed();
		tre = device.start();
	});

	const begin = (headers: Uint8Array) => () => tre.call("updateBegin", { headers });

	test("for another board", async () => {
		const slots = await slotImages({ version: "2.0.0", securityCounter: 9, board: "stm32f405" });
		expect(begin(headersOf(slots))).toThrow("update-header");
	});

	test("the headers of one slot, of slots in the wrong order, and of too many", () => {
		expect(begin(headersOf(second.slice(1)))).toThrow("update-header");
		expect(begin(headersOf([...second].reverse()))).toThrow("update-header");
		expect(begin(headersOf([...second, ...second]))).toThrow("update-header");
		expect(begin(new Uint8Array(0))).toThrow("update-header");
	});

	test("signed by another factory; and with another's name of its key", async () => {
		const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
		const file = join(folder, "other.pem");
		writeFileSync(file, privateKey.export({ type: "pkcs8", format: "pem" }));
		const key = updateKey(resolve("."), file);
		const slots = await slotImages({ version: "2.0.0", securityCounter: 9, key });
		expect(begin(headersOf(slots))).toThrow("update-signature");
		const disguised = await slotImages({
			...{ version: "2.0.0", securityCounter: 9 },
			key: { ...key, signer: updateKey(resolve(".")).signer },
		});
		expect(begin(headersOf(disguised))).toThrow("update-signature");
	});

	test("a bit of the header that is another one: each signed octet, and the signature", () => {
		const used = layout.USED_SIZE;
		const step = full ? 1 : 7;
		for (let bit = 0; bit < used * 8; bit += step) {
			const headers = Buffer.from(headersOf(second));
			headers[used + (bit >> 3)] ^= 1 << (bit & 7);
			expect(begin(headers), `bit ${bit}`).toThrow(/update-(header|signature|downgrade)/);
		}
	});

	test("flags or a reserved word that this firmware does not know, signed all the same", () => {
		for (const at of [imageFields.flags, imageFields.reserved]) {
			const headers = Buffer.from(headersOf(second));
			const header = headers.subarray(layout.USED_SIZE);
			header[at + 1] = 1;
			developmentKey.sign(header.subarray(0, layout.SIGNED_SIZE)).copy(header, imageFields.signature);
			expect(begin(headers)).toThrow("update-header");
		}
	});

	test("older than what this device has confirmed", async () => {
		const slots = await slotImages({ version: "9.0.0", securityCounter: 2 });
		expect(begin(headersOf(slots))).toThrow("update-downgrade");
	});

	test("octets out of order, too many, none, before a beginning; an end that is too early", () => {
		const octets = Buffer.alloc(10);
		expect(() => tre.call("updateEnd", {})).toThrow("update-order");
		expect(() => tre.call("updateOctets", { offset: 0, octets })).toThrow("update-order");
		const { length } = tre.call("updateBegin", { headers: headersOf(second) });
		expect(() => tre.call("updateOctets", { offset: 1, octets })).toThrow("update-order");
		expect(() => tre.call("updateOctets", { offset: 0, octets: new Uint8Array(0) })).toThrow("update-order");
		expect(() => tre.call("updateOctets", { offset: 0, octets: Buffer.alloc(length + 1) })).toThrow("update-order");
		expect(() => tre.call("updateEnd", {})).toThrow("update-order");
	});

	test("a bit of the image that is another one: found when it is read back, and never started", () => {
		const image = Buffer.from(second[1] as Buffer);
		for (const bit of [0, 777, (image.length - layout.HEADER_SIZE) * 8 - 1]) {
			const other = Buffer.from(image);
			other[layout.HEADER_SIZE + (bit >> 3)] ^= 1 << (bit & 7);
			expect(() => sendUpdate(tre, [second[0] as Buffer, other])).toThrow("update-digest");
			expect(device.boot.select()).toBe(0);
		}
	});

	test("more erases of a slot than a host may cause", () => {
		const worn = flashed().start();
		for (let n = 0; n < 8; n++) worn.call("updateBegin", { headers: headersOf(second) });
		expect(() => worn.call("updateBegin", { headers: headersOf(second) })).toThrow("wear-limited");
	});

	test("and after all that, the next good one works", () => {
		expect(tre.call("updateStatus", {})).toMatchObject({ running: 0, version: "1.0.0" });
		sendUpdate(tre, second);
		expect(device.start().call("updateStatus", {})).toMatchObject({ running: 1, version: "1.1.0" });
	});
});

describe("what stands in the slots", () => {
	test("a firmware that rots is not started; the other one is; where none is left the boot stage says why", () => {
		const device = flashed();
		sendUpdate(device.start(), second);
		device.start();
		const at = (slot: number) => device.boot.place(slot) + layout.HEADER_SIZE + 100;
		device.slots.octets[at(1)] ^= 1;
		expect(device.boot.select()).toBe(0);
		device.slots.octets[at(0)] ^= 1;
		expect(() => device.boot.select()).toThrow("slot A is not as its header says, slot B is not as its header says");
		device.slots.octets[device.boot.place(0) + imageFields.signature] ^= 1;
		device.slots.octets.fill(0xff, device.boot.place(1));
		expect(() => device.boot.select()).toThrow(
			"slot A is not signed by this factory, slot B has no firmware for this device",
		);
	});

	test("a record of long ago that names the slot gives nothing in it a start without a trial", () => {
		const device = flashed();
		sendUpdate(device.start(), second);
		device.start();
		// Slot B rots; the older firmware in A takes the next one into it, and the power goes behind its header.
		device.slots.octets.fill(0, device.boot.place(1), device.boot.place(1) + 4096);
		const older = device.start();
		const { slot, length } = older.call("updateBegin", { headers: headersOf(third) });
		expect(slot).toBe(1);
		older.call("updateOctets", { offset: 0, octets: (third[1] as Buffer).subarray(layout.HEADER_SIZE) });
		expect(older.call("updateStatus", {})).toMatchObject({ next: length });
		device.slots.program(device.boot.place(1), (third[1] as Buffer).subarray(0, layout.USED_SIZE));
		expect(device.boot.select()).toBe(0);
	});

	test("what the line brings between the end of an update and the restart comes too late", () => {
		const device = flashed();
		const tre = device.start();
		sendUpdate(tre, second);
		expect(() => tre.call("updateBegin", { headers: headersOf(third) })).toThrow("update-on-trial");
		expect(device.start().call("updateStatus", {})).toMatchObject({ version: "1.1.0" });
	});

	test("an older firmware that was flashed past the update is refused by itself, and leaves the store alone", () => {
		const device = flashed();
		sendUpdate(device.start(), second);
		device.start();
		device.flash(first);
		const store = device.store.octets.slice();
		const old = device.start();
		expect(() => old.call("status", {})).toThrow("update-downgrade");
		expect(old.call("info", {}).version).toMatch(/\d/);
		expect(Buffer.from(device.store.octets).equals(store)).toBe(true);
		// It takes a newer one all the same: the way out needs no probe.
		sendUpdate(old, third);
		expect(device.start().call("updateStatus", {})).toMatchObject({ version: "1.2.0", running: 1 });
	});
});
