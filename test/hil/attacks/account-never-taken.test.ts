import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { HostileHost } from "../../support/hostile-host.ts";

/** A contracted SHO with the owner's release code, and an account that no TRE opens: the device must not stay blocked. */
describe("a dishonest SHO registers with a protected account that the TRE never takes", () => {
	const host = new HostileHost();

	beforeAll(() => host.start());
	afterAll(() => host.stop());

	test("after some receipts in a row that show it untaken, the RO spends its SERIAL and ends the change", async () => {
		const sho2 = host.insider("sho-2.example");
		await sho2.call(host.operator("ro.example"), "/peer/register", {
			...{ id: "garbage", treId: host.treId, changeId: "garbage", attempt: 1 },
			provUrl: "https://dpf.sho-2.example/dm",
			certificate: (await sho2.root()).certificate.toString("base64"),
			account: Buffer.alloc(465, 2).toString("base64"),
			releaseCode: host.note().codes["ro.example"],
		});
		await expect(host.takeBootstrap("change")).rejects.toMatchObject({ code: "envelope-invalid" });
		for (let n = 0; n < 5; n++) {
			expect(await host.outgoing("ro.example")).toBe("sent");
			await host.attach();
			await host.answerReceipt();
			// Offered once more each time, until it is enough.
			if (n < 4) await expect(host.takeBootstrap("change")).rejects.toMatchObject({ code: "envelope-invalid" });
		}
		await expect(host.takeBootstrap("withdraw")).rejects.toMatchObject({ code: "wrong-state" });
		await host.answerReceipt();
		await host.takeBootstrap("initial");
		await host.answerReceipt();
		await host.until("the change has ended", async () => (await host.outgoing("ro.example")) === "withdrawn");
	});

	test("the owner's own registration goes through", async () => {
		await host.register("sho-1.example");
		await host.finish("sho-1.example");
	});
});
