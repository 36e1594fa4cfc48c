import { crc32 } from "node:zlib";
import { expect, test } from "vitest";
import { lifeStateOf } from "../../../firmware/contract/states.ts";
import { defaultGeometry } from "../../../firmware/emulator/flash.ts";
import { makeRoot } from "../../../hil/network/shared/certificates.ts";
import type { TreError } from "../../../host/tre/errors.ts";
import { keyedFlash } from "../../support/keyed-flash.ts";
import { DirectTre } from "../../support/machine.ts";
import { changeBootstrap, personalise, TestOperator } from "../../support/operators.ts";
import { plantedFirmware } from "../../support/planted.ts";
import { asClient } from "../../support/whole-life.ts";
import { apply, RecordingFlash } from "./flash.ts";

/** A commit record as the store writes it, with a number that is to come. */
function commitRecord(transaction: number): Buffer {
	const record = Buffer.alloc(12);
	record.writeUInt16LE(0xfffe, 0);
	record.writeUInt32LE(transaction, 4);
	record.writeUInt32LE(crc32(record.subarray(0, 8)), 8);
	return record;
}

/** What the firmware says of each image that a cut in front of the real commit record leaves. */
async function afterTheCut(firmware?: WebAssembly.Module): Promise<readonly string[]> {
	const said: string[] = [];
	const { image: start, rootKey } = keyedFlash();
	const flash = new RecordingFlash(defaultGeometry, start);
	const tre = new DirectTre(flash, rootKey);
	const client = asClient(tre);
	const [ro, sho1] = [await TestOperator.make("ro.example"), await TestOperator.make("sho-1.example", "ec")];
	const owned = await personalise(client, await makeRoot("pva.example", "rsa"), ro);
	tre.call("acceptBootstrap", changeBootstrap(owned, sho1, ro));
	// Wherever the nonce lands in its record, one of these four stands on a unit.
	for (let shift = 0; shift < 4; shift++) {
		const { transaction } = tre.call("status", {});
		const nonce = Buffer.concat([Buffer.alloc(shift), commitRecord(transaction + 1), Buffer.alloc(8)]);
		const image = flash.octets.slice();
		const from = flash.operations.length;
		tre.call("dmCredential", { nonce });
		const operations = flash.operations.slice(from);
		// Everything but the real commit record, which has three units.
		for (const operation of operations.slice(0, -3)) apply(image, operation, defaultGeometry.sectorSize);
		const again = new DirectTre(new RecordingFlash(defaultGeometry, image), rootKey, firmware);
		try {
			said.push(lifeStateOf(again.call("status", {}).state) ?? "");
		} catch (error) {
			said.push((error as TreError).code);
		}
	}
	return said;
}

test("G4: a host that writes a commit record into a nonce and cuts the power does not make the store a damaged one", async () => {
	expect(await afterTheCut()).toEqual(Array(4).fill("bootstrapped"));
});

test("a planted fault is found: a search for later commits that begins in the torn record", async () => {
	const faulty = plantedFirmware("store/log.ts", "committedBeyond(beyond)", "committedBeyond(end)");
	expect(await afterTheCut(faulty)).toContain("store-damaged");
});
