import { describe, expect, test } from "vitest";
import { findTool, installLine, judge, requireTool, type Tool, tools } from "../../../host/flash/tools.ts";
import { wayNames } from "../../../host/flash/way-names.ts";
import { ways, wayTo } from "../../../host/flash/ways/all.ts";

describe("the programs of others", () => {
	test.each(Object.values(tools))("$program of Debian is found, and its version read", async (tool) => {
		expect(await findTool(tool)).toMatchObject({ is: "there", version: expect.stringMatching(/^\d+\.\d+$/) });
	});

	test.each([
		[undefined, { is: "missing" }],
		["Open On-Chip Debugger 0.11.0\n", { is: "old", version: "0.11" }],
		["Open On-Chip Debugger 0.12.0+dev-01 (2024)\n", { is: "there", version: "0.12" }],
		["Open On-Chip Debugger 1.0.0\n", { is: "there", version: "1.0" }],
		["something else", { is: "strange" }],
	])("OpenOCD that says %j", (said, found) => {
		expect(judge(tools.openocd, said)).toEqual(found);
	});

	test("one that is not there: the line that installs it", async () => {
		const none: Tool = { ...tools.dfuUtil, program: "dfu-util-that-is-not-there" };
		await expect(requireTool(none)).rejects.toThrow(
			"dfu-util-that-is-not-there is not there; install it: sudo apt-get install --no-install-recommends dfu-util",
		);
		expect(installLine(tools.openocd, tools.gdb)).toBe(
			"sudo apt-get install --no-install-recommends openocd gdb-multiarch",
		);
	});
});

describe("which way a target means, where nobody says", () => {
	test.each([
		["/dev/ttyUSB0", "update"],
		["./tre0", "update"],
		["tcp://127.0.0.1:7000", "update"],
		["stlink", "openocd"],
		["cmsis-dap:E6614", "openocd"],
		["./bench.cfg", "openocd"],
		["dfu", "dfu"],
		["dfu:3257354B3038", "dfu"],
	])("%s: %s", (target, way) => {
		expect(wayTo(target)).toBe(way);
	});

	test("one that means nothing: what there is", () => {
		expect(() => wayTo("a probe")).toThrow(`--via says which way: ${wayNames.join(", ")}`);
	});

	test("each says what it does, and what it takes", () => {
		for (const way of Object.values(ways)) expect(`${way.does} ${way.target}`.length).toBeGreaterThan(30);
	});
});
