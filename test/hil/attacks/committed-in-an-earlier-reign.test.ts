import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { HostileHost } from "../../support/hostile-host.ts";

/** SHO[i] gives a device up for a receipt that carries the challenge it drew for this change, and for no other. */
describe("a new SHO claims success with a genuine receipt of the last time it had the device", () => {
	const host = new HostileHost();
	let old = "";

	beforeAll(() => host.start());
	afterAll(() => host.stop());

	test("from the RO to SHO[1], which keeps the receipt, and on to SHO[2], which has never seen it", async () => {
		await host.register("sho-1.example");
		await host.finish("sho-1.example");
		old = Buffer.from((await host.receipt()).data ?? "", "base64").toString("utf8");
		expect(old).toContain("<State>committed</State>");
		await host.attach();
		await host.register("sho-2.example");
		await host.finish("sho-2.example");
	});

	test("registered at SHO[1] again, the old receipt moves nothing; the new one does", async () => {
		await host.attach();
		await host.register("sho-1.example");
		const sho1 = host.insider("sho-1.example");
		const { changeId } = sho1.registration(host.treId);
		await host.takeBootstrap("change");
		const claim = { id: "too early", treId: host.treId, changeId, receipt: old };
		await expect(sho1.call(host.operator("sho-2.example"), "/peer/committed", claim)).rejects.toMatchObject({
			code: "receipt-replayed",
		});
		expect((await host.believed()).servedBy).toBe("sho-2.example");
		await host.install(await host.collect("sho-1.example"));
		await host.session("sho-1.example", [await host.receipt()]);
		await host.commit("sho-1.example");
	});
});
