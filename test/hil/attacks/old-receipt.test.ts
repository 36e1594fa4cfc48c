import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Item } from "../../../host/wire/syncml/message.ts";
import { HostileHost } from "../../support/hostile-host.ts";

/** MO-ForwardSM says that the service centre refuses it; why, its operator knows. */
const REFUSED = /the short message is refused/;

/** Receipts are worth something with the nonceB of the open registration or a fresh challenge only (documents.md). */
describe("an old receipt is shown again", () => {
	const host = new HostileHost();
	let request: Item;
	let installed: Item;
	let committed: Item;

	beforeAll(() => host.start());
	afterAll(() => host.stop());

	test("after the commit, receipts of the same change move nothing back", async () => {
		await host.register("sho-1.example");
		await host.takeBootstrap("change");
		request = await host.m2mm();
		await host.install(await host.collect("sho-1.example", request));
		installed = await host.receipt();
		await host.session("sho-1.example", [installed]);
		await expect(host.collect("sho-1.example", request), "M2MMobj again brings no second MCIM").rejects.toThrow(
			/refuses/,
		);
		await host.commit("sho-1.example");
		committed = await host.receipt();
		const before = await host.believed();
		for (const old of [installed, committed]) await host.session("sho-1.example", [old]);
		expect(await host.believed()).toEqual(before);
		expect(before).toMatchObject({ servedBy: "sho-1.example" });
	});

	test("in the next change to the same operator, receipts of the first one are refused", async () => {
		await host.attach();
		await host.register("ro.example");
		await host.finish("ro.example");
		await host.attach();
		await host.register("sho-1.example");
		await host.takeBootstrap("change");
		const object = await host.collect("sho-1.example");
		for (const old of [installed, committed])
			await expect(host.session("sho-1.example", [old])).rejects.toThrow(/refuses/);
		expect(await host.believed()).toMatchObject({ servedBy: "ro.example", change: { state: "requested" } });
		await host.install(object);
		await host.session("sho-1.example", [await host.receipt()]);
		await host.commit("sho-1.example");
	});

	test("a receipt that answers no open challenge, or an earlier one, is refused by the DRF", async () => {
		await host.attach();
		await expect(host.submitReceipt(Buffer.from(committed.data ?? "", "base64"))).rejects.toThrow(REFUSED);
		await host.register("sho-2.example");
		await host.takeBootstrap("change");
		await host.hil("withdraw", host.treId, "sho-2.example");
		const challenge = await host.askedForReceipt();
		const early = await host.tre.call("receipt", { challenge });
		await host.submitReceipt(early.document);
		await expect(host.submitReceipt(early.document), "a challenge is answered once").rejects.toThrow(REFUSED);
		expect(await host.outgoing("sho-1.example")).toBe("withdrawing");
		await host.takeBootstrap("withdraw");
	});
});
