import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { HostileHost } from "../../support/hostile-host.ts";

/** A receipt of one nonceB says nothing of another: SHO[i+1] asks with a challenge before it tries again. */
describe("the DPF answered two requests of one registration, and the device comes back from its trial", () => {
	const host = new HostileHost();
	let first = "";

	beforeAll(() => host.start());
	afterAll(() => host.stop());

	test("two bootstraps with the same account; the MCIM of the second goes on trial and back", async () => {
		await host.register("sho-1.example");
		await host.takeBootstrap("change");
		await host.collect("sho-1.example");
		const ro = host.insider("ro.example");
		const { certificate, account, provUrl } = ro.outgoing(host.treId);
		const change = {
			...{ provUrl, certificate: Buffer.from(certificate, "base64"), account: Buffer.from(account, "base64") },
			fallback: { seconds: 3600, boots: 3 },
		};
		await host.tre.call("acceptBootstrap", await ro.bootstrap(host.treId, { name: "sho-1.example", change }));
		await host.install(await host.collect("sho-1.example"));
		await host.session("sho-1.example", [await host.receipt()]);
		first = (await host.believed()).change?.imsi ?? "";
		await host.tre.call("activate", {});
		for (let boots = 0; boots < 3; boots++) await host.powerCut();
		expect((await host.tre.status()).state).toBe("idle");
	});

	test("the RO learns it from the receipt; SHO[1] believes a fresh one only, and prepares anew", async () => {
		await host.attach();
		await host.answerReceipt();
		await host.until("SHO[1] asks", async () => (await host.change()) === "withdrawing");
		await host.answerReceipt();
		await host.until("the second attempt", async () => (await host.believed()).change?.tries === 2);
		expect((await host.believed()).change?.imsi).not.toBe(first);
		await host.finish("sho-1.example");
	});
});
