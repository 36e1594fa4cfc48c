import { readFileSync, writeFileSync } from "node:fs";
import { encodeWbxml } from "../wire/wbxml/encode.ts";
import { WbxmlEncodeError, WbxmlError } from "../wire/wbxml/error.ts";
import { decodeWbxml } from "../wire/wbxml/tree.ts";
import { canonicalXml } from "../wire/xml/canonical.ts";
import { parseXml, XmlError } from "../wire/xml/parse.ts";

const usage = `usage: tre wbxml decode FILE [--json]     the document as XML on standard output
       tre wbxml encode FILE [--out FILE]  its binary form, on standard output without --out
FILE: a path, or - for standard input. PROV 1.0 and 1.1, SyncML 1.2 (OMA DM), DevInf 1.2, DDF and TNDS 1.2.
`;

/** What may stand at the head of a document that other tools wrote, and says nothing of it. */
const prolog = /^\uFEFF?(?:<\?xml[^>]*\?>)?\s*(?:<!DOCTYPE[^>]*>)?\s*/;

const LONG = 1024 * 1024;

function decode(octets: Uint8Array, json: boolean): void {
	const { language, root } = decodeWbxml(octets, { maxLength: LONG, maxString: LONG, maxDepth: 32 });
	const text = canonicalXml(root);
	process.stdout.write(json ? `${JSON.stringify({ language: language.name, xml: text })}\n` : `${text}\n`);
}

function encode(octets: Uint8Array, out: string | undefined): void {
	const text = Buffer.from(octets).toString("utf8").replace(prolog, "").trimEnd();
	const binary = encodeWbxml(parseXml(text, { maxLength: LONG, maxDepth: 32, lines: true }));
	if (out === undefined) process.stdout.write(binary);
	else writeFileSync(out, binary);
}

/** `tre wbxml`; resolves to the exit code. */
export async function runWbxml(args: readonly string[]): Promise<number> {
	const outAt = args.indexOf("--out");
	const out = outAt < 0 ? undefined : args[outAt + 1];
	const [what = "", file] = args.filter((arg, n) => !arg.startsWith("--") && (outAt < 0 || n !== outAt + 1));
	if (!["decode", "encode"].includes(what) || file === undefined) {
		process.stderr.write(usage);
		return 2;
	}
	try {
		const octets = readFileSync(file === "-" ? 0 : file);
		if (what === "decode") decode(octets, args.includes("--json"));
		else encode(octets, out);
		return 0;
	} catch (error) {
		const known = [WbxmlError, WbxmlEncodeError, XmlError].some((kind) => error instanceof kind);
		if (!known && (error as NodeJS.ErrnoException).code === undefined) throw error;
		process.stderr.write(`tre wbxml ${what}: ${(error as Error).message}\n`);
		return 1;
	}
}
