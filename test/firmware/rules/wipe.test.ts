import { type KeyObject, sign } from "node:crypto";
import { describe, expect, test } from "vitest";
import { readFlash } from "../../support/flash-image.ts";
import { personalise } from "../../support/operators.ts";
import { ruleBench } from "../../support/rule-bench.ts";

const SECRETS = [3, 4, 17, 18, 21, 22, 48, 49, 50];

/** G8: a wipe needs the PVA's signature over TRE_id and a nonce of the TRE, and destroys keys first (documents.md, "wipe"). */
describe("documents.md, wipe", () => {
	const bench = ruleBench();

	const signed = (nonce: Uint8Array, key: KeyObject = bench.pva.key, treId = bench.owned.treId, head = "TRE-WIPE-1") =>
		sign("sha256", Buffer.concat([Buffer.from(head), Buffer.from(treId), nonce]), key);
	const challenge = async () => (await bench.tre.call("wipeChallenge", {})).nonce;
	const wipe = (signature: Uint8Array, algorithm = 1) => bench.tre.call("wipe", { algorithm, signature });

	test("without a challenge, and with one that a restart or another one has voided", async () => {
		await bench.refused(() => wipe(Buffer.alloc(256)), "wipe-not-asked");
		const first = await challenge();
		const second = await challenge();
		await bench.refused(() => wipe(signed(first)), "signature-invalid");
		await bench.refused(() => wipe(signed(second)), "wipe-not-asked");
		const third = await challenge();
		await bench.restart();
		await bench.refused(() => wipe(signed(third)), "wipe-not-asked");
		await bench.goodPath();
	});

	test("signed by the RO or by the next SHO, for another TRE, over something else, with another algorithm", async () => {
		const { ro, sho1, pva } = bench;
		for (const key of [ro.root.key, sho1.root.key])
			await bench.refused(async () => wipe(signed(await challenge(), key)), "signature-invalid");
		await bench.refused(async () => wipe(signed(await challenge(), pva.key, "0".repeat(32))), "signature-invalid");
		await bench.refused(
			async () => wipe(signed(await challenge(), pva.key, bench.owned.treId, "TRE-WIPE-2")),
			"signature-invalid",
		);
		await bench.refused(async () => wipe(signed(await challenge()), 3), "signature-algorithm");
		await bench.refused(async () => wipe(signed(await challenge()), 2), "signature-invalid");
		await bench.goodPath();
	});

	test("with the PVA's signature: blank, no key left in the flash, and a new life has another TRE_id", async () => {
		await bench.bringTo("installed");
		const secrets = readFlash(bench.flash()).filter(({ key, octets }) => SECRETS.includes(key) && octets.length > 0);
		expect(secrets.map(({ key }) => key)).toEqual(expect.arrayContaining([3, 4, 21, 22, 48, 49]));
		await wipe(signed(await challenge()));
		expect(await bench.tre.status()).toMatchObject({ state: "blank", activeImsi: "", serial: 0 });
		const flash = bench.flash();
		for (const { key, octets } of secrets) expect(flash.includes(octets), `record ${key}`).toBe(false);
		await bench.restart();
		expect((await bench.tre.status()).state).toBe("blank");
		const before = bench.owned.treId;
		const again = await personalise(bench.tre, bench.pva, bench.ro);
		expect(again.treId).not.toBe(before);
		expect(await bench.tre.status()).toMatchObject({ state: "idle", activeImsi: again.imsi });
	});
});
