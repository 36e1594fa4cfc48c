import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { afterEach, describe, expect, test } from "vitest";
import type { FlashOptions } from "../../../host/flash/flash.ts";
import { intelHex } from "../../../host/flash/gdb/intel-hex.ts";
import type { Plan } from "../../../host/flash/plan.ts";
import { gdb } from "../../../host/flash/ways/gdb.ts";
import { TreClient } from "../../../host/tre/client.ts";
import { bare, f405, idleStage } from "../../support/flash/bundles.ts";
import { copyOf, expectFlashed, expectNotTornForWhole, planFor, usedDevice } from "../../support/flash/device.ts";
import { FlashChip } from "../../support/flash/flash-chip.ts";
import { JtagAdapter } from "../../support/flash/jtag/remote-bitbang.ts";
import { Stm32f405 } from "../../support/flash/jtag/stm32f405.ts";
import { BreakingWire, freePort, QemuServer } from "../../support/flash/qemu-server.ts";
import { SAMPLE_MS, sampled } from "../../support/flash/sampled.ts";

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
	for (const close of closing.splice(0).reverse()) await close();
});

const flash = (target: string, plan: Plan, options: Partial<FlashOptions> = {}) =>
	gdb.flash(
		{ target, baudRate: 115_200, parity: "even" },
		plan,
		{ isKeptCompared: true, isBoardNamed: true, ...options },
		() => undefined,
	);

const older = planFor({ version: "1.0.0", bootStage: idleStage(f405, "older") });
const newer = planFor({ size: 1_201, bootStage: idleStage(f405, "newer") });

async function qemu(): Promise<QemuServer> {
	const server = await QemuServer.start();
	closing.push(() => server.close());
	return server;
}

const dumpOf = async (server: QemuServer): Promise<FlashChip> => {
	const chip = new FlashChip(f405);
	(await server.flash(f405, chip.octets.length)).copy(chip.octets);
	return chip;
};

describe("tre flash --via gdb, GDB and QEMU's GDB server", () => {
	test("writes what the plan says and keeps the rest", async () => {
		const server = await qemu();
		await flash(server.gdb, older);
		const before = await dumpOf(server);
		const done = await flash(server.gdb, newer);
		expectFlashed(await dumpOf(server), newer, before);
		expect(done).toMatchObject({ chip: "a chip behind a GDB server", kept: ["device root key", "store"] });
	});

	test("the TRE that it has flashed says hello", async () => {
		const server = await qemu();
		const image = readFileSync("build/boards/stm32f405/qemu/tre.bin");
		await flash(server.gdb, planFor({ image }, false, bare));
		const tre = await TreClient.open(server.serial);
		closing.push(() => tre.close());
		expect(await tre.call("info", {})).toMatchObject({ target: "stm32f405" });
	});

	test("a chip that nobody there names is refused, unless whoever flashes names the board", async () => {
		const server = await qemu();
		await expect(flash(server.gdb, older, { isBoardNamed: false })).rejects.toThrow(
			"a chip behind a GDB server: nobody there says which chip it is; if you know that it is a stm32f405, say so: --board stm32f405",
		);
	});

	test(
		"a wire that breaks anywhere, GDB's end: the same command repairs it",
		async () => {
			const server = await qemu();
			const port = Number(server.gdb.split(":").at(-1));
			const whole = new BreakingWire(port, Number.POSITIVE_INFINITY);
			closing.push(() => whole.close());
			await flash(await whole.listen(), newer, { isKeptCompared: false });
			const done = await dumpOf(server);
			for (const after of sampled(whole.carried, 4)) {
				await flash(server.gdb, older, { isKeptCompared: false });
				const wire = new BreakingWire(port, after);
				closing.push(() => wire.close());
				await expect(flash(await wire.listen(), newer, { isKeptCompared: false })).rejects.toThrow();
				expectNotTornForWhole(await dumpOf(server), older, newer);
				await flash(server.gdb, newer, { isKeptCompared: false });
				expect((await dumpOf(server)).octets.equals(done.octets)).toBe(true);
			}
		},
		SAMPLE_MS,
	);

	test("no server is there: how one is started", async () => {
		await expect(flash(`tcp://127.0.0.1:${await freePort()}`, older)).rejects.toThrow(
			/GDB gets to no chip by tcp:.*start its server, for instance: openocd/,
		);
	});
});

/** OpenOCD as a GDB server tells GDB which of the memory is flash: then GDB erases and writes sectors. */
describe("tre flash --via gdb, GDB and a server that knows that there is flash", () => {
	async function server(chip: FlashChip): Promise<string> {
		const adapter = new JtagAdapter(new Stm32f405(chip));
		const config = await adapter.listen();
		closing.push(() => adapter.close());
		const child = spawn("openocd", ["-f", config, "-c", "telnet_port disabled; tcl_port disabled; gdb_port 0"]);
		closing.push(async () => child.kill("SIGKILL"));
		return new Promise((resolve, reject) => {
			let said = "";
			child.stderr.setEncoding("utf8").on("data", (text: string) => {
				said += text;
				const [, port] = /Listening on port (\d+) for gdb connections/.exec(said) ?? [];
				if (port !== undefined) resolve(`tcp://127.0.0.1:${port}`);
			});
			child.once("close", () => reject(new Error(said)));
		});
	}

	test("writes whole sectors, that of the header last, and keeps the rest", async () => {
		const chip = usedDevice(older);
		const before = copyOf(chip);
		const done = await flash(await server(chip), newer, { isKeptCompared: false, isBoardNamed: false });
		expectFlashed(chip, newer, before);
		expect(done).toMatchObject({ chip: "a chip 0x413 behind a GDB server", written: ["boot stage", "slot A"] });
		expect(chip.erased.at(-1)).toBe(5);
		expect(chip.erased).not.toContain(9);
	});
});

test("Intel HEX: a row never crosses 64 KiB, and says its address", () => {
	expect(intelHex(0x0801_fffc, Uint8Array.of(1, 2, 3, 4, 5))).toBe(
		":020000040801F1\n:04FFFC0001020304F7\n:020000040802F0\n:0100000005FA\n:00000001FF\n",
	);
});
