import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { QemuMonitor } from "../../../hil/rig/qemu-monitor.ts";
import { Device } from "../../support/device.ts";
import { branch, elfOf, isRiscv, type Patches, patched, symbol } from "../../support/elf.ts";
import { boardsOfForm } from "../../support/targets.ts";

/** What `certificateRequest` calls on the crypto side; nothing else does. */
const VICTIM = "tre_write_csr";

/** Machine code in its place: Thumb, RISC-V. */
const faults: Record<string, readonly [readonly number[], readonly number[]]> = {
	// udf #0; unimp
	"a hard fault": [[0xde00], [0x0000]],
	// push {r4-r7, lr}; b back – addi sp, sp, -32; sw ra, 0(sp); j back
	"a stack that overflows": [
		[0xb5f0, 0xe7fd],
		[0x1101, 0xc006, 0xbff5],
	],
	// movs r3, #0; mvns r3, r3; str r3, [r3] – li a5, -1; sw a5, 0(a5)
	"a write to where nothing is": [
		[0x2300, 0x43db, 0x601b],
		[0x57fd, 0xc39c],
	],
	// bx to an address that is no Thumb code – li a5, -1; jr a5
	"a jump to where nothing is": [
		[0x2300, 0x43db, 0x4718],
		[0x57fd, 0x8782],
	],
};

/** cpsid i; b . : what only a watchdog ends. QEMU has the one of the mps2, and neither that of the STM32F4 nor one on virt. */
const HANG = [0xb672, 0xe7fe];
/** b . – j . : what the clock's interrupt ends, once a command has taken too long. */
const LOOP = [[0xe7fe], [0xa001]] as const;
/** movs r0, #1; bx lr – li a0, 1; ret */
const RETURN_1 = [
	[0x2001, 0x4770],
	[0x4505, 0x8082],
] as const;

/** The one of an image's core. */
const codeFor = ([thumb, riscv]: readonly [readonly number[], readonly number[]], elf: string): readonly number[] =>
	isRiscv(elf) ? riscv : thumb;
/** One second, in place of the longest command. */
const HUNDREDTHS = 100;

/** Another core has another start, and other handlers. */
const targets = [...new Set([...boardsOfForm, "qemu:riscv-virt" as const])];

describe.each(targets)("on %s no failure of the firmware is silent", (target) => {
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

	test.each(Object.entries(faults))("%s: an error answer, and the next good request works", async (_name, code) => {
		await answeredByName((elf) => codeFor(code, elf));
	});

	test("a trap of the WASM: an error answer, and the next good request works", () =>
		answeredByName((elf) => branch(elf, VICTIM, "wasm_rt_trap")));

	test("a command that does not end: the clock's interrupt ends it, and it is answered", () =>
		answeredByName((elf) => codeFor(LOOP, elf), { time_longest_command: [HUNDREDTHS, 0] }));

	if (target.startsWith("qemu:mps2-"))
		test("a command that hangs with interrupts off: the watchdog ends it, and it is answered", () =>
			answeredByName(() => HANG));

	test("a start that faults again and again waits, and the good firmware goes on with the device", async () => {
		// Where the store is looked for.
		const fault = codeFor(faults["a hard fault"] as (typeof faults)[string], elfOf(target));
		const faulty = await withCode(() => fault, { machine_start: fault });
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
		const elf = elfOf(target);
		blank.more = ["--firmware", patched(elf, { board_entropy: codeFor(RETURN_1, elf) }, join(folder, "deaf.elf"))];
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

	if (target === "qemu:stm32f405" || target === "qemu:riscv-virt")
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
		// The command would never end.
		const faulty = await withCode((elf) => codeFor(LOOP, elf));
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
