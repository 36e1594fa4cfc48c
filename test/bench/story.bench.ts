import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { test } from "vitest";
import { printTable, writeResult } from "./report.ts";

/** As built: a stage starts the programs of the tree that it is in, and those of the sources are not built. */
const built = (path: string) => import(pathToFileURL(resolve("build/js", path)).href);
const { story }: typeof import("../../hil/scenarios/story.ts") = await built("hil/scenarios/story.js");
const { play }: typeof import("../../hil/stage/play.ts") = await built("hil/stage/play.js");

test("a story: shares of its time", async () => {
	const { timings, wallMs, steps } = await play(story, { onStep: () => undefined });
	const { tre = 0, crypto = 0 } = timings.tre ?? {};
	const line = (timings.factory?.line ?? 0) + (timings.m2me?.line ?? 0);
	const parts: Record<string, number> = {
		"cryptography in the TRE": crypto,
		"rest of the TRE": tre - crypto,
		"serial line and emulator process": line - tre,
		"network, operators, process starts": wallMs - line,
	};
	printTable(
		`story: ${steps.length} steps`,
		["part", "share of the time"],
		Object.entries(parts).map(([name, ms]) => [name, `${((100 * ms) / wallMs).toFixed(1)} %`]),
	);
	writeResult("story", { wallMs, steps: steps.length, parts });
});
