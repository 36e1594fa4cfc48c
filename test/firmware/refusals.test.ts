import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { TreClient } from "../../host/tre/client.ts";
import { writeM2mmcim } from "../../host/wire/management/objects.ts";
import { type Delivered, deliver } from "../support/delivered.ts";
import {
	authenticate,
	change,
	changeBootstrap,
	enveloped,
	mcimObject,
	nonceBOf,
	type Personalised,
	sha256,
	TestOperator,
} from "../support/operators.ts";

/** Everything here crosses the terminal device of an emulator process. */
describe("refusals through the serial port, each followed by the good path", () => {
	let delivered: Delivered | undefined;
	let tre: TreClient;
	let ro: TestOperator;
	let sho1: TestOperator;
	let sho2: TestOperator;
	let owned: Personalised;

	beforeAll(async () => {
		delivered = await deliver();
		({ tre, ro, sho1, owned } = delivered);
		sho2 = await TestOperator.make("sho-2.example", "ec");
	});

	afterAll(() => delivered?.dispose());

	const refused = async (run: () => Promise<unknown>, code: string) => {
		const before = await tre.status();
		await expect(run()).rejects.toMatchObject({ code });
		expect(await tre.status()).toEqual(before);
	};

	test("B.2.2.1: factory commands are closed after lock", async () => {
		await refused(() => tre.call("makeKeys", {}), "wrong-state");
		await refused(() => tre.call("lock", {}), "wrong-state");
		await refused(() => tre.call("installCredential", { object: ro.mcim(owned).object }), "wrong-state");
		await authenticate(tre, ro, owned.imsi);
	});

	test("B.2.3.3: a bootstrap of the wrong signer", async () => {
		await refused(() => tre.call("acceptBootstrap", changeBootstrap(owned, sho1, sho1)), "signature-invalid");
		await authenticate(tre, ro, owned.imsi);
	});

	test("B.2.3.3: a bootstrap for another TRE, of another reign, or not of the profile", async () => {
		const other = { treId: "0".repeat(32) };
		await refused(() => tre.call("acceptBootstrap", changeBootstrap(owned, sho1, ro, other)), "wrong-tre");
		await refused(
			() => tre.call("acceptBootstrap", changeBootstrap(owned, sho1, ro, { reign: "ab".repeat(32) })),
			"replayed",
		);
		await refused(
			() => tre.call("acceptBootstrap", changeBootstrap(owned, sho1, ro, { naps: [] })),
			"document-malformed",
		);
	});

	test("B.2.3.3: a root that the DM account does not name", async () => {
		const account = sho2.account(owned).object;
		const swapped = {
			change: {
				provUrl: "https://dpf.sho-1.example/dm",
				certificate: sho1.root.certificate,
				account,
				fallback: "off" as const,
			},
		};
		await refused(() => tre.call("acceptBootstrap", changeBootstrap(owned, sho1, ro, swapped)), "root-mismatch");
	});

	test("B.2.3.3 and B.2.3.4: replayed bootstrap and replayed MCIM object, then the whole change", async () => {
		const bootstrap = changeBootstrap(owned, sho1, ro);
		expect(await tre.call("acceptBootstrap", bootstrap)).toMatchObject({ kind: "change", repeated: false });
		expect(await tre.call("acceptBootstrap", bootstrap)).toMatchObject({ kind: "change", repeated: true });
		const superseding = changeBootstrap(owned, sho1, ro);
		await tre.call("acceptBootstrap", superseding);
		await refused(() => tre.call("acceptBootstrap", bootstrap), "replayed");

		const object = await mcimObject(tre, owned, sho1);
		const strange = enveloped(writeM2mmcim(Buffer.alloc(16, 7), sho1.mcim(owned).object, sho1.root.key));
		await refused(() => tre.call("acceptMcim", strange), "nonce-mismatch");
		const unsigned = await mcimObject(tre, owned, sho1, ro);
		await refused(() => tre.call("acceptMcim", unsigned), "signature-invalid");
		const foreign = enveloped(writeM2mmcim(await nonceBOf(tre, owned), sho2.mcim(owned).object, sho1.root.key));
		await refused(() => tre.call("acceptMcim", foreign), "root-mismatch");
		await tre.call("acceptMcim", object);
		await refused(() => tre.call("acceptMcim", object), "wrong-state");

		await tre.call("activate", {});
		await refused(() => tre.call("confirmConnectivity", {}), "not-authenticated");
		await authenticate(tre, sho1, object.mcim.imsi);
		const nonceB = (await tre.status()).nonceB;
		await tre.call("confirmConnectivity", {});
		expect(await tre.status()).toMatchObject({ state: "idle", activeImsi: object.mcim.imsi, serial: 0 });
		Object.assign(owned, { imsi: object.mcim.imsi, reign: sha256(nonceB).toString("hex"), serial: 0 });

		await refused(() => tre.call("acceptBootstrap", superseding), "signature-invalid");
		await refused(() => tre.call("acceptMcim", object), "wrong-state");
	});

	test("a former SHO has no rights; the next change succeeds, under an elliptic curve root", async () => {
		await refused(() => tre.call("acceptBootstrap", changeBootstrap({ ...owned }, sho2, ro)), "signature-invalid");
		await change(tre, owned, sho1, sho2);
		await authenticate(tre, sho2, owned.imsi);
		await change(tre, owned, sho2, ro);
		await authenticate(tre, ro, owned.imsi);
	});

	test("G7: an MCIM with a K that this TRE has held before", async () => {
		await tre.call("acceptBootstrap", changeBootstrap(owned, sho1, ro));
		const nonceB = await nonceBOf(tre, owned);
		const mcim = sho1.mcim(owned);
		await tre.call("acceptMcim", enveloped(writeM2mmcim(nonceB, mcim.object, sho1.root.key)));
		const withdraw = { kind: "withdraw" as const, naps: [], change: undefined };
		await tre.call("acceptBootstrap", changeBootstrap(owned, sho1, ro, withdraw));
		expect((await tre.status()).state).toBe("idle");
		await tre.call("acceptBootstrap", changeBootstrap(owned, sho1, ro));
		const again = enveloped(writeM2mmcim(await nonceBOf(tre, owned), mcim.object, sho1.root.key));
		await refused(() => tre.call("acceptMcim", again), "key-reused");
		await tre.call("acceptMcim", await mcimObject(tre, owned, sho1));
	});
});
