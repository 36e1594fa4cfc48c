import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { attachSignature, signBootstrap, writeBootstrap } from "../../../host/wire/prov/bootstrap.ts";
import { contentTypes } from "../../../host/wire/radio/short-messages.ts";
import type { BenchEvent } from "../../../host/wire/report/events.ts";
import { HostileHost } from "../../support/hostile-host.ts";
import { asRequest } from "../../support/operators.ts";

const daemon = resolve("build/js/host/daemon/main.js");
const END = "</wap-provisioningdoc>";

/** The host applies nothing before the TRE accepted it, and only from the accepted octets (DESIGN section 6). */
describe("network parameters and addresses that the TRE has not accepted", () => {
	const host = new HostileHost();
	let genuine = "";

	beforeAll(async () => {
		await host.start();
		const ro = host.insider("ro.example");
		genuine = ro.device(host.treId).initial?.sent ?? "";
	});
	afterAll(() => host.stop());

	test("a host that follows a refused PROVURL gets neither a signed M2MMobj nor a root for it", async () => {
		const [ro, sho2] = [host.insider("ro.example"), host.insider("sho-2.example")];
		const { certificate, key } = await sho2.root();
		const { reign, serial } = ro.device(host.treId);
		const change = { provUrl: "https://dpf.sho-2.example/dm", certificate, account: Buffer.alloc(400, 1) };
		const document = writeBootstrap({
			...{ kind: "change", name: "sho-2.example", treId: host.treId, reign, serial: serial + 1 },
			naps: [{ napId: "NAP1", name: "nap", apn: "evil.example" }],
			change: { ...change, fallback: "off" },
		});
		const forged = asRequest(signBootstrap(document, key).sent);
		await expect(host.tre.call("acceptBootstrap", forged)).rejects.toMatchObject({ code: "signature-invalid" });
		await expect(host.tre.call("provisioningRequest", {})).rejects.toMatchObject({ code: "wrong-state" });
		await expect(host.tre.call("activate", {})).rejects.toMatchObject({ code: "wrong-state" });
		const released = Buffer.from((await host.tre.call("releaseRoot", {})).certificate);
		expect(released.equals((await ro.root()).certificate)).toBe(true);
	});

	describe("the M2ME, with the real one in the hostile host's place", () => {
		let equipment: ChildProcess;
		const problems: string[] = [];
		const memory = (): string => readFileSync(join(host.lab, "m2me", "m2me.json"), "utf8");
		const refusals = () => problems.filter((what) => what.startsWith("bootstrap refused"));

		beforeAll(async () => {
			await host.tre.close();
			host.detach();
			const args = [host.device.port, "--radio", host.vno.radio, "--state", join(host.lab, "m2me")];
			equipment = spawn(process.execPath, [daemon, ...args], { stdio: ["ignore", "pipe", "inherit"] });
			const events: BenchEvent[] = [];
			createInterface({ input: equipment.stdout as NonNullable<ChildProcess["stdout"]> }).on("line", (line) => {
				const event = JSON.parse(line) as BenchEvent;
				events.push(event);
				if (event.event === "problem") problems.push(event.what);
			});
			const steps = (what: string) =>
				events.some((event) => event.event === "step" && event.ok && event.what.includes(what));
			await host.until("attached", async () => steps("attach as"));
			await host.push(contentTypes.bootstrap, genuine);
			await host.until("the genuine NAPDEF is applied", async () => steps("restricted IP connectivity"));
		});

		afterAll(() => {
			equipment.kill("SIGTERM");
		});

		test.each<[string, RegExp, (sent: string) => string]>([
			["another APN than was signed", /signature-invalid/, (sent) => sent.replace("provisioning.ro", "evil")],
			[
				"a parameter smuggled into the last characteristic",
				/exactly NAME TRE-SIGNATURE and SIGNATURE/,
				(sent) =>
					sent.replace(
						`</characteristic>${END}`,
						`<parm name="PROVURL" value="https://evil.example/"></parm></characteristic>${END}`,
					),
			],
			[
				"a characteristic behind the signature",
				/is not signed/,
				(sent) =>
					sent.replace(
						END,
						`<characteristic type="NAPDEF"><parm name="NAPID" value="evil"></parm></characteristic>${END}`,
					),
			],
			[
				"a second signature around the signed document",
				/signature-invalid/,
				(sent) => {
					const signature = /name="SIGNATURE" value="([^"]*)"/.exec(sent)?.[1] ?? "";
					return attachSignature(sent, Buffer.from(signature, "base64").toString("utf8"));
				},
			],
			[
				"no signature",
				/is not signed/,
				(sent) =>
					sent.replace(
						/<characteristic type="VENDORCONFIG"><parm name="NAME" value="TRE-SIGNATURE">.*?<\/characteristic>/,
						"",
					),
			],
		])("given %s, applies nothing of it", async (_what, why, edit) => {
			const forged = edit(genuine);
			expect(forged).not.toBe(genuine);
			const [before, count] = [memory(), refusals().length];
			await host.push(contentTypes.bootstrap, forged);
			await host.until("the refusal", async () => refusals().length > count);
			expect(refusals().at(-1)).toMatch(why);
			expect(memory()).toBe(before);
		});

		test("and goes on with the next good one", async () => {
			const count = problems.length;
			await host.push(contentTypes.bootstrap, genuine);
			await host.push("text/plain", "hello");
			await host.until("the message behind it", async () => problems.length > count);
			expect(problems.slice(count)).toEqual(["a short message of type text/plain is not for this M2ME"]);
		});
	});
});
