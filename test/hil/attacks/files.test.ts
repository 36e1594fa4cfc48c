import { type ChildProcess, execFile, spawn } from "node:child_process";
import {
	chmodSync,
	chownSync,
	existsSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	rmSync,
	statSync,
	symlinkSync,
	truncateSync,
	writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { commandLineOf, processOf } from "../../../firmware/local/process.ts";
import { world } from "../../../hil/lab/world.ts";
import { OperatorStore } from "../../../hil/network/operator/store.ts";
import { makeRoot } from "../../../hil/network/shared/certificates.ts";
import { keepIdentity } from "../../../hil/network/shared/identity.ts";
import { ask } from "../../support/ask.ts";
import { ElementProcess } from "../../support/element-process.ts";
import { Elements, until } from "../../support/elements.ts";
import { BARRED, newSubscriber } from "../../support/hlr-bench.ts";
import { Phone } from "../../support/phone.ts";

const run = promisify(execFile);
const cli = resolve("build/js/hil/cli/main.js");
const RO = "ro.example";
const NOBODY = 65_534;

/** A command that is to fail: what it says. */
const words = async (...args: string[]): Promise<string> => {
	const failed = await run(process.execPath, [cli, ...args]).catch((error: { stderr: string; code: number }) => error);
	expect(failed).toMatchObject({ code: 1 });
	return failed.stderr;
};

/** Processes that were started for a folder. */
const processesOf = (folder: string): string[] =>
	readdirSync("/proc")
		.filter((name) => /^\d+$/.test(name) && processOf(Number(name)))
		.map((name) => commandLineOf(Number(name)))
		.filter((command) => command.includes(`${folder}/`) || command.endsWith(folder));

describe("a folder into which others may write is no place for a lab", () => {
	const folder = mkdtempSync(join(tmpdir(), "foreign-"));
	afterAll(() => rmSync(folder, { recursive: true, force: true }));

	test("anybody may write there: it is refused, and nothing is written through what was planted", async () => {
		const [lab, victim] = [join(folder, "lab"), join(folder, "victim")];
		writeFileSync(victim, "precious");
		mkdirSync(lab);
		chmodSync(lab, 0o777);
		for (const name of ["lab.log", "registry.json.new", "tokens.json.new"]) symlinkSync(victim, join(lab, name));
		const before = readdirSync(lab);
		expect(await words("up", "--lab", lab)).toMatch(/anybody may write into .*name another folder/);
		expect(readFileSync(victim, "utf8")).toBe("precious");
		expect(readdirSync(lab)).toEqual(before);
		expect(processesOf(lab)).toEqual([]);
	});

	test.runIf(process.geteuid?.() === 0)("it belongs to another user: it is refused, whatever its mode is", async () => {
		const lab = join(folder, "another's");
		mkdirSync(lab, { mode: 0o700 });
		chownSync(lab, NOBODY, NOBODY);
		expect(await words("up", "--lab", lab)).toMatch(/belongs to another user/);
		expect(readdirSync(lab)).toEqual([]);
	});
});

describe("the folder of an element", () => {
	const elements = new Elements();
	beforeAll(async () => {
		await elements.operator(RO);
		await elements.end(`operator-${RO}`);
	}, 60_000);
	afterAll(() => elements.stop());

	test.each(['{"gsup":4', "", "[1]", '{"gsup":"4"}', '{"gsup":99999}'])(
		"ports.json is %s: the system picks again",
		async (content) => {
			const path = join(elements.folderOf(`operator-${RO}`), "ports.json");
			writeFileSync(path, content);
			await elements.operator(RO);
			expect((await ask(elements.entry(RO).operations, { path: "/health" })).status).toBe(200);
			await elements.end(`operator-${RO}`);
			expect(JSON.parse(readFileSync(path, "utf8"))).toMatchObject({
				gsup: expect.any(Number),
				api: expect.any(Number),
			});
		},
	);

	test("others may write into its folder: it does not start", async () => {
		chmodSync(elements.folderOf(`operator-${RO}`), 0o777);
		const config = join(elements.folderOf(`operator-${RO}`), "config.json");
		await expect(new ElementProcess("operator", config).ready).rejects.toThrow("ended with code 1");
	});
});

describe("a lab whose files say what is not so", () => {
	const lab = mkdtempSync(join(tmpdir(), "lab-"));
	const card = newSubscriber(1);
	let stranger: ChildProcess | undefined;
	const hil = async (...args: string[]) =>
		JSON.parse((await run(process.execPath, [cli, ...args, "--lab", lab, "--json"])).stdout);

	beforeAll(async () => {
		for (const { shoId } of world.operators) {
			const folder = join(lab, `operator-${shoId}`);
			mkdirSync(folder, { mode: 0o700 });
			const store = await OperatorStore.open(folder);
			// On an elliptic curve: quick to make.
			await keepIdentity(store.identities, "root", () => makeRoot(shoId, "ec"));
			if (shoId === RO) store.subscribers.put(card.imsi, card);
			await store.close();
		}
	}, 60_000);
	afterAll(async () => {
		stranger?.kill();
		await hil("down");
		rmSync(lab, { recursive: true, force: true });
	}, 60_000);

	const portOf = (element: string, service: string): number =>
		JSON.parse(readFileSync(join(lab, element, "ports.json"), "utf8"))[service];

	test("the lab starts beside all that; a log that has grown is put aside", async () => {
		stranger = spawn("sleep", ["600"], { stdio: "ignore" });
		writeFileSync(join(lab, "keeper.json"), JSON.stringify({ pid: stranger.pid, birth: "1.1", ready: true }));
		writeFileSync(join(lab, "lab.log"), "", { mode: 0o600 });
		writeFileSync(join(lab, "world.json"), JSON.stringify({ [RO]: { barredImeis: [BARRED] } }));
		truncateSync(join(lab, "lab.log"), 33 * 1024 * 1024);
		expect(await hil("up")).toMatchObject({ started: true });
		expect(statSync(join(lab, "lab.log")).size).toBeLessThan(1024 * 1024);
		expect(statSync(join(lab, "lab.log.1")).size).toBeGreaterThan(32 * 1024 * 1024);
		expect(stranger.exitCode).toBeNull();
		stranger.kill();
	});

	test("a second process on the folder of an element that runs is refused, and the first one is not disturbed", async () => {
		for (const [name, kind] of [
			["operator-ro.example", "operator"],
			["pva", "pva"],
			["vno", "vno"],
		] as const) {
			const second = new ElementProcess(kind, join(lab, name, "config.json"));
			await expect(second.ready, name).rejects.toThrow("ended with code 1");
		}
		expect(await hil("status")).toMatchObject({ silent: {} });
	});

	test("world.json bars equipment: an attach with it is refused, with another one it is not", async () => {
		const { vnos } = JSON.parse(readFileSync(join(lab, "registry.json"), "utf8"));
		for (const [imei, answer] of [
			[`${BARRED}1`, { type: "attach-reject", cause: "illegal-equipment" }],
			["350000000000019", { type: "attach-accept" }],
		] as const) {
			const phone = new Phone(vnos[0].radio, card);
			expect(await phone.attach(imei)).toMatchObject(answer);
			phone.close();
		}
	});

	test("it is taken down: nothing of it runs, and its secrets are its owner's alone", async () => {
		await hil("down");
		await until("all of it has ended", () => processesOf(lab).length === 0);
		const secrets = ["tokens.json", "pva/station.key", "operator-ro.example/store.key", "vno/config.json"];
		for (const name of [...secrets, "operator-ro.example/config.json"])
			expect(statSync(join(lab, name)).mode & 0o077, name).toBe(0);
	});

	test("another program has one of its ports: the start fails in words, and none of its processes stays", async () => {
		const other = createServer();
		await new Promise<void>((done) => other.listen(portOf("operator-sho-2.example", "portal"), "127.0.0.1", done));
		expect(await words("up", "--lab", lab)).toMatch(/is in use by another program/);
		await until("all of it has ended", () => processesOf(lab).length === 0);
		expect(existsSync(join(lab, "keeper.json"))).toBe(false);
		await new Promise((done) => other.close(done));
	});

	test.each<[what: string, birth: object]>([
		["when it began, and that was another one", { birth: "1.1" }],
		["nothing of when it began", {}],
	])("keeper.json names a process that is none of the lab's, and says %s: it is not ended", async (_what, birth) => {
		stranger = spawn("sleep", ["600"], { stdio: "ignore" });
		const pid = stranger.pid as number;
		writeFileSync(join(lab, "keeper.json"), JSON.stringify({ pid, ...birth, ready: true }));
		expect(await hil("down")).toMatchObject({ stopped: false });
		expect(processOf(pid)).toBeDefined();
		stranger.kill();
	});
});
