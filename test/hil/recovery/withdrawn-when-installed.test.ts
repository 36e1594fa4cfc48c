import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { nodes } from "../../../host/wire/syncml/message.ts";
import { HostileHost } from "../../support/hostile-host.ts";

/** KIND withdraw counts in `installed`, too (documents.md); in a trial the change ends by itself. */
describe("the subscriber withdraws when the MCIM is in the TRE already", () => {
	const host = new HostileHost();
	let withdrawn = "";

	beforeAll(() => host.start());
	afterAll(() => host.stop());

	/** Nodes that the DPF writes in answer to the TRE's receipt. */
	const written = async (): Promise<string[]> => {
		const targets: string[] = [];
		await host.session("sho-1.example", [await host.receipt()], async (command) => {
			targets.push(...command.items.map(({ target }) => target ?? ""));
			return { code: 200 };
		});
		return targets;
	};

	test("installed: the DPF helps the change along no more, and the TRE drops the MCIM", async () => {
		await host.register("sho-1.example");
		await host.takeBootstrap("change");
		await host.install(await host.collect("sho-1.example"));
		expect((await written()).every((target) => target.startsWith(nodes.nap))).toBe(true);
		withdrawn = (await host.tre.status()).pendingImsi;
		await host.hil("withdraw", host.treId, "sho-1.example");
		expect(await written()).toEqual([]);
		expect(await host.change()).toBe("withdrawing");
		await host.takeBootstrap("withdraw");
		await host.answerReceipt();
		await host.until("withdrawn", async () => (await host.believed()).ended[0]?.state === "withdrawn");
		expect(await host.tre.status()).toMatchObject({ state: "idle", pendingImsi: "" });
	});

	test("on trial: it is too late, the change happens, and both operators say so", async () => {
		await host.register("sho-1.example");
		await host.takeBootstrap("change");
		await host.install(await host.collect("sho-1.example"));
		await host.session("sho-1.example", [await host.receipt()]);
		const { imsi } = await host.tre.call("activate", {});
		expect(imsi).not.toBe(withdrawn);
		await host.hil("withdraw", host.treId, "sho-1.example");
		await host.attach(imsi);
		await host.tre.call("confirmConnectivity", {});
		expect((await host.believed()).servedBy).toBe("ro.example");
		await host.session("sho-1.example", [await host.receipt()]);
		await host.answerReceipt();
		await host.until("both know it", async () => (await host.outgoing("ro.example")) === "committed");
		expect(await host.believed()).toMatchObject({ servedBy: "sho-1.example", imsi });
	});
});
