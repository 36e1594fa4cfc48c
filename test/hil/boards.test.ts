import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, describe, expect, test } from "vitest";
import type { ScenarioResult } from "../../hil/stage/play.ts";
import { Device } from "../support/device.ts";
import { boardsOfForm } from "../support/targets.ts";

const run = promisify(execFile);
const hil = (...args: string[]) => run(process.execPath, [resolve("build/js/hil/cli/main.js"), ...args]);

/** Another core plays the story in the short form, too. */
const targets = [...new Set([...boardsOfForm, "qemu:riscv-virt" as const])];

describe.each(targets)("hil run --target %s", (target) => {
	const folder = mkdtempSync(join(tmpdir(), "boards-"));
	afterAll(() => rmSync(folder, { recursive: true, force: true }));

	async function play(name: string, evidence: string): Promise<ScenarioResult> {
		const { stdout } = await hil("run", name, "--target", target, "--json", "--evidence", evidence);
		return JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as ScenarioResult;
	}

	test("the story of three operators, and what it leaves verifies with xmlsec1", async () => {
		const evidence = join(folder, "story");
		const result = await play("story", evidence);
		expect(result).toMatchObject({ ok: true, target });
		expect(result.changes.map(({ fromSho, toSho }) => `${fromSho} → ${toSho}`)).toEqual([
			"ro.example → sho-1.example",
			"sho-1.example → sho-2.example",
		]);
		const m2mm = join(evidence, "change-2", "m2mm.xml");
		expect(readFileSync(m2mm, "utf8")).toContain(`<Target>${target.slice("qemu:".length)}</Target>`);
		await run("xmlsec1", ["--verify", "--pubkey-cert-pem", join(evidence, "certs", "tre-sign.pem"), m2mm]);
	});

	if (!boardsOfForm.includes(target)) return;

	test("the refusals, between two changes that succeed", async () => {
		expect(await play("refusals", join(folder, "refusals"))).toMatchObject({ ok: true, target });
	});

	test("power cuts at operations of the flash, and resets, during two changes that succeed", async () => {
		expect(await play("power-cuts", join(folder, "power-cuts"))).toMatchObject({ ok: true, target });
	});

	test("a factory refuses its emulated entropy without --dev, and leaves the device blank", async () => {
		const lab = join(folder, "lab");
		const device = new Device(target);
		await device.start();
		const state = async (): Promise<string> => {
			const tre = await device.open();
			try {
				return (await tre.status()).state;
			} finally {
				await tre.close();
			}
		};
		const factory = (...more: string[]) => hil("factory", device.port, "--lab", lab, "--encryption", "p256", ...more);
		await hil("up", "--lab", lab);
		try {
			const refused = await factory().catch((error: { code: number; stdout: string }) => error);
			expect(refused).toMatchObject({ code: 1 });
			expect(refused.stdout).toContain("this TRE is emulated and keeps its keys in files");
			expect(await state()).toBe("blank");
			await factory("--dev");
			expect(await state()).toBe("personalised");
		} finally {
			await hil("down", "--lab", lab);
			await device.dispose();
		}
	});
});

describe("targets that there are not", () => {
	const folder = mkdtempSync(join(tmpdir(), "map-"));
	afterAll(() => rmSync(folder, { recursive: true, force: true }));

	/** The hardware map's content, and what is said about `board:bench-1`. */
	const withMap = (content: string) => {
		const map = join(folder, "map.json");
		writeFileSync(map, content);
		return hil("run", "story", "--target", "board:bench-1", "--map", map);
	};

	test("an unknown name says what there is", async () => {
		await expect(hil("run", "story", "--target", "qemu:pdp11")).rejects.toThrow(/qemu:stm32f405, qemu:mps2-an505/);
	});

	test("board:NAME of a hardware map plays on the TRE that its port leads to, and not on another one", async () => {
		const device = new Device("emulator");
		await device.start();
		const [pid = ""] = readFileSync(join(device.folder, "lock"), "utf8").split("\n");
		const reset = ["kill", "-USR2", pid.trim()];
		const map = (board: string) => JSON.stringify({ "bench-1": { board, port: device.port, reset, dev: true } });
		try {
			await expect(withMap(map("stm32f405"))).rejects.toThrow(
				/says that it is emulator, and .*map\.json says stm32f405/,
			);
			expect((await withMap(map("emulator"))).stdout).toMatch(/sho-1\.example → sho-2\.example: \d+ → \d+/);
			const tre = await device.open();
			expect(await tre.status()).toMatchObject({ state: "idle", bootCounter: 3 });
			await tre.close();
		} finally {
			await device.dispose();
		}
	});

	test("a hardware map: missing, broken, without the board, with a field that nobody knows", async () => {
		await expect(hil("run", "story", "--target", "board:bench-1")).rejects.toThrow(/needs a hardware map/);
		await expect(withMap("{")).rejects.toThrow(/map\.json/);
		await expect(withMap("{}")).rejects.toThrow(/has no board "bench-1"/);
		const entry = { board: "stm32f405", port: "/dev/serial/by-id/x", reset: ["true"], colour: "red" };
		await expect(withMap(JSON.stringify({ "bench-1": entry }))).rejects.toThrow(/bench-1.*colour/);
	});
});
