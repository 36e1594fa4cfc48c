import { spawnSync } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { signBootstrap, writeBootstrap } from "../../../host/wire/prov/bootstrap.ts";
import { bootstrapPush, deliveryOf } from "../../../host/wire/push/delivery.ts";
import { writeMessageIn } from "../../../host/wire/syncml/form.ts";

const cli = resolve("build/js/host/cli/main.js");
const trace = (...args: string[]) => spawnSync(process.execPath, [cli, "trace", ...args], { encoding: "utf8" });

describe("tre trace", () => {
	const folder = mkdtempSync(join(tmpdir(), "trace-"));
	afterAll(() => rmSync(folder, { recursive: true, force: true }));

	const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
	const account = {
		...{ serverId: "meters.example", address: "https://meters.example/dm", init: true },
		credentials: [{ level: "APPSRV" as const, type: "DIGEST", name: "meter", secret: "hunter2" }],
	};
	const document = writeBootstrap({
		...{ kind: "application" as const, name: "ro.example", treId: "0".repeat(32), reign: "1".repeat(64), serial: 7 },
		naps: [],
		accounts: [account],
	});
	const { sent } = signBootstrap(document, privateKey);
	const tpdus = deliveryOf(bootstrapPush(sent, "001010123456789"), "+8829900", new Date(0)).map((one) =>
		one.toString("hex"),
	);

	test("passwords are masked, and who signed is not claimed", () => {
		mkdirSync(join(folder, "good"));
		writeFileSync(join(folder, "good", "push.hex"), `${tpdus.join("\n")}\n`);
		const { stdout, status } = trace(folder);
		expect(status).toBe(0);
		expect(stdout).toMatch(/B\.2\.3\.3 +application bootstrap/);
		expect(stdout).toMatch(/APPAUTH AAUTHSECRET +7 octets, masked/);
		expect(stdout).toContain("ecdsa-sha256, verifies under no certificate in certs/");
		expect(stdout).not.toContain("hunter2");
		expect(trace(folder, "--brief").stdout).not.toContain("APPAUTH");
	});

	test("a session: only leaves that are known to be harmless are shown, whatever stands beside them", () => {
		mkdirSync(join(folder, "session", "syncml"), { recursive: true });
		const item = (target: string, data: string) => ({ target, data });
		const message = {
			...{ sessionId: "1", msgId: 1, target: "device", source: "server", final: true },
			commands: [
				{
					...{ name: "Replace" as const, cmdId: "1" },
					items: [
						item("./NAP/sho/Apn", "harmless.example"),
						item("./NAP/sho/AuthSecret", "hunter2"),
						item("./DMAcc/x/AppAuth/y/AAuthSecret", "hunter2"),
					],
				},
				{
					name: "Replace" as const,
					cmdId: "2",
					items: [item("./DevInfo/Man", "maker"), item("./DevInfo/Ext/Key", "hunter2")],
				},
			],
		};
		writeFileSync(join(folder, "session", "syncml", "01-server.wbxml"), writeMessageIn("wbxml", message));
		const { stdout } = trace(join(folder, "session"));
		for (const harmless of ["harmless.example", "maker"]) expect(stdout).toContain(harmless);
		expect(stdout.match(/7 octets, masked/g)).toHaveLength(3);
		expect(stdout).not.toContain("hunter2");
	});

	test("what cannot be read is told in its place, and the rest is shown", () => {
		mkdirSync(join(folder, "odd", "syncml"), { recursive: true });
		writeFileSync(join(folder, "odd", "push.hex"), `${tpdus.slice(1).join("\n")}\n`);
		writeFileSync(join(folder, "odd", "syncml", "01-client.wbxml"), Buffer.from("0000", "hex"));
		writeFileSync(join(folder, "odd", "receipt-idle.xml"), "<TREReceipt></TREReceipt>");
		const { stdout, status } = trace(folder);
		expect(status).toBe(0);
		expect(stdout).toMatch(/cannot be read: \d+ short messages, and no whole push in them/);
		expect(stdout).toMatch(/cannot be read: WBXML refused at octet/);
		expect(stdout).toContain("cannot be read: the document carries no ds:Signature");
		expect(stdout).toContain("application bootstrap");
	});

	test("a folder that is none, or holds no message, and a call that makes no sense", () => {
		expect(trace(join(folder, "nothing"))).toMatchObject({
			status: 1,
			stderr: expect.stringContaining("there is no folder"),
		});
		mkdirSync(join(folder, "empty"));
		expect(trace(join(folder, "empty"))).toMatchObject({ status: 1, stderr: expect.stringContaining("--evidence") });
		for (const args of [[], [folder, "--unknown"]]) expect(trace(...args).status).toBe(2);
	});
});
