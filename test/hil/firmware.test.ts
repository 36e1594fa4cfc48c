import { type ChildProcess, execFile, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { decodeParts, encodeBundle } from "../../firmware/contract/bundle.ts";
import type { DeviceStatus } from "../../hil/lab/devices.ts";
import { postJson } from "../../hil/network/shared/http.ts";
import type { OperatorEntry } from "../../hil/network/shared/registry.ts";
import { ask, bearing } from "../support/ask.ts";
import { Device } from "../support/device.ts";

const run = promisify(execFile);
const [hilCli, treCli] = ["hil", "host"].map((part) => resolve(`build/js/${part}/cli/main.js`)) as [string, string];
const bundle = resolve("build/emulator.bundle");

describe("B.2.3.6: hil offer, as people use it", () => {
	const folder = mkdtempSync(join(tmpdir(), "offers-"));
	const lab = join(folder, "lab");
	const device = Device.keyed();
	let equipment: ChildProcess | undefined;
	let treId = "";
	let ro: OperatorEntry;
	let staff = "";

	const hil = async (...args: string[]): Promise<string> =>
		(await run(process.execPath, [hilCli, ...args, "--lab", lab])).stdout;
	const tre = async (...args: string[]): Promise<string> => (await run(process.execPath, [treCli, ...args])).stdout;
	const offer = async (): Promise<DeviceStatus["offer"]> =>
		(JSON.parse(await hil("status", "--json")).devices as DeviceStatus[])[0]?.offer;
	const attach = () => {
		equipment = spawn(process.execPath, [hilCli, "attach", device.port, "--lab", lab], { stdio: "ignore" });
	};
	const detach = async () => {
		const ended = new Promise((done) => equipment?.once("close", done));
		equipment?.kill("SIGTERM");
		await ended;
	};
	const eventually = async (what: string, is: () => Promise<boolean>): Promise<void> => {
		for (let n = 0; n < 300; n++) {
			if (await is()) return;
			await sleep(200);
		}
		throw new Error(`${what}: ${await hil("status")}`);
	};

	beforeAll(async () => {
		await device.start();
		const up = JSON.parse(await hil("up", "--json")) as { operators: OperatorEntry[] };
		ro = up.operators[0] as OperatorEntry;
		staff = JSON.parse(readFileSync(join(lab, "tokens.json"), "utf8")).staff[ro.shoId];
		await hil("factory", device.port, "--dev", "--updates", "offered");
		treId = (JSON.parse(await tre("info", device.port, "--json")) as { treId: string }).treId;
	}, 120_000);

	afterAll(async () => {
		equipment?.kill("SIGTERM");
		await hil("down");
		await device.dispose();
		rmSync(folder, { recursive: true, force: true });
	});

	test("a device that was made so takes no firmware that its SHO does not offer, and says so", async () => {
		const refused = await tre("update", device.port, bundle).catch((error: { stderr: string }) => error.stderr);
		expect(refused).toContain("update-not-offered");
		expect(await tre("firmware", device.port)).toMatch(
			/its SHO offers +nothing, and without an offer it takes nothing\n/,
		);
	});

	test("offered while the device is away, it is taken once it is there: another slot, and both sides say so", async () => {
		expect(await hil("offer", treId.slice(0, 8), bundle)).toContain(`ro.example offers ${treId} firmware 0.1.0`);
		expect(await offer()).toEqual({ version: "0.1.0", state: "offered" });
		attach();
		await eventually("the firmware runs", async () => (await offer())?.state === "ended");
		expect(await offer()).toEqual({ version: "0.1.0", state: "ended", result: 200 });
		expect(await hil("status")).toContain("firmware 0.1.0 was offered and runs now");
		await detach();
		expect(await tre("firmware", device.port)).toMatch(/slot +B\n/);
		expect(await tre("log", device.port)).toMatch(
			/update-offered +root [0-9a-f]{16}…, bundle [0-9a-f]{16}…\n.*update-received.*\n.*update-confirmed/,
		);
	});

	test("an M2ME that has lost its memory is told again when it attaches, and goes on", async () => {
		const memory = () => {
			const [kept] = readdirSync(lab).filter((name) => name.startsWith("m2me-"));
			return join(lab, kept as string, "m2me.json");
		};
		await hil("offer", treId, bundle);
		// Step by step: attached, and then the offer goes into the TRE.
		for (let n = 0; n < 20 && !(await tre("firmware", device.port)).includes("and takes no other"); n++)
			await hil("step", device.port);
		// All of it, its access point among it.
		rmSync(memory());
		attach();
		await eventually("the firmware runs", async () => (await offer())?.state === "ended");
		expect(await offer()).toMatchObject({ result: 200 });
		await detach();
		expect(await tre("firmware", device.port)).toMatch(/slot +A\n/);
	});

	test("an offer is taken back: the TRE hears of it, and takes what it took before", async () => {
		await expect(hil("offer", treId)).rejects.toThrow(/name a bundle/);
		await hil("offer", treId, bundle);
		for (let n = 0; n < 20 && !(await tre("firmware", device.port)).includes("and takes no other"); n++)
			await hil("step", device.port);
		expect(await hil("offer", treId, "--withdraw")).toContain("takes back");
		attach();
		await eventually("it is taken back", async () => (await offer())?.state === "withdrawn");
		expect(await hil("status")).toContain("no firmware is offered any more");
		await detach();
		expect(await tre("firmware", device.port)).toMatch(
			/its SHO offers +nothing, and without an offer it takes nothing/,
		);
		await expect(hil("offer", treId, "--withdraw")).rejects.toThrow(/was not offered any firmware/);
	});

	test("whoever is not the operator's staff offers nothing, and is told so", async () => {
		const body = JSON.stringify({ treId, bundle: readFileSync(bundle).toString("base64") });
		for (const headers of [{}, bearing("0".repeat(32))]) {
			const { status } = await ask(ro.portal, { method: "POST", path: "/devices/offer", headers, body });
			expect(status).toBe(401);
		}
	});

	test("what is no bundle, is too long, or is for a device that is not served here, is refused by name", async () => {
		const post = (body: object) => postJson(`${ro.portal}/devices/offer`, body, staff);
		const octets = readFileSync(bundle);
		const damaged = Buffer.from(octets);
		damaged[octets.length - 9] ^= 1;
		const base64 = (one: Uint8Array) => Buffer.from(one).toString("base64");
		await expect(post({ treId, bundle: base64(damaged) })).rejects.toMatchObject({ code: "bundle-damaged" });
		const none = encodeBundle({ ...decodeParts(octets), slots: [] });
		await expect(post({ treId, bundle: base64(none) })).rejects.toMatchObject({ code: "bundle-damaged" });
		await expect(post({ treId, bundle: "" })).rejects.toMatchObject({ code: "malformed" });
		await expect(post({ treId: "0".repeat(32), bundle: base64(octets) })).rejects.toMatchObject({
			code: "device-unknown",
		});
		const long = await post({ treId, bundle: "A".repeat(6_000_000) }).catch((error: { code: string }) => error.code);
		expect(["too-large", "unreachable"]).toContain(long);
		expect(await offer()).toMatchObject({ state: "withdrawn" });
		await expect(hil("offer", treId, join(folder, "nothing"))).rejects.toThrow(/nothing/);
	});

	test("the DPF gives out packages that were offered, by GET, and nothing else", async () => {
		const tls = { servername: ro.dpf.host, ca: ro.certificate };
		const get = (path: string, method = "GET") => ask(ro.dpf.address, { method, path, tls });
		const { digest } = await postJson<{ digest: string }>(
			`${ro.portal}/devices/offer`,
			{ treId, bundle: readFileSync(bundle).toString("base64") },
			staff,
		);
		const path = `/packages/${digest}`;
		const { status, headers } = await get(path);
		expect({ status, length: Number(headers["content-length"]) }).toEqual({
			status: 200,
			length: statSync(bundle).size,
		});
		expect((await get(path, "POST")).status).toBe(405);
		for (const other of ["/packages/", `/packages/${"0".repeat(64)}`, "/packages/../dm", "/packages/__proto__"])
			expect((await get(other)).status, other).toBe(404);
	});
});
