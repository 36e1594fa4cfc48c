import { execFileSync } from "node:child_process";
import { createPublicKey } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { toPem } from "../../../hil/network/shared/certificates.ts";
import { openEnveloped, SignatureError, splitEnveloped, verifySignature } from "../../../host/wire/dsig/signature.ts";
import { writeM2mmcim } from "../../../host/wire/management/objects.ts";
import {
	type Bootstrap,
	readBootstrap,
	signBootstrap,
	splitBootstrap,
	writeBootstrap,
} from "../../../host/wire/prov/bootstrap.ts";
import { readMessage, writeMessage } from "../../../host/wire/syncml/message.ts";
import { TestOperator } from "../../support/operators.ts";

const bootstrap: Bootstrap = {
	kind: "change",
	name: "sho-1.example",
	treId: "0".repeat(32),
	reign: "ab".repeat(32),
	serial: 7,
	naps: [{ napId: "NAP1", name: 'a "quoted" <&> name', apn: "apn.example" }],
	change: {
		provUrl: "https://dpf.sho-1.example/dm",
		certificate: Buffer.from("certificate"),
		account: Buffer.from("account"),
		fallback: { seconds: 60, boots: 2 },
	},
};

describe("signed documents (DESIGN section 6)", () => {
	const folder = mkdtempSync(join(tmpdir(), "documents-"));
	afterAll(() => rmSync(folder, { recursive: true, force: true }));
	const file = (name: string, content: string): string => {
		const path = join(folder, name);
		writeFileSync(path, content);
		return path;
	};

	test.each(["rsa", "ec"] as const)(
		"what an operator with an %s root signs verifies with xmlsec1 and here",
		async (keyType) => {
			const operator = await TestOperator.make("sho.example", keyType);
			const certificate = file(`${keyType}.pem`, toPem(operator.root.certificate));
			const signed = signBootstrap(writeBootstrap(bootstrap), operator.root.key);
			const document = file(`${keyType}.xml`, signed.document);
			const signature = file(`${keyType}.sig.xml`, signed.signature);
			const object = file(
				`${keyType}.m2mmcim.xml`,
				writeM2mmcim(Buffer.alloc(16), Buffer.alloc(40), operator.root.key),
			);
			const verify = ["--verify", "--pubkey-cert-pem", certificate];
			execFileSync("xmlsec1", [...verify, "--url-map:cid:bootstrap", document, signature], { stdio: "pipe" });
			execFileSync("xmlsec1", [...verify, object], { stdio: "pipe" });

			const publicKey = createPublicKey(operator.root.key);
			const split = splitBootstrap(signed.sent);
			expect(split.document).toBe(signed.document);
			expect(verifySignature("detached", split.document, split.signature, publicKey)).toBe(true);
			expect(verifySignature("detached", `${split.document} `, split.signature, publicKey)).toBe(false);
		},
	);

	test("a parameter smuggled into the last characteristic, or behind it, is refused", async () => {
		const operator = await TestOperator.make("sho.example");
		const { sent, document } = signBootstrap(writeBootstrap(bootstrap), operator.root.key);
		const end = "</characteristic></wap-provisioningdoc>";
		const smuggled = sent.replace(end, `<parm name="PROVURL" value="https://evil.example/"></parm>${end}`);
		expect(() => splitBootstrap(smuggled)).toThrow(/exactly NAME/);
		expect(() => splitBootstrap(document)).toThrow(/not signed/);
		expect(() => splitBootstrap(sent.replace("<wap", " <wap"))).toThrow();
		expect(() => splitBootstrap(sent.replace('value="TRE-SIGNATURE"', 'value="TRE-SIGNATURES"'))).toThrow();
	});

	test("a bootstrap reads as it was written", () => {
		const applied = readBootstrap(writeBootstrap(bootstrap));
		expect(applied).toEqual({
			kind: "change",
			naps: bootstrap.naps,
			provUrl: "https://dpf.sho-1.example/dm",
			serverId: "sho-1.example",
			accounts: [],
		});
	});

	test("an enveloped signature is found once, at the end, in the profile's own octets", async () => {
		const operator = await TestOperator.make("sho.example");
		const key = createPublicKey(operator.root.key);
		const signed = writeM2mmcim(Buffer.alloc(16), Buffer.alloc(40), operator.root.key);
		expect(openEnveloped(signed, key)).toBe(splitEnveloped(signed).document);
		const broken = [
			signed.replace("<NonceB>", "<NonceB>A"),
			signed.replace("<ds:SignedInfo>", "<ds:SignedInfo >"),
			signed.replace("</ds:SignatureValue>", "</ds:SignatureValue><ds:KeyInfo></ds:KeyInfo>"),
			signed.replace('URI=""', 'URI="#x"'),
			signed.replace(/<ds:Signature .*<\/ds:Signature>/, ""),
			signed.replace(/rsa-sha256/, "hmac-sha256"),
		];
		for (const text of broken) expect(() => openEnveloped(text, key)).toThrow(SignatureError);
	});
});

describe("SyncML in XML (OMA DM 1.2.1)", () => {
	test("a message reads as it was written", () => {
		const message = {
			sessionId: "1A",
			msgId: 2,
			target: "https://dpf.example/dm",
			source: "urn:tre:1",
			locName: "user",
			cred: "Zz6EivR3yeaaENcRN6lpAQ==",
			commands: [
				{
					name: "Status" as const,
					cmdId: "1",
					msgRef: 1,
					cmdRef: "0",
					cmd: "SyncHdr",
					code: 212,
					nextNonce: "bm9uY2U=",
				},
				{
					name: "Alert" as const,
					cmdId: "2",
					code: 1226,
					items: [{ source: "./M2M/M2MMobj", target: undefined, format: "b64", type: "x", data: "QUJD" }],
				},
				{
					name: "Exec" as const,
					cmdId: "3",
					items: [{ source: undefined, target: "./M2M/X", format: undefined, type: undefined, data: undefined }],
				},
			],
			final: true,
		};
		expect(readMessage(writeMessage(message))).toEqual(message);
	});
});
