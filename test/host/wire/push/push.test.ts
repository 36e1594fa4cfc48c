import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { PushError } from "../../../../host/wire/push/error.ts";
import { securityMethods } from "../../../../host/wire/push/media.ts";
import {
	imsiOctets,
	isVouchedFor,
	provisioningMac,
	SecretMissing,
	userPinMac,
} from "../../../../host/wire/push/security.ts";
import { decodePush, encodePush } from "../../../../host/wire/push/wsp.ts";
import { times } from "../../../support/long-form.ts";
import { tshark, upperPduCapture } from "../../../support/tshark.ts";

const body = readFileSync(resolve("test/vectors/examples/bootstrap.sent.wbxml"));
const contentType = "application/vnd.wap.connectivity-wbxml";
const imsi = "001010123456789";

describe("connectionless WAP push", () => {
	test("the example of another tool is read, and written octet for octet", () => {
		const example = readFileSync(resolve("test/vectors/wbxml/prov.wsp"));
		const push = decodePush(example);
		expect(push).toMatchObject({ tid: 1, contentType, sec: "NETWPIN" });
		expect(Buffer.from(push.body).equals(readFileSync(resolve("test/vectors/wbxml/prov.wbxml")))).toBe(true);
		expect(encodePush(push).equals(example)).toBe(true);
		expect(isVouchedFor("NETWPIN", { imsi }, push.body, push.mac)).toBe(true);
	});

	test.each(["NETWPIN", "USERPIN", "USERNETWPIN"] as const)("tshark reads headers, MAC and document: %s", (sec) => {
		const mac = provisioningMac(sec, { imsi, pin: "4711" }, body);
		const shown = tshark(upperPduCapture("wsp-cl", [encodePush({ tid: 9, contentType, sec, mac, body })]), "-V");
		expect(shown).toContain("PDU Type: Push (0x06)");
		expect(shown).toContain("application/vnd.wap.connectivity-wbxml");
		expect(shown).toContain(sec);
		expect(shown).toContain(mac);
		expect(shown).toMatch(/wap-provisioningdoc/);
		expect(shown).not.toMatch(/Malformed|Unknown attribute/);
	});

	test("decode(encode(x)) = x", () => {
		const push = fc.record({
			tid: fc.integer({ min: 0, max: 255 }),
			contentType: fc.constantFrom(
				contentType,
				"text/vnd.wap.connectivity-xml",
				"application/vnd.x-m2m.receipt-request",
			),
			sec: fc.option(fc.constantFrom(...securityMethods), { nil: undefined }),
			mac: fc.option(fc.constant("0123456789ABCDEF0123456789ABCDEF01234567"), { nil: undefined }),
			body: fc.uint8Array({ maxLength: 300 }),
		});
		fc.assert(
			fc.property(push, (one) => {
				const read = decodePush(encodePush(one));
				expect({ sec: undefined, mac: undefined, ...read, body: Buffer.from(read.body) }).toEqual({
					...one,
					body: Buffer.from(one.body),
				});
			}),
		);
	});

	test("headers that say nothing to this client are passed over", () => {
		const withHeaders = (hex: string): Buffer => {
			const headers = Buffer.from(`b6${hex}`, "hex");
			return Buffer.concat([Buffer.from([1, 6, headers.length]), headers, body]);
		};
		// X-Wap-Application-Id, Content-Length, a textual name, and a long value.
		for (const hex of ["af82", "8d0201f4", "582d41007a7900", "901f03414243"])
			expect(Buffer.from(decodePush(withHeaders(hex)).body).equals(body)).toBe(true);
	});

	const mac = "33".repeat(40);
	test.each([
		["in the order of ours", `b6 9180 92${mac}00`],
		["MAC first", `b6 92${mac}00 9180`],
		["a charset", `b6 81ea 9180 92${mac}00`],
		["a charset by its name", `b6 817574662d3800 9180 92${mac}00`],
		["a MAC in quotes", `b6 9180 9222${mac}00`],
		["SEC as a long integer", `b6 910100 92${mac}00`],
		["parameters by their names", `b6 53454300 80 4d414300 ${mac}00`],
		["a parameter that nobody knows", `b6 9180 92${mac}00 780003010203`.replace("7800", "7800")],
	])("a content type with %s", (_what, hex) => {
		const value = Buffer.from(hex.replaceAll(" ", ""), "hex");
		for (const page of ["", "7f02af82", "02af82"]) {
			const headers = Buffer.concat([Buffer.from([31, value.length]), value, Buffer.from(page, "hex")]);
			const read = decodePush(Buffer.concat([Buffer.from([1, 6, headers.length]), headers, body]));
			expect(read).toMatchObject({ contentType, sec: "NETWPIN", mac: "3".repeat(40) });
			expect(Buffer.from(read.body).equals(body)).toBe(true);
		}
	});

	test.each([
		["nothing", "", "end-of-input at 0"],
		["a PDU that is none", "0107", "not-a-push at 1"],
		["headers longer than the PDU", "01060ab6", "end-of-input at 4"],
		["headers beyond the limit", "0106ffff7f", "too-long at 5"],
		["a length that does not end", "0106ffffffffff", "integer at 2"],
		["a media type without a name here", "010601b7", "content-type at 3"],
		["a method that does not exist", "01060403b69184", "parameter at 5"],
		["a MAC that is none", "01060503b6924100", "end-of-input at 7"],
		["a MAC that is not hex", "01060504b6924100", "parameter at 5"],
	])("refused: %s", (_what, hex, expected) => {
		let found = "none";
		try {
			decodePush(Buffer.from(hex, "hex"));
		} catch (error) {
			const { refusal, offset } = error as PushError;
			found = `${refusal} at ${offset}`;
		}
		expect(found).toBe(expected);
	});

	test("any octets, and changed ones: a refusal by name, or a push", () => {
		const good = encodePush({ tid: 1, contentType, sec: "NETWPIN", mac: "A".repeat(40), body: body.subarray(0, 20) });
		fc.assert(
			fc.property(fc.uint8Array({ maxLength: 80 }), fc.nat(good.length - 1), fc.nat(255), (octets, at, value) => {
				const changed = Buffer.from(good);
				changed[at] = value;
				for (const input of [octets, changed, good.subarray(0, at)]) {
					try {
						decodePush(input);
					} catch (error) {
						expect(error).toBeInstanceOf(PushError);
					}
				}
			}),
			{ numRuns: times(1500) },
		);
	});
});

