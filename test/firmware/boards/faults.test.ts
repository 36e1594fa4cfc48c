import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { QemuMonitor } from "../../../hil/rig/qemu-monitor.ts";
import { Device } from "../../support/device.ts";
import { branch, elfOf, type Patches, patched, symbol } from "../../support/elf.ts";
import { boards } from "../../support/targets.ts";

/** What `certificateRequest` calls on the crypto side; nothing else does. */
const VICTIM = "tre_write_csr";

/** Machine code in its place. */
const faults: Record<string, (elf: string) => readonly number[]> = {
	// udf #0
	"a hard fault": () => [0xde00],
	// push {r4-r7, lr}; b back
	"a stack that overflows": () => [0xb5f0, 0xe7fd],
	// movs r3, #0; mvns r3, r3; str r3, [r3]
	"a write to where nothing is": () => [0x2300, 0x43db, 0x601b],
	// bx to an address that is no Thumb code
	"a jump to where nothing is": () => [0x2300, 0x43db, 0x4718],
	"a trap of the WASM": (elf) => branch(symbol(elf, VICTIM), symbol(elf, "wasm_rt_trap")),
};

/** cpsid i; b . : what only a watchdog ends. QEMU has the one of the mps2, and not that of the STM32F4. */
const HANG = [0xb672, 0xe7fe];
/** b . : what the clock's interrupt ends, once a command has taken too long. */
const LOOP = [0xe7fe];
/** One second, in place of the longest command. */
const HUNDREDTHS = 100;

describe.each(boards)("on %s no failure of the firmware is silent", (target) => {
	const folder = mkdtempSync(join(tmpdir(), "faulty-"));
	let device: Device | undefined;
	afterEach(() => device?.dispose());
	afterAll(() => rmSync(folder, { recursive: true, force: true }));

	async function withCode(halves: (elf: string) => readonly number[], more: Patches = {}): Promise<Device> {
		const elf = elfOf(target);
		const faulty = Device.keyed(target);
		faulty.more = ["--firmware", patched(elf, { [VICTIM]: halves(elf), ...more }, join(folder, "tre.elf"))];
		device = faulty;
		await faulty.start();
		return faulty;
	}

	async function answeredByName(halves: (elf: string) => readonly number[], more: Patches = {}): Promise<void> {
		const tre = await (await withCode(halves, more)).open({ repeatMs: 200 });
		try {
			const before = await tre.status();
			for (let times = 1; times <= 2; times++) {
				await expect(tre.call("certificateRequest", { usage: 0 })).rejects.toMatchObject({ code: "trapped" });
				const after = await tre.status();
				expect(after).toEqual({
					...before,
					bootCounter: before.bootCounter + times,
					transaction: before.transaction + times,
				});
			}
		} finally {
			await tre.close();
		}
	}

	test.each(Object.entries(faults))("%s: an error answer, and the next good request works", async (_name, halves) => {
		await answeredByName(halves);
	});

	test("a command that does not end: the clock's interrupt ends it, and it is answered", () =>
		answeredByName(() => LOOP, { time_longest_command: [HUNDREDTHS, 0] }));

	if (target === "qemu:mps2-an505")
		test("a command that hangs with interrupts off: the watchdog ends it, and it is answered", () =>
			answeredByName(() => HANG));

	test("a start that faults again and again waits, and the good firmware goes on with the device", async () => {
		// udf #0 where the store is looked for.
		const faulty = await withCode(() => [0xde00], { machine_start: [0xde00] });
		const before = faulty.flash();
		const monitor = await QemuMonitor.open(faulty.folder);
		const starts = async (): Promise<number> => {
			await monitor.saveMemory(symbol(elfOf(target), "count"), 12, "count");
			return readFileSync(join(faulty.folder, "count")).readUInt32LE(4);
		};
		while ((await starts()) < 3) await sleep(50);
		monitor.close();
		expect(faulty.flash().equals(before)).toBe(true);
		await faulty.kill();
		faulty.more = [];
		await faulty.start();
		const tre = await faulty.open({ repeatMs: 200 });
		expect((await tre.status()).state).toBe("keyed");
		await tre.close();
	});

	test("no entropy at the first boot: every command is refused by name, and the next boot makes a device of it", async () => {
		const blank = new Device(target);
		device = blank;
		// movs r0, #1; bx lr
		blank.more = ["--firmware", patched(elfOf(target), { board_entropy: [0x2001, 0x4770] }, join(folder, "deaf.elf"))];
		await blank.start();
		const deaf = await blank.open({ repeatMs: 200 });
		for (const run of [() => deaf.status(), () => deaf.call("makeKeyPairs", { encryption: 2 })])
			await expect(run()).rejects.toMatchObject({ code: "crypto-failure" });
		expect((await deaf.call("info", {})).target).toBe(target.slice("qemu:".length));
		await deaf.close();
		await blank.kill();
		blank.more = [];
		await blank.start();
		const tre = await blank.open({ repeatMs: 200 });
		await tre.call("makeKeyPairs", { encryption: 2 });
		expect((await tre.status()).state).toBe("keyed");
		await tre.close();
	});

	if (target === "qemu:stm32f405")
		test("QEMU was killed while it made the flash's file: the next start goes on with it", async () => {
			const blank = new Device(target);
			device = blank;
			writeFileSync(join(blank.folder, "flash.bin"), Buffer.alloc(100_000, 0xff));
			await blank.start();
			const tre = await blank.open({ repeatMs: 200 });
			expect(await tre.status()).toMatchObject({ state: "blank", bootCounter: 1 });
			await tre.close();
		});

	test("the reset line in the middle of a command: the host is told that the TRE has restarted", async () => {
		// b . : the command would never end.
		const faulty = await withCode(() => [0xe7fe]);
		const tre = await faulty.open({ repeatMs: 100 });
		try {
			const before = await tre.status();
			const asked = tre.call("certificateRequest", { usage: 0 });
			await faulty.rig.reset();
			await expect(asked).rejects.toThrow(/has restarted/);
			expect((await tre.status()).bootCounter).toBe(before.bootCounter + 1);
		} finally {
			await tre.close();
		}
	});
});
