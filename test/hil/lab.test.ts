import { type ChildProcess, execFile, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { DeviceStatus } from "../../hil/lab/devices.ts";
import { Device } from "../support/device.ts";

const run = promisify(execFile);
const cli = resolve("build/js/hil/cli/main.js");

describe("a lab for people: hil up, factory, attach, register, status, down", () => {
	const folder = mkdtempSync(join(tmpdir(), "labs-"));
	const device = Device.keyed();
	let equipment: ChildProcess | undefined;

	const hil = async (lab: string, ...args: string[]): Promise<string> =>
		(await run(process.execPath, [cli, ...args, "--lab", join(folder, lab)])).stdout;
	const status = async (lab: string): Promise<DeviceStatus[]> => JSON.parse(await hil(lab, "status", "--json")).devices;

	/** Asks the operators until they say that `shoId` serves the device. */
	const servedBy = async (lab: string, shoId: string): Promise<DeviceStatus> => {
		for (let n = 0; n < 200; n++) {
			const [found] = await status(lab);
			if (found?.servedBy === shoId && !found.change) return found;
			await sleep(200);
		}
		throw new Error(`${shoId} does not serve the device: ${await hil(lab, "status")}`);
	};

	const attach = () => {
		equipment = spawn(process.execPath, [cli, "attach", device.port, "--lab", join(folder, "a")], { stdio: "ignore" });
	};

	beforeAll(() => device.start());

	afterAll(async () => {
		equipment?.kill("SIGTERM");
		for (const lab of ["a", "b"]) await hil(lab, "down");
		await device.dispose();
		rmSync(folder, { recursive: true, force: true });
	});

	test("two labs stand side by side; a device of one moves there, also after the lab was down", async () => {
		await expect(hil("a", "status")).rejects.toThrow(/no lab is up/);
		const [a, b] = await Promise.all(
			[hil("a", "up", "--json"), hil("b", "up", "--json")].map(async (one) => JSON.parse(await one)),
		);
		expect([a.started, b.started]).toEqual([true, true]);
		const addresses = (lab: { operators: { portal: string }[] }) => lab.operators.map(({ portal }) => portal);
		expect(addresses(a).some((address) => addresses(b).includes(address))).toBe(false);
		expect(JSON.parse(await hil("a", "up", "--json"))).toMatchObject({ started: false, pid: a.pid });

		await hil("a", "factory", device.port, "--dev");
		const [note] = readdirSync(join(folder, "a", "notes"));
		const treId = note.replace(".json", "");
		attach();
		const first = await servedBy("a", "ro.example");
		expect(first.treId).toBe(treId);
		expect(await hil("a", "status")).toContain(`TRE ${treId} is served by ro.example as ${first.imsi}`);
		expect(await status("b")).toEqual([]);

		const accountOf = (address: string) => ({
			...{ serverId: "meters.example", address, init: true },
			credentials: [{ level: "APPSRV", type: "DIGEST", name: "meter", secret: "hunter2" }],
		});
		const accounts = async () => {
			const [kept] = readdirSync(join(folder, "a")).filter((name) => name.startsWith("m2me-"));
			const args = [resolve("build/js/host/cli/main.js"), "accounts", join(folder, "a", kept), "--json"];
			return (await run(process.execPath, args)).stdout;
		};
		const applied = async (address: string) => {
			const file = join(folder, "account.json");
			writeFileSync(file, JSON.stringify(accountOf(address)));
			await hil("a", "application", treId, file);
			for (let n = 0; n < 200 && (await status("a"))[0].applications.length > 0; n++) await sleep(100);
			return JSON.parse(await accounts());
		};
		// B.2.3.3: a new server adds an account, the known one replaces it; each counts when the TRE's receipt is there.
		for (const address of ["https://meters.example/dm", "https://new.meters.example/dm"]) {
			const { applications } = await applied(address);
			// None was named: it goes over the access point of the bootstrap.
			expect(applications).toMatchObject([{ serverId: "meters.example", address, napId: "NAP1" }]);
		}
		expect(await accounts()).not.toContain("hunter2");
		writeFileSync(join(folder, "bad.json"), JSON.stringify({ serverId: "meters.example", secret: "hunter2" }));
		const refused = await hil("a", "application", treId, join(folder, "bad.json")).catch(
			(error: Error) => error.message,
		);
		expect(refused).toContain("address is no name");
		writeFileSync(join(folder, "bad.json"), "hunter2");
		const unread = await hil("a", "application", treId, join(folder, "bad.json")).catch(
			(error: Error) => error.message,
		);
		expect(unread).toContain("is no JSON");
		expect(unread).not.toContain("hunter2");

		await expect(hil("a", "register", treId, "nobody.example")).rejects.toThrow(/none of/);
		await expect(hil("a", "register", "0000", "sho-1.example")).rejects.toThrow(/no delivery note/);
		await hil("a", "register", treId.slice(0, 8), "sho-2.example");
		await servedBy("a", "sho-2.example");
		expect(JSON.parse(await accounts()).applications).toMatchObject([{ address: "https://new.meters.example/dm" }]);

		await hil("a", "down");
		await expect(hil("a", "status")).rejects.toThrow(/no lab is up/);
		await hil("a", "up");
		expect(addresses(JSON.parse(await hil("a", "up", "--json")))).toEqual(addresses(a));
		await hil("a", "register", treId, "sho-1.example");
		await servedBy("a", "sho-1.example");
		await hil("a", "register", treId, "sho-2.example");
		const back = await servedBy("a", "sho-2.example");
		expect(back.imsi).toMatch(/^00103/);
	});

	test("by hand: hil step does one step of the M2ME, and says where the TRE stands and what comes next", async () => {
		const other = Device.keyed();
		await other.start();
		try {
			const step = async (): Promise<{ worked: boolean; state: string; next: string }> => {
				const lines = (await hil("b", "step", other.port, "--json")).trim().split("\n");
				return JSON.parse(lines.at(-1) ?? "");
			};
			expect(await hil("b", "step", other.port).catch(({ stdout }) => stdout)).toContain(
				"Nothing to do. The TRE is keyed",
			);
			await hil("b", "factory", other.port, "--dev");
			const [note] = readdirSync(join(folder, "b", "notes"));
			const treId = note.replace(".json", "");
			expect(await step()).toMatchObject({ worked: true, state: "idle" });

			await expect(hil("b", "register", treId, "sho-1.example", "--code", "WRONG")).rejects.toThrow(/release code/);
			await hil("b", "register", treId, "sho-1.example");
			expect(await hil("b", "status")).toContain("its change to sho-1.example");
			const reached: string[] = [];
			for (let n = 0; n < 12 && reached.at(-1) !== "trial"; n++) reached.push((await step()).state);
			expect([...new Set(reached)].filter((state) => state !== "idle")).toEqual(["bootstrapped", "installed", "trial"]);
			expect(await hil("b", "status")).toContain("is installed in the TRE, not yet in use");
			expect(await step()).toMatchObject({ worked: true, state: "idle" });
			expect(await hil("b", "status")).toContain("is served by ro.example");
			await step();
			await servedBy("b", "sho-1.example");

			await hil("b", "register", treId, "sho-2.example");
			for (let n = 0; n < 5 && (await step()).state !== "bootstrapped"; n++);
			await hil("b", "withdraw", treId, "sho-2.example");
			// The device is off the air: only when it is back can its receipt end the change.
			expect(await hil("b", "status")).toContain(
				"is being withdrawn; until the TRE's receipt says so it may still happen",
			);
			for (let n = 0; n < 10 && (await status("b"))[0].change; n++)
				await hil("b", "step", other.port).catch(() => undefined);
			expect(await hil("b", "status")).toMatch(
				/is served by sho-1.example.*its change to sho-2.example .* was withdrawn/,
			);
			await expect(hil("b", "withdraw", treId, "sho-2.example")).rejects.toThrow(/is withdrawn/);
			expect(await hil("b", "coverage", "sho-2.example", "off")).toContain("all but sho-2.example");
			expect(await hil("b", "coverage", "sho-2.example", "on")).toContain("serves all.");
			expect(await hil("b", "wipe", other.port)).toContain("is blank. A new life begins with: hil factory");
			expect(await hil("b", "step", other.port).catch(({ stdout }) => stdout)).toContain("this M2ME belongs to");
			// Its next life has an encryption key on P-256, and so suite 3, on the way to the next SHO too.
			await hil("b", "factory", other.port, "--encryption", "p256", "--dev");
			expect(await step()).toMatchObject({ worked: true, state: "idle" });
			const again = readdirSync(join(folder, "b", "notes")).map((name) => name.replace(".json", ""));
			const nextLife = again.find((name) => name !== treId) ?? "";
			await hil("b", "register", nextLife, "sho-2.example");
			const found = async () => (await status("b")).find((one) => one.treId === nextLife);
			for (let n = 0; n < 20 && (await found())?.servedBy !== "sho-2.example"; n++)
				await hil("b", "step", other.port).catch(() => undefined);
			expect(await found()).toMatchObject({ servedBy: "sho-2.example", imsi: expect.stringMatching(/^00103/) });
		} finally {
			await other.dispose();
		}
	});
});
