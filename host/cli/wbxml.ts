import { readFileSync, writeFileSync } from "node:fs";
import { Command } from "commander";
import { Refused } from "../wire/refused.ts";
import { encodeWbxml } from "../wire/wbxml/encode.ts";
import { WbxmlEncodeError } from "../wire/wbxml/error.ts";
import { decodeWbxml } from "../wire/wbxml/tree.ts";
import { canonicalXml } from "../wire/xml/canonical.ts";
import { parseXml } from "../wire/xml/parse.ts";

/** What may stand at the head of a document that other tools wrote, and says nothing of it. */
const prolog = /^\uFEFF?(?:<\?xml[^>]*\?>)?\s*(?:<!DOCTYPE[^>]*>)?\s*/;

/** A tag, with its quoted values, and white space up to the next one. */
const tagAndSpace = /(<[^<>"']*(?:"[^"]*"[^<>"']*|'[^']*'[^<>"']*)*>)\s+(?=<)(?=(<\/)?)/g;

/** White space between tags says nothing; between a start and its own end it is the text of an element. */
const withoutIndentation = (text: string): string =>
	text.replace(tagAndSpace, (all, tag: string, end: string | undefined) =>
		end !== undefined && !/^<\/|\/>$/.test(tag) ? all : tag,
	);

/** Exit code of a call that makes no sense, as everywhere in `tre`. */
const USAGE = 2;
const LONG = 1024 * 1024;

function decode(octets: Uint8Array, json: boolean): void {
	const { language, root } = decodeWbxml(octets, { maxLength: LONG, maxString: LONG, maxDepth: 32 });
	const text = canonicalXml(root);
	process.stdout.write(json ? `${JSON.stringify({ language: language.name, xml: text })}\n` : `${text}\n`);
}

function encode(octets: Uint8Array, out: string | undefined): void {
	const text = withoutIndentation(Buffer.from(octets).toString("utf8").replace(prolog, "").trimEnd());
	const binary = encodeWbxml(parseXml(text, { maxLength: LONG, maxDepth: 32, lines: true }));
	if (out === undefined) process.stdout.write(binary);
	else writeFileSync(out, binary);
}

/** What goes wrong with a document or a file is said in one line; anything else is a defect. */
function saying(what: string, run: () => void): void {
	try {
		run();
	} catch (error) {
		const known = [Refused, WbxmlEncodeError].some((kind) => error instanceof kind);
		if (!known && (error as NodeJS.ErrnoException).code === undefined) throw error;
		process.stderr.write(`tre wbxml ${what}: ${(error as Error).message}\n`);
		process.exitCode = 1;
	}
}

const read = (file: string): Buffer => readFileSync(file === "-" ? 0 : file);

/** `tre wbxml`; resolves to the exit code. */
export async function runWbxml(args: readonly string[]): Promise<number> {
	const program = new Command("tre wbxml")
		.description("binary documents: PROV 1.0 and 1.1, SyncML 1.2 (OMA DM), DevInf 1.2, DDF and TNDS 1.2")
		.showHelpAfterError()
		.exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : USAGE));
	program
		.command("decode")
		.description("the document as XML on standard output")
		.argument("<file>", "a path, or - for standard input")
		.option("--json", "for machines")
		.action((file: string, { json }) => saying("decode", () => decode(read(file), json === true)));
	program
		.command("encode")
		.description("its binary form, on standard output without --out")
		.argument("<file>", "a path, or - for standard input")
		.option("--out <file>", "where it goes")
		.action((file: string, { out }) => saying("encode", () => encode(read(file), out)));
	await program.parseAsync(args, { from: "user" });
	return Number(process.exitCode ?? 0);
}
