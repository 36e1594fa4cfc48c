import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, inject, test } from "vitest";
import { defaultGeometry } from "../../../firmware/emulator/flash.ts";
import { makeRoot } from "../../../hil/network/shared/certificates.ts";
import type { TreError } from "../../../host/tre/errors.ts";
import { DirectTre } from "../../support/machine.ts";
import { authenticate, changeBootstrap, personalise, TestOperator } from "../../support/operators.ts";
import { asClient } from "../../support/whole-life.ts";
import { FadingFlash } from "../hostile/fading-flash.ts";

test("a flash that takes what it is given and does not hold it: the error has its name, nothing is answered as done", async () => {
	const folder = inject("keyedDevice");
	const rootKey = readFileSync(join(folder, "root.key"));
	const flash = new FadingFlash(defaultGeometry);
	flash.octets.set(readFileSync(join(folder, "flash.bin")));
	const tre = new DirectTre(flash, rootKey);
	const client = asClient(tre);
	const [ro, sho1] = [await TestOperator.make("ro.example"), await TestOperator.make("sho-1.example", "ec")];
	const owned = await personalise(client, await makeRoot("pva.example", "rsa"), ro);
	const refusedByName = (run: () => unknown): void => {
		const before = tre.call("status", {});
		let code = "done";
		try {
			run();
		} catch (error) {
			({ code } = error as TreError);
		}
		expect(code).toBe("flash-failed");
		expect(tre.call("status", {})).toEqual(before);
	};
	for (const holds of [0, 1, 3, 7, 20, 60, 150]) {
		const request = changeBootstrap({ ...owned }, sho1, ro);
		flash.failAfter(holds);
		// The second one begins with a change of banks.
		refusedByName(() => tre.call("acceptBootstrap", request));
		refusedByName(() => tre.call("acceptBootstrap", request));
		flash.powerUp();
		await authenticate(client, ro, owned.imsi);
	}
	expect(tre.call("acceptBootstrap", changeBootstrap(owned, sho1, ro)).repeated).toBe(false);
	expect(new DirectTre(flash, rootKey).call("status", {}).state).toBe(4);
});
