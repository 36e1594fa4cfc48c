import { describe, expect, test } from "vitest";
import { FlashMemory } from "../../../firmware/emulator/flash-memory.ts";
import { keyedFlash } from "../../support/keyed-flash.ts";
import { DirectTre } from "../../support/machine.ts";
import { plantedFirmware } from "../../support/planted.ts";
import { wholeLife } from "../../support/whole-life.ts";
import { expandKey } from "./key-schedule.ts";
import { WatchedTre } from "./watched.ts";

const rsaDevice = (): [Uint8Array, Uint8Array] => {
	const { image, rootKey } = keyedFlash();
	return [image, rootKey];
};

const blankDevice = (): [Uint8Array, Uint8Array] => [new FlashMemory().octets, new Uint8Array(32).fill(0x72)];

/** With an encryption key on P-256. */
function p256Device(): [Uint8Array, Uint8Array] {
	const rootKey = new Uint8Array(32).fill(0x71);
	const tre = new DirectTre(undefined, rootKey);
	tre.call("makeKeyPairs", { encryption: 2 });
	return [tre.flash.octets, rootKey];
}

const unique = (found: readonly string[]): string[] => [...new Set(found)];

describe("G1: both memories are searched after every command of a life, done and refused, and after what the line refuses", () => {
	test("the key schedule that is looked for is that of FIPS 197 (Appendix A)", () => {
		const key = Buffer.from("2b7e151628aed2a6abf7158809cf4f3c", "hex");
		expect(expandKey(key).subarray(-16).toString("hex")).toBe("d014f9a8c9ee2589e13f0cc8b6630ca6");
		const long = Buffer.from("603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4", "hex");
		expect(expandKey(long).subarray(-16).toString("hex")).toBe("fe4890d1e6188d0b046df344706c631e");
	});

	test.each([
		["suite 2", rsaDevice],
		["from a blank device, whose keys are made in the same boot", blankDevice],
		["suite 3", p256Device],
	])("no key in tre.wasm; on the crypto side none but the open MCIM's: %s", async (_suite, make) => {
		const tre = new WatchedTre(...make());
		await wholeLife(tre);
		expect(unique(tre.found)).toEqual([]);
		expect(tre.searches).toBeGreaterThan(60);
		expect(tre.known).toBeGreaterThan(50);
	});

	test.each([
		[
			"CK and IK are left behind",
			"aka/authenticate.ts",
			"		memory.fill(this.ck.dataStart, 0, 16);",
			"",
			"ck in tre.wasm",
		],
		[
			"the AES outputs of a run are left behind",
			"aka/authenticate.ts",
			"	milenage.wipeMilenage();\n",
			"",
			"in tre.wasm",
		],
		[
			"a refusal of the line leaves the answer before it",
			"link/session.ts",
			"	forgetResponse();\n	respond(id, errorResponse(error, response));",
			"	respond(id, errorResponse(error, response));",
			"in tre.wasm after a refusal of the line",
		],
		["keys stay open", "platform/keys.ts", "	if (key > 0) crypto.destroy_key(<u32>key);", "", "on the crypto side"],
		[
			"an envelope stays open",
			"mcim/envelope.ts",
			"		if (this.handle > 0) crypto.envelope_close(<u32>this.handle);",
			"",
			"on the crypto side",
		],
	])("a planted fault is found: %s", async (_what, file, original, faulty, found) => {
		const tre = new WatchedTre(...rsaDevice(), plantedFirmware(file, original, faulty));
		await wholeLife(tre).catch(() => undefined);
		expect(unique(tre.found).join("; ")).toContain(found);
	});
});
