import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { prepareAccount } from "../../../hil/network/operator/provisioning/objects.ts";
import { HostileHost } from "../../support/hostile-host.ts";

/** nonceB is drawn once per accepted bootstrap, and an MCIM answers exactly one (G3). */
describe("the old SHO collects SHO[1]'s answer with SHO[1]'s account, then bootstraps with an account of its own", () => {
	const host = new HostileHost();

	beforeAll(() => host.start());
	afterAll(() => host.stop());

	test("the collected MCIM answers no open request any more, whoever signs it", async () => {
		const ro = host.insider("ro.example");
		await host.register("sho-1.example");
		await host.takeBootstrap("change");
		const collected = await host.collect("sho-1.example");
		const encrypt = Buffer.from(ro.device(host.treId).certEncrypt, "base64");
		const root = await ro.root();
		const own = prepareAccount(host.treId, encrypt, ro.rootHash, "ro.example");
		const again = await ro.bootstrap(host.treId, {
			change: {
				provUrl: "https://dpf.ro.example/dm",
				certificate: root.certificate,
				account: own.object,
				fallback: "off",
			},
		});
		await host.tre.call("acceptBootstrap", again);
		await host.tre.call("provisioningRequest", {});
		const before = await host.tre.status();
		await expect(host.install(collected)).rejects.toMatchObject({ code: "signature-invalid" });
		expect(await host.tre.status()).toEqual(before);
		expect(await host.believed()).toMatchObject({ servedBy: "ro.example", change: { state: "requested" } });
	});

	test("bootstrapped for SHO[1] again, the collected MCIM has the nonceB of the first request", async () => {
		const ro = host.insider("ro.example");
		const sho1 = host.insider("sho-1.example");
		const { account, provUrl } = ro.outgoing(host.treId);
		const { certificate } = await sho1.root();
		const collected = Buffer.from(sho1.registration(host.treId).protectedMcim, "base64");
		const { serial } = await host.tre.status();
		const change = {
			provUrl,
			certificate,
			account: Buffer.from(account, "base64"),
			fallback: { seconds: 3600, boots: 3 },
		};
		await host.tre.call("acceptBootstrap", await ro.bootstrap(host.treId, { serial: serial + 1, change }));
		const object = await host.collect("sho-1.example");
		expect(object, "the protected MCIM is the same, its nonceB is new").toContain(collected.toString("base64"));
		await host.install(object);
		await host.session("sho-1.example", [await host.receipt()]);
		await host.commit("sho-1.example");
	});
});
