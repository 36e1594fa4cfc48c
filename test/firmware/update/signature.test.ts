import { spawnSync } from "node:child_process";
import { createPrivateKey, createPublicKey } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { image as layout } from "../../../firmware/contract/image.ts";
import { decodeBundle } from "../../../host/flash/bundle.ts";

const bundles = [
	"build/emulator.bundle",
	"build/boards/stm32f405/qemu/tre.bundle",
	"build/boards/stm32f405/board/tre.bundle",
];

/** An integer of DER: no leading zeros but the one that keeps it positive. */
function derInteger(octets: Uint8Array): Buffer {
	const first = octets.findIndex((octet) => octet !== 0);
	const value = Buffer.from(octets.subarray(first));
	const positive = (value[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.alloc(1), value]) : value;
	return Buffer.concat([Buffer.from([2, positive.length]), positive]);
}

describe("openssl verifies what the build has signed, and nothing else", () => {
	const folder = mkdtempSync(join(tmpdir(), "signature-"));
	afterAll(() => rmSync(folder, { recursive: true, force: true }));
	const path = (name: string): string => join(folder, name);
	const key = createPublicKey(createPrivateKey(readFileSync("firmware/boot/development-key.pem")));
	writeFileSync(path("key.pem"), key.export({ type: "spki", format: "pem" }));

	function verified(signed: Uint8Array, signature: Uint8Array): string {
		const integers = Buffer.concat([derInteger(signature.subarray(0, 32)), derInteger(signature.subarray(32))]);
		writeFileSync(path("header.sig"), Buffer.concat([Buffer.from([0x30, integers.length]), integers]));
		writeFileSync(path("header.bin"), signed);
		const args = ["dgst", "-sha256", "-verify", path("key.pem"), "-signature", path("header.sig"), path("header.bin")];
		return spawnSync("openssl", args, { encoding: "utf8" }).stdout.trim();
	}

	test.each(bundles)("each header of %s", (file) => {
		const { slots } = decodeBundle(readFileSync(file));
		expect(slots.length).toBe(2);
		for (const { octets, header } of slots) {
			const signed = octets.slice(0, layout.SIGNED_SIZE);
			expect(verified(signed, header.signature)).toBe("Verified OK");
			signed[layout.SIGNED_SIZE - 1] ^= 1;
			expect(verified(signed, header.signature)).toBe("Verification failure");
		}
	});
});
