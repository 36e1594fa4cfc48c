import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { HostileHost } from "../../support/hostile-host.ts";
import type { BootstrapRequest } from "../../support/operators.ts";

/** REIGN and SERIAL (DESIGN section 6): a bootstrap is worth something in the reign it was signed for, once. */
describe("an operator comes back for a second reign, and somebody replays what it signed in its first", () => {
	const host = new HostileHost();
	const kept: Record<string, BootstrapRequest> = {};

	beforeAll(() => host.start());
	afterAll(() => host.stop());

	const refused = async (request: BootstrapRequest, code: string): Promise<void> => {
		const before = await host.tre.status();
		await expect(host.tre.call("acceptBootstrap", request)).rejects.toMatchObject({ code });
		expect(await host.tre.status()).toEqual(before);
	};

	test("signed twice: the one that was used and the one that was withheld are dead once the change is done", async () => {
		await host.register("sho-1.example");
		kept.withheld = await host.intercept("change");
		await host.hil("withdraw", host.treId, "sho-1.example");
		// The TRE never saw the change: the DRF spends its SERIAL, and only then the withdrawal counts.
		await host.answerReceipt();
		await host.takeBootstrap("initial");
		await host.answerReceipt();
		await host.until("withdrawn", async () => (await host.believed()).ended[0]?.state === "withdrawn");
		await refused(kept.withheld, "replayed");

		await host.register("sho-1.example");
		kept.used = await host.takeBootstrap("change");
		await host.install(await host.collect("sho-1.example"));
		await host.session("sho-1.example", [await host.receipt()]);
		await host.commit("sho-1.example");
		for (const request of Object.values(kept)) await refused(request, "signature-invalid");
	});

	test("back at the RO, its signatures count again, and both are of another reign", async () => {
		await host.attach();
		await host.register("ro.example");
		await host.finish("ro.example");
		for (const request of Object.values(kept)) await refused(request, "replayed");
	});

	test("the good path goes on: the same operators change the device once more", async () => {
		await host.attach();
		await host.register("sho-1.example");
		await host.finish("sho-1.example");
		for (const request of Object.values(kept)) await refused(request, "signature-invalid");
	});
});
