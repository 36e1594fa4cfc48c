import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { HostileHost } from "../../support/hostile-host.ts";
import type { BootstrapRequest } from "../../support/operators.ts";

/** A withdrawal, too, counts only when a receipt says so: until then the change may still happen (documents.md). */
describe("the host acknowledges a withdrawal and delivers the change later", () => {
	const host = new HostileHost();
	let withheld: BootstrapRequest;

	beforeAll(() => host.start());
	afterAll(() => host.stop());

	const bothSay = async (state: string): Promise<void> => {
		expect(await host.outgoing("ro.example")).toBe(state);
		expect(await host.change()).toBe(state);
	};

	test("acknowledged short messages end nothing: both operators say withdrawing", async () => {
		await host.register("sho-1.example");
		withheld = await host.intercept("change");
		await host.hil("withdraw", host.treId, "sho-1.example");
		await host.intercept("withdraw");
		await bothSay("withdrawing");
	});

	test("a receipt from before the change was delivered ends nothing either", async () => {
		await host.answerReceipt();
		await bothSay("withdrawing");
	});

	test("delivered now, the change is taken by the TRE; the DPF hands out nothing", async () => {
		await host.tre.call("acceptBootstrap", withheld);
		await expect(host.collect("sho-1.example")).rejects.toThrow(/refuses/);
		expect((await host.tre.status()).state).toBe("requested");
		await bothSay("withdrawing");
	});

	test("the DRF learns of it, withdraws what the TRE holds, and records the end from the TRE's receipt", async () => {
		await host.answerReceipt();
		await host.takeBootstrap("withdraw");
		await host.answerReceipt();
		await host.until("both know it", async () => (await host.believed()).ended[0]?.state === "withdrawn");
		expect(await host.outgoing("ro.example")).toBe("withdrawn");
		await expect(host.tre.call("acceptBootstrap", withheld)).rejects.toMatchObject({ code: "replayed" });
		expect((await host.tre.status()).state).toBe("idle");
	});

	test("the next attempt succeeds", async () => {
		await host.register("sho-1.example");
		await host.finish("sho-1.example");
	});
});
