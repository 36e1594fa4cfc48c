import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { HostileHost } from "../../support/hostile-host.ts";

/** "What an operator may believe" (documents.md): a DM status proves nothing, the host can forge it. */
describe("the host drops the MCIM and reports success", () => {
	const host = new HostileHost();
	let object = "";

	beforeAll(() => host.start());
	afterAll(() => host.stop());

	test("forged statuses, and receipts from before: SHO[1] records nothing but the request", async () => {
		await host.register("sho-1.example");
		await host.takeBootstrap("change");
		const early = await host.receipt();
		object = await host.collect("sho-1.example");
		expect(object).toContain("<M2MMCIM ");
		expect(await host.change()).toBe("requested");
		await host.session("sho-1.example", [early]).catch(() => undefined);
		await host.session("sho-1.example", [await host.receipt()]);
		expect(await host.change()).toBe("requested");
		expect((await host.tre.status()).state).toBe("requested");
	});

	test("a receipt with one word changed is refused, and the genuine one is believed", async () => {
		await host.install(object);
		const installed = await host.receipt();
		const text = Buffer.from(installed.data ?? "", "base64").toString("utf8");
		const data = Buffer.from(text.replace(">installed<", ">committed<")).toString("base64");
		await expect(host.session("sho-1.example", [{ ...installed, data }])).rejects.toThrow(/refuses/);
		expect(await host.change()).toBe("requested");
		await host.session("sho-1.example", [installed]);
		expect(await host.change()).toBe("installed");
	});
});
