import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, describe, expect, test } from "vitest";
import type { ScenarioResult } from "../../hil/stage/play.ts";

const run = promisify(execFile);
const hil = (...args: string[]) => run(process.execPath, [resolve("build/js/hil/cli/main.js"), ...args]);

/** Plays a scenario by the command that people use; the story itself has a test of its own. */
describe("hil run", () => {
	const folder = mkdtempSync(join(tmpdir(), "scenarios-"));
	afterAll(() => rmSync(folder, { recursive: true, force: true }));

	const play = async (name: string): Promise<{ result: ScenarioResult; evidence: string }> => {
		const evidence = join(folder, name);
		const { stdout } = await hil("run", name, "--json", "--evidence", evidence);
		const lines = stdout.trim().split("\n");
		return { result: JSON.parse(lines.at(-1) ?? "") as ScenarioResult, evidence };
	};
	const moves = ({ changes }: ScenarioResult) => changes.map(({ fromSho, toSho }) => `${fromSho} → ${toSho}`);
	/** By a tool that is not ours; rejects where the signature does not verify. */
	const verifies = (evidence: string, file: string, certificate: string, ...more: string[]) =>
		run("xmlsec1", [
			"--verify",
			"--pubkey-cert-pem",
			join(evidence, "certs", certificate),
			...more,
			join(evidence, file),
		]);

	test("names what there is, and refuses what there is not", async () => {
		expect((await hil("run")).stdout).toMatch(
			/story.*\n.*back-and-forth.*\n.*change-of-mind.*\n.*no-coverage.*\n.*bad-air/,
		);
		await expect(hil("run", "nothing")).rejects.toThrow(/no scenario "nothing"; there are: story/);
	});

	test("bad-air: a fifth of the short messages is lost, others come twice or in another order; the change succeeds", async () => {
		const { result } = await play("bad-air");
		expect(result.ok).toBe(true);
		expect(moves(result)).toEqual(["ro.example → sho-1.example"]);
	});

	test("osmo-hlr: the device comes to an operator with osmo-hlr and leaves it again, both ways", async () => {
		const { result } = await play("osmo-hlr");
		expect(moves(result)).toEqual([
			"ro.example → sho-1.example",
			"sho-1.example → sho-2.example",
			"sho-2.example → sho-1.example",
		]);
	});

	test("back-and-forth: A → B → A → B, with another MCIM each time", async () => {
		const { result } = await play("back-and-forth");
		expect(moves(result)).toEqual([
			"ro.example → sho-1.example",
			"sho-1.example → sho-2.example",
			"sho-2.example → sho-1.example",
			"sho-1.example → sho-2.example",
		]);
		expect(new Set(result.changes.map(({ imsiAfter }) => imsiAfter)).size).toBe(4);
	});

	test("change-of-mind: withdrawn before installation, ended by the TRE's receipt; the next attempt succeeds", async () => {
		const { result, evidence } = await play("change-of-mind");
		expect(result.ok).toBe(true);
		expect(moves(result)).toEqual(["ro.example → sho-2.example"]);
		const receipt = readFileSync(join(evidence, "change-1", "receipt-withdrawn.xml"), "utf8");
		expect(receipt).toContain("<State>withdrawn</State>");
		await verifies(evidence, "change-1/receipt-withdrawn.xml", "tre-sign.pem");
		expect(existsSync(join(evidence, "change-2", "receipt-committed.xml"))).toBe(true);
		const detached = ["--url-map:cid:bootstrap", join(evidence, "change-1", "withdraw.xml")];
		await verifies(evidence, "change-1/withdraw.sig.xml", "sho-0.pem", ...detached);
	});

	test("firmware: what the SHO offers and the factory has signed is taken, from one SHO and the next; nothing else", async () => {
		const { result, evidence } = await play("firmware");
		expect(moves(result)).toEqual(["ro.example → sho-1.example"]);
		const ladder = readFileSync(join(evidence, "ladder.json"), "utf8");
		for (const said of ["refused: a firmware that no SHO offers", "200, successful", "404, validationFailed"])
			expect(ladder).toContain(said);
		for (const [offer, certificate] of [
			["offer-1", "sho-0.pem"],
			["offer-3", "sho-1.pem"],
		] as const) {
			const detached = ["--url-map:cid:bootstrap", join(evidence, offer, "offer.xml")];
			await verifies(evidence, `${offer}/offer.sig.xml`, certificate, ...detached);
		}
	});

	test("no-coverage: NOTE Y, the device falls back and SHO[i] tells SHO[i+1]; the second attempt has a new MCIM", async () => {
		const { result, evidence } = await play("no-coverage");
		expect(moves(result)).toEqual(["ro.example → sho-1.example"]);
		const ladder = readFileSync(join(evidence, "ladder.json"), "utf8");
		expect(ladder).toContain("attach refused: no-roaming-agreement");
		expect(ladder).toContain("the device is back with its old MCIM, with the TRE's receipt");
		await verifies(evidence, "change-1/receipt-reverted.xml", "tre-sign.pem");
		await verifies(evidence, "change-1/receipt-committed.xml", "tre-sign.pem");
	});
});
