import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, describe, expect, test } from "vitest";

const cli = resolve("build/js/host/cli/main.js");
const example = resolve("test/vectors/examples/bootstrap.sent.wbxml");
const text = readFileSync(resolve("test/vectors/examples/bootstrap.sent.xml"), "utf8");

const tre = (args: string[], input?: Uint8Array) => spawnSync(process.execPath, [cli, "wbxml", ...args], { input });

describe("tre wbxml", () => {
	const folder = mkdtempSync(join(tmpdir(), "cli-wbxml-"));
	afterAll(() => rmSync(folder, { recursive: true, force: true }));

	test("decode shows a document, encode writes it, and libwbxml reads what it wrote", () => {
		expect(tre(["decode", example]).stdout.toString()).toBe(`${text}\n`);
		expect(JSON.parse(tre(["decode", "-", "--json"], readFileSync(example)).stdout.toString())).toEqual({
			language: "PROV",
			xml: text,
		});
		const [from, to] = [join(folder, "in.xml"), join(folder, "out.wbxml")];
		writeFileSync(from, `<?xml version="1.0"?>\n<!DOCTYPE wap-provisioningdoc PUBLIC "x" "y">\n${text}\n`);
		expect(tre(["encode", from, "--out", to]).status).toBe(0);
		expect(tre(["decode", to]).stdout.toString()).toBe(`${text}\n`);
		expect(tre(["encode", from]).stdout.equals(readFileSync(to))).toBe(true);
		execFileSync("wbxml2xml", ["-k", "-o", join(folder, "back.xml"), to], { stdio: "pipe" });
	});

	test("what cannot be read or written is told with its place, and the exit code", () => {
		const broken = Buffer.from(readFileSync(example));
		broken[4] = 0x7f;
		const refused = tre(["decode", "-"], broken);
		expect([refused.status, refused.stderr.toString()]).toEqual([
			1,
			"tre wbxml decode: WBXML refused at octet 4: tag\n",
		]);
		const other = tre(["encode", "-"], Buffer.from("<html></html>"));
		expect([other.status, other.stderr.toString()]).toEqual([
			1,
			"tre wbxml encode: <html> is the root of no language that has a binary form\n",
		]);
		expect(tre(["decode", join(folder, "nothing")]).stderr.toString()).toMatch(/nothing is not there/);
		for (const args of [[], ["decode"], ["other", "-"], ["decode", "-", "--unknown"]]) expect(tre(args).status).toBe(2);
		expect(tre(["--help"]).status).toBe(0);
	});

	test("encode takes a document that was laid out for people; white space that is a text stays", () => {
		const laidOut = text.replaceAll(/><(?!\/parm)/g, ">\n\t<");
		const encoded = (document: string) => tre(["encode", "-"], Buffer.from(document)).stdout;
		expect(encoded(laidOut).equals(encoded(text))).toBe(true);
		const message = (space: string) =>
			`<SyncML xmlns="SYNCML:SYNCML1.2">${space}<SyncHdr>${space}<SessionID>  </SessionID>${space}</SyncHdr>${space}</SyncML>`;
		const [bare, indented] = ["", "\n  "].map((space) => encoded(message(space)));
		expect(bare.length).toBeGreaterThan(8);
		expect(indented.equals(bare)).toBe(true);
		expect(tre(["decode", "-"], bare).stdout.toString()).toContain("<SessionID>  </SessionID>");
	});
});
