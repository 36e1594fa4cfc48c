import { test } from "vitest";
import { story } from "../../hil/scenarios/story.ts";
import { play } from "../../hil/stage/play.ts";
import { printTable, writeResult } from "./report.ts";

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
