import { expect, test } from "vitest";
import type { Geometry } from "../../../firmware/emulator/flash.ts";
import { FlashMemory } from "../../../firmware/emulator/flash-memory.ts";
import { makeRoot } from "../../../hil/network/shared/certificates.ts";
import { flashWith, recordsOf } from "../../support/forged-store.ts";
import { keyedFlash } from "../../support/keyed-flash.ts";
import { DirectTre } from "../../support/machine.ts";
import { authenticate, change, personalise, TestOperator } from "../../support/operators.ts";
import { asClient } from "../../support/whole-life.ts";

const geometry: Geometry = { sectorSize: 8 * 1024, sectorCount: 4 };

class WornFlash extends FlashMemory {
	readonly erased = Array<number>(geometry.sectorCount).fill(0);

	override erase(sector: number): void {
		this.erased[sector]++;
		super.erase(sector);
	}
}

test("wear is counted, and spread evenly over the sectors: changes back and forth, AUTHENTICATEs, boots", async () => {
	const { image, rootKey } = keyedFlash();
	const flash = new WornFlash(geometry);
	flash.octets.set(flashWith(recordsOf(image), geometry).octets);
	let direct = new DirectTre(flash, rootKey);
	const tre = asClient({ call: (name, request) => direct.call(name, request) });
	const operators = [await TestOperator.make("ro.example"), await TestOperator.make("sho-1.example", "ec")];
	const owned = await personalise(tre, await makeRoot("pva.example", "rsa"), operators[0]);
	const before = direct.call("store", {}).eraseCycles;
	for (let n = 0; n < 12; n++) {
		await change(tre, owned, operators[n % 2], operators[(n + 1) % 2]);
		for (let runs = 0; runs < 60; runs++) await authenticate(tre, operators[(n + 1) % 2], owned.imsi);
		direct = new DirectTre(flash, rootKey);
	}
	const counted = direct.call("store", {}).eraseCycles - before;
	expect(counted).toBeGreaterThanOrEqual(12);
	expect(Math.max(...flash.erased) - Math.min(...flash.erased)).toBeLessThanOrEqual(1);
	expect(Math.abs(Math.max(...flash.erased) - counted)).toBeLessThanOrEqual(1);
});
