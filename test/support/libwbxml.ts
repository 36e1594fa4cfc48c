import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { XmlElement } from "../../host/wire/xml/element.ts";
import { readXml } from "../../host/wire/xml/tolerant.ts";

/*
 * libwbxml's tools, which we did not write, as the other side of a comparison.
 */

const publicIds: Record<string, string> = {
	"wap-provisioningdoc":
		'<!DOCTYPE wap-provisioningdoc PUBLIC "-//WAPFORUM//DTD PROV 1.0//EN" "http://www.wapforum.org/DTD/prov.dtd">',
	SyncML:
		'<!DOCTYPE SyncML PUBLIC "-//SYNCML//DTD SyncML 1.2//EN" "http://www.openmobilealliance.org/tech/DTD/OMA-TS-SyncML_RepPro_DTD-V1_2.dtd">',
	DevInf:
		'<!DOCTYPE DevInf PUBLIC "-//SYNCML//DTD DevInf 1.2//EN" "http://www.openmobilealliance.org/tech/DTD/OMA-SyncML-Device_Information-DTD-1.2.dtd">',
	MgmtTree:
		'<!DOCTYPE MgmtTree PUBLIC "-//OMA//DTD-DM-DDF 1.2//EN" "http://www.openmobilealliance.org/tech/DTD/DM_DDF-V1_2.dtd">',
};

function run(program: string, args: readonly string[], input: Uint8Array): Buffer {
	const folder = mkdtempSync(join(tmpdir(), "libwbxml-"));
	try {
		const [from, to] = [join(folder, "in"), join(folder, "out")];
		writeFileSync(from, input);
		execFileSync(program, [...args, "-o", to, from], { stdio: "pipe" });
		return readFileSync(to);
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
}

/** XML of another tool without what the profile has no place for at a document's head. */
export const withoutProlog = (text: string): string =>
	text.replace(/^<\?xml[^>]*\?>\s*/, "").replace(/^<!DOCTYPE[^>]*>\s*/, "");

export const parseForeign = (text: string): XmlElement => readXml(text);

/** What wbxml2xml makes of binary octets. */
export const wbxml2xml = (octets: Uint8Array): XmlElement =>
	parseForeign(run("wbxml2xml", ["-m", "0", "-k"], octets).toString("utf8"));

/** What xml2wbxml makes of a document; `table`: with a string table, as it does by default. */
export function xml2wbxml(text: string, table = false): Buffer {
	const root = /^<([A-Za-z-]+)/.exec(text)?.[1] ?? "";
	const document = `<?xml version="1.0"?>\n${publicIds[root]}\n${text}`;
	return run("xml2wbxml", [...(table ? [] : ["-n"]), "-k"], Buffer.from(document));
}
