import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Item } from "../../../host/wire/syncml/message.ts";
import { HostileHost, mcimIn } from "../../support/hostile-host.ts";

/**
 * "What an operator may believe" (documents.md): a DM status proves nothing, nor does an AKA run, nor
 * an old receipt. The operators are real processes; the host forges whatever it can.
 */
describe("a host that reports success it did not bring about", () => {
	const host = new HostileHost();
	let object = "";
	let request: Item;
	let installed: Item;
	const obey = async () => ({ code: 200 });

	beforeAll(() => host.start());
	afterAll(() => host.stop());

	const change = async () => (await host.believed()).change?.state;

	test("forged DM statuses, the MCIM dropped: SHO[1] records nothing but the request", async () => {
		await host.hil("register", host.treId, "sho-1.example");
		await host.takeBootstrap("change");
		expect(await change()).toBe("registered");
		const early = await host.receipt();
		request = await host.m2mm();
		await host.session("sho-1.example", [request], async (command) => {
			object = mcimIn(command) ?? object;
			return { code: 200 };
		});
		expect(object).toContain("<M2MMCIM ");
		expect(await change()).toBe("requested");
		await host.session("sho-1.example", [early], obey).catch(() => undefined);
		await host.session("sho-1.example", [await host.receipt()], obey);
		expect(await change()).toBe("requested");
		expect((await host.tre.status()).state).toBe("requested");
	});

	test("a receipt with one character changed is refused, and the genuine one is believed", async () => {
		await host.install(object);
		installed = await host.receipt();
		const octets = Buffer.from(installed.data ?? "", "base64");
		const forged = Buffer.from(octets.toString("utf8").replace(">installed<", ">committed<")).toString("base64");
		await expect(host.session("sho-1.example", [{ ...installed, data: forged }], obey)).rejects.toThrow(/refuses/);
		expect(await change()).toBe("requested");
		await host.session("sho-1.example", [installed], obey);
		expect(await change()).toBe("installed");
	});

	test("M2MMobj shown again after the installation brings no second MCIM", async () => {
		await expect(host.session("sho-1.example", [request], obey)).rejects.toThrow(/refuses/);
		expect(await change()).toBe("installed");
	});

	test("AKA with the new MCIM, IP never confirmed: nobody records success", async () => {
		const { imsi } = await host.tre.call("activate", {});
		await host.attach(imsi);
		await host.session("sho-1.example", [await host.receipt()], obey);
		expect(await host.believed()).toMatchObject({
			servedBy: "ro.example",
			change: { to: "sho-1.example", state: "installed" },
		});
	});

	test("only the receipt that says committed moves the device; old ones shown again change nothing", async () => {
		await host.tre.call("confirmConnectivity", {});
		expect((await host.believed()).servedBy).toBe("ro.example");
		const committed = await host.receipt();
		await host.session("sho-1.example", [committed], obey);
		for (let n = 0; n < 100 && (await host.believed()).servedBy !== "sho-1.example"; n++);
		const moved = { servedBy: "sho-1.example", imsi: (await host.tre.status()).activeImsi };
		expect(await host.believed()).toMatchObject(moved);
		for (const old of [installed, committed]) await host.session("sho-1.example", [old], obey);
		const after = await host.believed();
		expect(after).toMatchObject(moved);
		expect(after.change).toBeUndefined();
	});
});