describe("OMA ProvBoot 1.1: who vouches for a document", () => {
	test("the IMSI in semi-octets, odd and even", () => {
		expect(imsiOctets("001010123456789").toString("hex")).toBe("0910101032547698");
		expect(imsiOctets("00101012345678").toString("hex")).toBe("01101010325476f8");
		expect(() => imsiOctets("")).toThrow(SecretMissing);
	});

	test("MACs equal an independent computation over exactly the octets of the document", () => {
		const keys: Record<string, Buffer> = {
			NETWPIN: Buffer.from("0910101032547698", "hex"),
			USERPIN: Buffer.from("4711"),
			USERNETWPIN: Buffer.concat([Buffer.from("0910101032547698", "hex"), Buffer.from("4711")]),
		};
		for (const [method, key] of Object.entries(keys)) {
			const expected = createHmac("sha1", key).update(body).digest("hex").toUpperCase();
			const secret = { imsi, pin: "4711" };
			const mac = provisioningMac(method as "NETWPIN", secret, body);
			expect(mac).toBe(expected);
			expect(isVouchedFor(method as "NETWPIN", secret, body, mac)).toBe(true);
			expect(isVouchedFor(method as "NETWPIN", secret, body.subarray(1), mac)).toBe(false);
			expect(isVouchedFor(method as "NETWPIN", secret, body, undefined)).toBe(false);
		}
		expect(() => provisioningMac("USERPIN", { imsi }, body)).toThrow(SecretMissing);
	});

	test("USERPINMAC: half of what the user types is the PIN, the other half stands for the MAC", () => {
		const typed = userPinMac("12345", body);
		expect(typed).toMatch(/^12345\d{5}$/);
		expect(isVouchedFor("USERPINMAC", { pin: typed }, body, undefined)).toBe(true);
		const wrong = `${typed.slice(0, -1)}${(Number(typed.at(-1)) + 1) % 10}`;
		for (const pin of [wrong, "12345", "", typed.slice(0, -1)])
			expect(isVouchedFor("USERPINMAC", { pin }, body, undefined)).toBe(false);
	});
});
