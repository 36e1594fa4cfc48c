import { test } from "vitest";
import { runStory } from "../support/story-run.ts";
import { bootstrapSizes, codecAgainstOthers, codecGrowth } from "./measure/wire.ts";
import { printTable, writeResult } from "./report.ts";

test("WBXML and short messages", async () => {
	const codec = codecAgainstOthers(15, 200);
	printTable(
		"the codec: times as long as JSON of the same elements; wbxml2xml as a process, times as long as decoding here",
		["document", "XML octets", "WBXML", "decode / JSON.parse", "encode / JSON.stringify", "wbxml2xml / decode"],
		codec.map(({ document, xml, wbxml, decode, encode, libwbxml }) => [document, xml, wbxml, decode, encode, libwbxml]),
	);
	const growth = codecGrowth(15, 10);
	printTable(
		"how it grows: times as long as the first row of its kind; XML parsed beside it",
		["document", "WBXML", "decode", "encode", "XML parser"],
		growth.map(({ document, wbxml, decode, encode, parse }) => [document, wbxml, decode, encode, parse]),
	);
	const story = await runStory();
	const bootstraps = bootstrapSizes(story.evidence);
	story.dispose();
	printTable(
		"the bootstraps of a story on their way",
		["bootstrap", "XML", "WBXML", "push", "segments", "octets of the TPDUs"],
		bootstraps.map(({ bootstrap, xml, wbxml, push, segments, air }) => [bootstrap, xml, wbxml, push, segments, air]),
	);
	writeResult("wire", { codec, growth, bootstraps });
});
