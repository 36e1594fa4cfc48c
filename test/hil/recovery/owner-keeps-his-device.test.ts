import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { postJson } from "../../../hil/network/shared/http.ts";
import { HostileHost } from "../../support/hostile-host.ts";

/** The new SHO never answers, or cannot be trusted any more: the owner turns to the operator that serves his device. */
describe("the owner withdraws at his current SHO, and changes his release code there", () => {
	const host = new HostileHost();

	beforeAll(() => host.start());
	afterAll(() => host.stop());

	test("nobody withdraws or keeps a device by its TRE_id alone", async () => {
		await host.register("sho-1.example");
		await host.takeBootstrap("change");
		const wrong = { treId: host.treId, releaseCode: "AAAA-BBBB-CCCC-DDDD", nextRelease: "0".repeat(64) };
		await expect(
			postJson(`${host.operator("sho-1.example").portal}/subscriptions/withdraw`, wrong),
		).rejects.toMatchObject({ code: "release-code" });
		await expect(postJson(`${host.operator("ro.example").portal}/devices/keep`, wrong)).rejects.toMatchObject({
			code: "release-code",
		});
		expect(await host.change()).toBe("registered");
	});

	test("he does; the TRE's receipt ends the change at both operators", async () => {
		const before = host.note().codes["ro.example"];
		await host.collect("sho-1.example");
		await host.hil("withdraw", host.treId, "ro.example");
		expect(host.note().codes["ro.example"]).not.toBe(before);
		await host.takeBootstrap("withdraw");
		await host.answerReceipt();
		await host.until("both know it", async () => (await host.believed()).ended[0]?.state === "withdrawn");
		expect(await host.outgoing("ro.example")).toBe("withdrawn");
	});

	test("the code that SHO[1] has seen is worth nothing any more; his new one is", async () => {
		const seen = host.insider("sho-1.example");
		expect(seen.registration(host.treId).shownCode, "kept no longer than it serves").toBeUndefined();
		await host.register("sho-2.example");
		await host.finish("sho-2.example");
	});
});
