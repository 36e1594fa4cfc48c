import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { Device } from "../../support/device.ts";
import { branch, elfOf, patched, symbol } from "../../support/elf.ts";
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

describe.each(boards)("on %s no failure of the firmware is silent", (target) => {
	const folder = mkdtempSync(join(tmpdir(), "faulty-"));
	let device: Device | undefined;
	afterEach(() => device?.dispose());
	afterAll(() => rmSync(folder, { recursive: true, force: true }));

	async function withCode(halves: (elf: string) => readonly number[]): Promise<Device> {
		const elf = elfOf(target);
		const faulty = Device.keyed(target);
		faulty.more = ["--firmware", patched(elf, VICTIM, halves(elf), join(folder, "tre.elf"))];
		device = faulty;
		await faulty.start();
		return faulty;
	}

	async function answeredByName(halves: (elf: string) => readonly number[]): Promise<void> {
		const tre = await (await withCode(halves)).open({ repeatMs: 200 });
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

	if (target === "qemu:mps2-an505")
		test("a command that hangs: the watchdog ends it, and it is answered", () => answeredByName(() => HANG));

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
