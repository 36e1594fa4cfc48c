import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { HostileHost } from "../../support/hostile-host.ts";

/** Nor does an AKA run prove anything (documents.md): no operator records success before "committed". */
describe("the host lets AKA run with the new MCIM and never confirms IP connectivity", () => {
	const host = new HostileHost();

	beforeAll(() => host.start());
	afterAll(() => host.stop());

	test("both operators go on believing that the RO serves the device, until the receipt says committed", async () => {
		await host.register("sho-1.example");
		await host.takeBootstrap("change");
		await host.install(await host.collect("sho-1.example"));
		await host.session("sho-1.example", [await host.receipt()]);
		const { imsi } = await host.tre.call("activate", {});
		await host.attach(imsi);
		await host.session("sho-1.example", [await host.receipt()]);
		const change = { to: "sho-1.example", state: "installed" };
		expect(await host.believed()).toMatchObject({ servedBy: "ro.example", change });
		await host.tre.call("confirmConnectivity", {});
		expect(await host.believed()).toMatchObject({ servedBy: "ro.example", change });
		await host.session("sho-1.example", [await host.receipt()]);
		expect(await host.outgoing("ro.example"), "the RO believes the receipt with its own challenge").toBe("sent");
		await host.answerReceipt();
		await host.until("the RO knows it", async () => (await host.outgoing("ro.example")) === "committed");
		expect(await host.believed()).toMatchObject({ servedBy: "sho-1.example", imsi });
	});
});
