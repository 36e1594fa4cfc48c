import { describe, expect, test } from "vitest";
import { unjudged } from "../../firmware/build/newer-mbedtls.mjs";

const records = ["3.6.6-0.1~deb13u1", "3.6.7-3", "3.6.10-1", "4.1.0-1", "2.28.9-1", "3.6.7-1"]
	.map((version) => `Package: mbedtls\nVersion: ${version}\n`)
	.join("\n");

describe("npm run release:check reminds of newer releases of Mbed TLS", () => {
	test("of each that is newer than what is built here, in order, once", () => {
		expect(unjudged(records, "3.6.6", "")).toEqual(["3.6.7", "3.6.10", "4.1.0"]);
		expect(unjudged(records, "4.1.0", "")).toEqual([]);
	});

	test("until the threat model judges it by name", () => {
		expect(unjudged(records, "3.6.6", "Mbed TLS 3.6.7 is not taken, because")).toEqual(["3.6.10", "4.1.0"]);
	});
});
