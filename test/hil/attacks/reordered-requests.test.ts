import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Item } from "../../../host/wire/syncml/message.ts";
import { HostileHost } from "../../support/hostile-host.ts";

/** Each attempt uses a new DM account with a new nonceA, a new mcimId, a new K (documents.md). */
describe("requests arrive at the DPF in another order than they were made", () => {
	const host = new HostileHost();
	let first: Item;

	beforeAll(() => host.start());
	afterAll(() => host.stop());

	test("the first attempt's M2MMobj, held back, is refused in the second attempt, before and after that one's", async () => {
		await host.register("sho-1.example");
		await host.takeBootstrap("change");
		first = await host.m2mm();
		await host.hil("withdraw", host.treId, "sho-1.example");
		await host.takeBootstrap("withdraw");
		await host.answerReceipt();
		await host.until("withdrawn", async () => (await host.believed()).ended[0]?.state === "withdrawn");
		await host.register("sho-1.example");
		await host.takeBootstrap("change");
		await expect(host.collect("sho-1.example", first)).rejects.toThrow(/refuses/);
		expect(await host.change()).toBe("registered");
		const object = await host.collect("sho-1.example");
		await expect(host.collect("sho-1.example", first)).rejects.toThrow(/refuses/);
		await host.install(object);
	});

	test("receipts out of order: committed before installed, installed after committed", async () => {
		const installed = await host.receipt();
		await host.commit("sho-1.example");
		const before = await host.believed();
		await host.session("sho-1.example", [installed]);
		expect(await host.believed()).toEqual(before);
	});

	test("letters between operators out of order: a late registration changes nothing", async () => {
		await host.attach();
		const sho2 = host.insider("sho-2.example");
		await host.register("sho-2.example");
		await host.takeBootstrap("change");
		const open = host.insider("sho-1.example");
		const { changeId, attempt, provUrl, certificate, account } = open.outgoing(host.treId);
		const { shownCode } = sho2.registration(host.treId);
		const late = { treId: host.treId, attempt, provUrl, certificate, account, releaseCode: shownCode };
		const sho1 = host.operator("sho-1.example");
		await expect(
			sho2.call(sho1, "/peer/register", { ...late, id: "late", changeId: "an earlier one" }),
		).rejects.toMatchObject({ code: "register-stale" });
		await expect(
			sho2.call(sho1, "/peer/withdraw", {
				id: "late withdrawal",
				treId: host.treId,
				changeId: "an earlier one",
				challenge: Buffer.alloc(16).toString("base64"),
			}),
		).rejects.toMatchObject({ code: "no-open-change" });
		expect(open.outgoing(host.treId)).toMatchObject({ changeId, state: "sent" });
	});
});
