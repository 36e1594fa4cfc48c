import { randomBytes, X509Certificate } from "node:crypto";
import { describe, expect, test } from "vitest";
import { defaultGeometry } from "../../../firmware/emulator/flash.ts";
import { FlashMemory } from "../../../firmware/emulator/flash-memory.ts";
import { makeRoot } from "../../../hil/network/shared/certificates.ts";
import { readReceipt } from "../../../host/wire/management/objects.ts";
import { flashWith, recordsOf } from "../../support/forged-store.ts";
import { DirectTre } from "../../support/machine.ts";
import { change, changeBootstrap, mcimObject, nonceBOf, personalise, TestOperator } from "../../support/operators.ts";
import { vectorOf } from "../../support/vectors.ts";
import { asClient } from "../../support/whole-life.ts";
import { factsOf, flashOf, type KeptImage, keepImage, keptImages } from "./kept-image.ts";

/*
 * Stores of every format that a firmware ever wrote, from now on. A new format gets images of its own with
 * KEEP_STORE_IMAGES=1; those that are here stay as they are.
 */

const hexBytes = (text: string): Buffer => Buffer.from(text, "hex");

describe("a store that an older firmware wrote loads", () => {
	test("there are images, of devices before, in and after a change", () => {
		const names = keptImages().map(([name]) => name);
		for (const what of ["idle", "requested", "trial", "suite-3"]) expect(names).toContain(`format-1/${what}.json`);
	});

	test.each(keptImages())("%s", (_name, image) => {
		const rootKey = hexBytes(image.rootKey);
		const tre = new DirectTre(flashOf(image), rootKey);
		const { status, ...rest } = factsOf(tre);
		const { bootCounter, transaction, ...told } = image.facts.status as Record<string, number>;
		expect(status).toMatchObject({ ...told, bootCounter: bootCounter + 1 });
		expect(status.transaction).toBeGreaterThan(transaction);
		expect(rest).toEqual({ mcims: image.facts.mcims, log: image.facts.log });

		const spent = tre.call("authenticate", vectorOf(image.credential).request);
		expect(spent.outcome).toBe(1);
		const { request, xres } = vectorOf({ ...image.credential, seq: image.credential.seq + 1 });
		expect(Buffer.from(tre.call("authenticate", request).res)).toEqual(xres);
		const { document } = tre.call("receipt", { challenge: Buffer.from("old") });
		const certSign = new X509Certificate(Buffer.from(image.certSign, "base64"));
		const receipt = readReceipt(Buffer.from(document).toString("utf8"), certSign.publicKey);
		expect(receipt).toMatchObject({ treId: certSign.subject.replace("CN=", ""), serial: status.serial });
	});
});

describe("a store that this firmware cannot read", () => {
	const image = keptImages()[0]?.[1] as KeptImage;
	const booted = (edit: (octets: Buffer) => void): DirectTre => {
		const flash = flashOf(image);
		edit(Buffer.from(flash.octets.buffer));
		return new DirectTre(flash, hexBytes(image.rootKey));
	};

	test("of a newer format: refused by name, and left alone", () => {
		const tre = booted((octets) => octets.writeUInt32LE(2, 12));
		const before = tre.flash.octets.slice();
		for (const run of [() => tre.call("status", {}), () => tre.call("makeKeys", {}), () => tre.call("lock", {})])
			expect(run).toThrow(/store-newer/);
		expect(Buffer.from(tre.flash.octets).equals(before)).toBe(true);
		expect(tre.call("info", {}).type).toBe("wasm");
	});

	test("with a state record that is shorter than it ever was: damaged, never a blank device", () => {
		const records = recordsOf(flashOf(image).octets);
		records.set(1, records.get(1)?.subarray(0, 40) ?? Buffer.alloc(0));
		const tre = new DirectTre(flashWith(records, defaultGeometry), hexBytes(image.rootKey));
		expect(() => tre.call("makeKeys", {})).toThrow(/store-damaged/);
	});

	test("a record that has grown at its end is read as far as it is known", () => {
		const records = recordsOf(flashOf(image).octets);
		records.set(1, Buffer.concat([records.get(1) ?? Buffer.alloc(0), Buffer.alloc(12, 1)]));
		const tre = new DirectTre(flashWith(records, defaultGeometry), hexBytes(image.rootKey));
		expect(factsOf(tre).mcims).toEqual(image.facts.mcims);
	});
});

async function keepImages(): Promise<void> {
	for (const encryption of [1, 2]) {
		const flash = new FlashMemory();
		const rootKey = randomBytes(32);
		const direct = new DirectTre(flash, rootKey);
		const tre = asClient(direct);
		direct.call("makeKeyPairs", { encryption });
		const [ro, sho1] = [await TestOperator.make("ro.example"), await TestOperator.make("sho-1.example", "ec")];
		const owned = await personalise(tre, await makeRoot("pva.example", "rsa"), ro);
		await change(tre, owned, ro, sho1);
		direct.call("bindParameters", { role: 1, reference: randomBytes(32) });
		const keep = (name: string, imsi: string, operator: TestOperator): void => {
			const { k, opc, seq } = operator.subscriber(imsi);
			const facts = factsOf(direct);
			const certSign = owned.certSign.toString("base64");
			keepImage(name, flash.octets, { rootKey: rootKey.toString("hex"), facts, credential: { k, opc, seq }, certSign });
		};
		keep(encryption === 2 ? "suite-3" : "idle", owned.imsi, sho1);
		if (encryption === 2) continue;
		direct.call("acceptBootstrap", changeBootstrap(owned, ro, sho1));
		await nonceBOf(tre, owned);
		keep("requested", owned.imsi, sho1);
		const object = await mcimObject(tre, owned, ro);
		direct.call("acceptMcim", object);
		direct.call("activate", {});
		direct.call(
			"authenticate",
			(({ rand, autn }) => ({ rand: hexBytes(rand), autn: hexBytes(autn) }))(ro.vector(object.mcim.imsi)),
		);
		keep("trial", object.mcim.imsi, ro);
	}
}

if (process.env.KEEP_STORE_IMAGES === "1") test("keeps images of the present format", keepImages);
