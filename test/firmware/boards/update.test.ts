import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { buildBoard } from "../../../firmware/build/board-firmware.mjs";
import { signedImage } from "../../../firmware/build/bundle.mjs";
import { image as layout } from "../../../firmware/contract/image.ts";
import { decodeBundle } from "../../../host/flash/bundle.ts";
import { patiently } from "../../../host/link/patience.ts";
import { TreClient } from "../../../host/tre/client.ts";
import { readLog } from "../../../host/tre/log.ts";
import { updateTre } from "../../../host/tre/update.ts";
import { Device } from "../../support/device.ts";
import { full } from "../../support/long-form.ts";
import { developmentKey } from "../../support/updatable-device.ts";

/*
 * The STM32F405 in QEMU as it leaves a factory: boot stage, boot records and slots in the one file that stands for its
 * flash. QEMU has no flash controller; the rest of what runs here is what runs on the board.
 */
const target = "qemu:stm32f405";
const root = resolve(".");
const built = join(root, "build/boards/stm32f405/qemu");
const KIB = 1024;
const RECORDS = 16 * KIB;
const SLOTS = [128 * KIB, 384 * KIB] as const;

const images = ["slot-a.bin", "slot-b.bin"].map((name) => readFileSync(join(built, name)));

/** The firmware that was built, signed again as another version. */
const release = (version: string, securityCounter: number, content = images): Promise<readonly Buffer[]> =>
	Promise.all(
		SLOTS.map((at, n) =>
			signedImage(
				root,
				{ board: "stm32f405", address: 0x0800_0000 + at, image: content[n] as Buffer, version, securityCounter },
				developmentKey,
			),
		),
	);

describe("a board with a boot stage, in QEMU", () => {
	let device: Device;
	afterEach(() => device.dispose());

	const flash = (): string => join(device.folder, "flash.bin");
	const access = () => {
		const open = (): Promise<TreClient> => TreClient.open(device.port, { deadlineMs: 60_000, repeatMs: 500 });
		return { open: () => patiently(open), reopen: () => patiently(open) };
	};
	const update = (slots: readonly Uint8Array[]) => updateTre(access(), slots, () => undefined);
	const asked = async <T>(question: (tre: TreClient) => Promise<T>): Promise<T> => {
		const tre = await access().open();
		try {
			return await question(tre);
		} finally {
			await tre.close();
		}
	};
	const firmware = () => asked((tre) => tre.call("updateStatus", {}));
	const events = () => asked(async (tre) => (await readLog(tre)).map(({ event }) => event));
	/** Changes octets of the flash while the device is off. */
	async function whileOff(change: (octets: Buffer) => void): Promise<void> {
		await device.kill();
		const octets = readFileSync(flash());
		change(octets);
		writeFileSync(flash(), octets);
		await device.start();
	}

	test("starts what it was flashed with, takes a signed update, and runs it from the other slot; key and store stay", async () => {
		device = Device.keyed(target);
		await device.start();
		const before = await asked((tre) => tre.call("info", {}));
		expect(await firmware()).toMatchObject({ slots: 2, running: 0, version: "0.1.0", triesLeft: 0 });
		const key = readFileSync(flash()).subarray(640 * KIB, 768 * KIB);
		expect(await update(await release("1.0.0", 5))).toMatchObject({ from: "0.1.0", to: "1.0.0", slot: 1 });
		expect(await firmware()).toMatchObject({ running: 1, version: "1.0.0", lowest: 5, triesLeft: 0 });
		expect(await asked((tre) => tre.call("info", {}))).toEqual(before);
		expect(
			readFileSync(flash())
				.subarray(640 * KIB, 768 * KIB)
				.equals(key),
		).toBe(true);
		await expect(update(await release("0.9.0", 4))).rejects.toThrow("update-downgrade");
		expect(await events()).toEqual(["update-received", "update-confirmed"]);
		// A device that an update has changed keeps it, whatever is built here.
		await device.kill();
		await device.start();
		expect(await firmware()).toMatchObject({ running: 1, version: "1.0.0" });
	});

	test("a device's folder from before there were slots: store and key go where they are now, and it is the same device", async () => {
		device = Device.keyed(target);
		const whole = readFileSync(flash());
		// Both banks of the store, then the sector of the device root key: that was all.
		writeFileSync(flash(), Buffer.concat([whole.subarray(768 * KIB), whole.subarray(640 * KIB, 768 * KIB)]));
		await device.start();
		const { treId } = await asked((tre) => tre.call("info", {}));
		expect(treId).toMatch(/^[0-9a-f]{32}$/);
		expect(await firmware()).toMatchObject({ running: 0, triesLeft: 0 });
		expect(readFileSync(flash()).length).toBe(KIB * KIB);
	});

	test("a firmware that faults at its start: three tries, and the one before it comes back", async () => {
		device = new Device(target);
		await device.start();
		// The first instruction behind the reset vector of each image leads nowhere: a fault, whatever slot it is in.
		const broken = images.map((octets) => {
			const faulty = Buffer.from(octets);
			const entry = (faulty.readUInt32LE(4) & ~1) - (octets === images[0] ? 0x0802_0200 : 0x0806_0200);
			faulty.writeUInt16LE(0xde00, entry);
			return faulty;
		});
		await expect(update(await release("2.0.0", 1, broken))).rejects.toThrow(/did not hold.* and 0\.1\.0 runs/);
		expect(await firmware()).toMatchObject({ running: 0, version: "0.1.0" });
		expect(await events()).toEqual(["update-received", "update-rolled-back"]);
		expect(await update(await release("2.0.1", 1))).toMatchObject({ to: "2.0.1" });
	});

	test("power that fails in the middle of an update: the old firmware runs, and the same update then works", async () => {
		device = new Device(target);
		await device.start();
		const slots = await release("3.0.0", 1);
		for (const operations of full ? [0, 1, 2, 3, 5, 9, 15, 17, 18, 19, 20, 21, 22] : [2, 9, 19]) {
			await device.rig.cutPowerAt({ operations, octets: 100 });
			await update(slots).catch(() => undefined);
			const { version } = await firmware();
			expect(["0.1.0", "3.0.0"]).toContain(version);
		}
		expect(await update(slots)).toMatchObject({ to: "3.0.0" });
	});

	test("a bit that flips in either slot: the other one starts; in both, the boot stage says on the line what is wrong", async () => {
		device = new Device(target);
		await device.start();
		await update(await release("4.0.0", 1));
		await whileOff((octets) => {
			octets[SLOTS[1] + 70_000] ^= 4;
		});
		expect(await firmware()).toMatchObject({ running: 0, version: "0.1.0" });
		await update(await release("4.1.0", 1));
		await whileOff((octets) => {
			octets[SLOTS[0] + layout.USED_SIZE - 1] ^= 1;
		});
		expect(await firmware()).toMatchObject({ running: 1, version: "4.1.0" });
		await device.kill();
		const octets = readFileSync(flash());
		octets[SLOTS[1] + 90_000] ^= 1;
		writeFileSync(flash(), octets);
		await device.start();
		expect(await textOf(device.port, "slot B is damaged")).toContain(
			"TRE boot stage: nothing to start; slot A is not signed by this factory, slot B is damaged",
		);
	});

	test("noise behind the boot records is none of them", async () => {
		device = new Device(target);
		await device.start();
		await update(await release("5.0.0", 1));
		await whileOff((octets) => {
			for (let at = RECORDS + 16; at < 3 * RECORDS; at++) octets[at] = (at * 31) & 0xff;
		});
		expect(await firmware()).toMatchObject({ running: 1, version: "5.0.0" });
		expect(await update(await release("5.1.0", 1))).toMatchObject({ to: "5.1.0", slot: 0 });
	});
});

