import { readFileSync, writeFileSync } from "node:fs";
import { readNamed } from "../../firmware/local/named-file.ts";
import { encodeWbxml } from "../wire/wbxml/encode.ts";
import { decodeWbxml } from "../wire/wbxml/tree.ts";
import { canonicalXml } from "../wire/xml/canonical.ts";
import { readXml } from "../wire/xml/tolerant.ts";

const LONG = 1024 * 1024;

const read = (file: string): Buffer => (file === "-" ? readFileSync(0) : readNamed(file));

/** `tre wbxml decode`. Throws WbxmlError where the file is no binary document. */
export function decodeFile(file: string, { json }: { readonly json?: boolean }): void {
	const { language, root } = decodeWbxml(read(file), { maxLength: LONG, maxString: LONG, maxDepth: 32 });
	const text = canonicalXml(root);
	process.stdout.write(json ? `${JSON.stringify({ language: language.name, xml: text })}\n` : `${text}\n`);
}

/** `tre wbxml encode`. Throws XmlError or WbxmlEncodeError where the file has no binary form. */
export function encodeFile(file: string, { out }: { readonly out?: string }): void {
	const binary = encodeWbxml(readXml(read(file), { maxLength: LONG, maxDepth: 32 }));
	if (out === undefined) process.stdout.write(binary);
	else writeFileSync(out, binary);
}
