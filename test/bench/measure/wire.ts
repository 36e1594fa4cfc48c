import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { bootstrapText } from "../../../host/wire/push/delivery.ts";
import { decodeDeliver } from "../../../host/wire/sms/deliver.ts";
import { encodeWbxml } from "../../../host/wire/wbxml/encode.ts";
import { decodeWbxml } from "../../../host/wire/wbxml/tree.ts";
import { canonicalXml, xml } from "../../../host/wire/xml/canonical.ts";
import type { XmlElement } from "../../../host/wire/xml/element.ts";
import { readSignedXml } from "../../../host/wire/xml/strict.ts";
import { ratio } from "./statistics.ts";

const vector = (name: string): Buffer => readFileSync(resolve("test/vectors", name));

const repeated = (times: number, run: () => unknown) => (): void => {
	for (let n = 0; n < times; n++) run();
};

export interface CodecRow {
	readonly document: string;
	readonly xml: number;
	readonly wbxml: number;
	/** How many times as long as JSON.parse and JSON.stringify of the same elements. */
	readonly decode: number;
	readonly encode: number;
	/** wbxml2xml, a process and all, against decoding in this one. */
	readonly libwbxml: number;
}

/** The codec on documents of the story, beside JSON of the same content and libwbxml's tool. */
export function codecAgainstOthers(rounds: number, times: number): CodecRow[] {
	const documents: [string, Buffer][] = [
		["bootstrap, signed", vector("examples/bootstrap.sent.wbxml")],
		["bootstrap with VENDORCONFIG", vector("wbxml/prov-vendorconfig.wbxml")],
		["DM package 1", vector("wbxml/dm-pkg1.wbxml")],
		["DevInf", vector("wbxml/devinf.wbxml")],
	];
	return documents.map(([document, octets]) => {
		const { root } = decodeWbxml(octets);
		const json = JSON.stringify(root);
		const decode = repeated(times, () => decodeWbxml(octets));
		const encode = repeated(times, () => encodeWbxml(root));
		return {
			document,
			xml: canonicalXml(root).length,
			wbxml: octets.length,
			decode: ratio(
				rounds,
				decode,
				repeated(times, () => JSON.parse(json)),
			),
			encode: ratio(
				rounds,
				encode,
				repeated(times, () => JSON.stringify(root)),
			),
			libwbxml: libwbxmlAgainst(octets, Math.ceil(rounds / 3)),
		};
	});
}

function libwbxmlAgainst(octets: Uint8Array, rounds: number): number {
	const folder = mkdtempSync(join(tmpdir(), "bench-wbxml-"));
	try {
		const [from, to] = [join(folder, "in.wbxml"), join(folder, "out.xml")];
		writeFileSync(from, octets);
		const other = (): void => void execFileSync("wbxml2xml", ["-o", to, from], { stdio: "pipe" });
		return ratio(rounds, other, () => void decodeWbxml(octets));
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
}

export interface GrowthRow {
	readonly document: string;
	readonly wbxml: number;
	/** Times as long as the first row of its kind. */
	readonly decode: number;
	readonly encode: number;
	readonly parse: number;
}

const wide = (count: number): XmlElement =>
	xml(
		"wap-provisioningdoc",
		Array.from({ length: count }, (_, n) => xml("characteristic", [], { type: "NAPDEF", name: `${n}` })),
	);

function deep(depth: number, leaves: number): XmlElement {
	let element = xml(
		"characteristic",
		Array.from({ length: leaves }, (_, n) => xml("parm", [], { name: "NAME", value: `${n}` })),
	);
	for (let n = 1; n < depth; n++) element = xml("characteristic", [element]);
	return xml("wap-provisioningdoc", [element]);
}

/** How the codec grows with the number of elements, and with their depth at the same number. */
export function codecGrowth(rounds: number, times: number): GrowthRow[] {
	const kinds: [string, readonly number[], (size: number) => XmlElement][] = [
		["elements", [50, 100, 200, 400, 800], wide],
		["levels", [2, 4, 8, 14], (depth) => deep(depth, 200)],
	];
	return kinds.flatMap(([kind, sizes, make]) => {
		const [first = sizes[0] as number] = sizes;
		const yardstick = forms(make(first), times);
		return sizes.map((size) => {
			const own = forms(make(size), times);
			return {
				document: `${size} ${kind}`,
				wbxml: own.octets.length,
				decode: ratio(rounds, own.decode, yardstick.decode),
				encode: ratio(rounds, own.encode, yardstick.encode),
				parse: ratio(rounds, own.parse, yardstick.parse),
			};
		});
	});
}

function forms(root: XmlElement, times: number) {
	const octets = encodeWbxml(root);
	const text = canonicalXml(root);
	return {
		octets,
		decode: repeated(times, () => decodeWbxml(octets)),
		encode: repeated(times, () => encodeWbxml(root)),
		parse: repeated(times, () => readSignedXml(text)),
	};
}

export interface BootstrapRow {
	readonly bootstrap: string;
	readonly xml: number;
	readonly wbxml: number;
	readonly push: number;
	readonly segments: number;
	readonly air: number;
}

/** Octets of each bootstrap that a story sent, as XML, as WBXML, as a push, and as short messages. */
export function bootstrapSizes(evidence: string): BootstrapRow[] {
	return ["initial", "change-1", "change-2"].map((bootstrap) => {
		const body = readFileSync(join(evidence, bootstrap, "bootstrap.wbxml"));
		const lines = readFileSync(join(evidence, bootstrap, "push.hex"), "utf8")
			.trim()
			.split("\n");
		const segments = lines.map((line) => Buffer.from(line, "hex"));
		const sum = (lengths: readonly number[]): number => lengths.reduce((all, length) => all + length, 0);
		return {
			bootstrap,
			xml: bootstrapText(body).length,
			wbxml: body.length,
			push: sum(segments.map((segment) => decodeDeliver(segment).data.length)),
			segments: segments.length,
			air: sum(segments.map(({ length }) => length)),
		};
	});
}
