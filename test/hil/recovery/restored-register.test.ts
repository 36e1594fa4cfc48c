import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { HostileHost } from "../../support/hostile-host.ts";

/** An operator in doubt about REIGN or SERIAL asks for a receipt with a challenge (documents.md). */
describe("an operator's register comes back from a backup, with SERIALs that the TRE has seen already", () => {
	const host = new HostileHost();
	const backup = () => join(host.lab, "backup");
	const register = () => join(host.lab, "operator-ro.example");

	beforeAll(async () => {
		await host.start();
		await host.hil("down");
		cpSync(register(), backup(), { recursive: true });
		await host.hil("up");
		await host.attach();
	});
	afterAll(() => host.stop());

	test("what it signs is refused as replayed; the TRE's receipt tells the SERIAL, and it signs again", async () => {
		await host.register("sho-1.example");
		await host.takeBootstrap("change");
		await host.hil("withdraw", host.treId, "sho-1.example");
		await host.takeBootstrap("withdraw");
		await host.answerReceipt();
		await host.until("withdrawn", async () => (await host.believed()).ended[0]?.state === "withdrawn");
		const { serial } = await host.tre.status();
		await host.hil("down");
		rmSync(register(), { recursive: true });
		cpSync(backup(), register(), { recursive: true });
		await host.hil("up");
		await host.attach();
		await host.register("sho-1.example");
		await expect(host.takeBootstrap("change")).rejects.toMatchObject({ code: "replayed" });
		await host.attach();
		await host.answerReceipt();
		const { document } = await host.takeBootstrap("change");
		expect(document.toString("utf8")).toContain(`<parm name="SERIAL" value="${serial + 1}">`);
		await host.install(await host.collect("sho-1.example"));
		await host.session("sho-1.example", [await host.receipt()]);
		await host.commit("sho-1.example");
	});
});