/** What comes over the line, until a text is in it. */
async function textOf(port: string, wanted: string): Promise<string> {
	const { SerialPort } = await import("serialport");
	const serial = new SerialPort({ path: port, baudRate: 115_200 });
	try {
		return await new Promise((done) => {
			let text = "";
			serial.on("data", (octets: Buffer) => {
				text += octets.toString("latin1");
				if (text.includes(wanted)) done(text);
			});
		});
	} finally {
		await new Promise<void>((done) => serial.close(() => done()));
	}
}

describe("the boot stage is nobody's to change", () => {
	const folder = mkdtempSync(join(tmpdir(), "overwriting-"));
	const wrap = ["board_led"];
	let output: string;
	const device = new Device(target);
	afterAll(async () => {
		await device.dispose();
		rmSync(folder, { recursive: true, force: true });
	});

	beforeAll(async () => {
		// A firmware that writes over the reset vector of the boot stage when its LED goes dark, which is at the first command.
		const source = join(folder, "overwriting.c");
		writeFileSync(
			source,
			"#include <stdint.h>\nvoid __real_board_led(int on);\nvoid __wrap_board_led(int on) {\n  __real_board_led(on);\n  if (!on) *(volatile uint32_t *)0x08000004u = 0;\n}\n",
		);
		output = await buildBoard(root, "stm32f405", "qemu", () => undefined, { folder, sources: [source], wrap });
		writeFileSync(join(device.folder, "flash.bin"), whole(join(output, "tre.bundle")));
		await device.start();
	});

	test("a TRE that tries to is stopped by the MPU, and the boot stage starts it again", async () => {
		const tre = await TreClient.open(device.port, { deadlineMs: 5_000, repeatMs: 500 }).catch((error: Error) => error);
		// Each command ends in the fault: the host never gets beyond its hello, and learns that it trapped.
		expect(tre).toBeInstanceOf(Error);
		expect(String(tre)).toMatch(/trapped|no answer/);
		expect(readFileSync(join(device.folder, "flash.bin")).subarray(0, 16 * KIB)).toEqual(
			whole(join(output, "tre.bundle")).subarray(0, 16 * KIB),
		);
	});
});

/** A chip that is flashed with a bundle. */
function whole(bundle: string): Buffer {
	const { bootStage, slots } = decodeBundle(readFileSync(bundle));
	const octets = Buffer.alloc(1024 * KIB, 0xff);
	octets.set(bootStage, 0);
	octets.set((slots[0] as { octets: Uint8Array }).octets, SLOTS[0]);
	// Slot A by a record, confirmed: the emulator leaves alone what an update has chosen.
	const word = 1 << 8;
	octets.writeUInt32LE((~word ^ 0x5452_4542) >>> 0, RECORDS);
	octets.writeUInt32LE(word, RECORDS + 4);
	octets.writeUInt32LE(0, RECORDS + 12);
	return octets;
}
