import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { incompatibilities } from "../../../firmware/contract/generate/compatibility.ts";
import { readable } from "../../../firmware/contract/generate/readable.ts";

const folder = resolve("firmware/contract/released");
const released = readdirSync(folder).map((name): [string, string] => [name, readFileSync(join(folder, name), "utf8")]);

describe("the contract stays compatible with every released version", () => {
	test.each(released)("%s", (_name, text) => {
		expect(incompatibilities(text, readable())).toEqual([]);
	});

	test("what is in the contract is released, so that it cannot change unnoticed", () => {
		const [, latest] = released.at(-1) ?? ["", ""];
		expect(incompatibilities(readable(), latest)).toEqual([]);
	});

	const [, text] = released[0];
	test.each([
		["a field gets another name", "rand: bytes", "random: bytes"],
		["a field gets another type", "slot: uint", "slot: bytes"],
		["a field is added to a request", "[challenge: bytes]", "[challenge: bytes, more: uint]"],
		["a command is taken away", /^command 41 .*\n/m, ""],
		["a command gets another number", "command 41 ", "command 99 "],
		["a command is closed in a state", "installed trial idle", "installed trial"],
		["a number gets another meaning", "error 52 replayed", "error 52 too-old"],
		["a state moves", "state 5 requested", "state 6 requested"],
		["a limit shrinks", "maxMessage = 8192", "maxMessage = 4096"],
	])("refused: %s", (_what, from, to) => {
		const changed = text.replace(from, to);
		expect(changed).not.toBe(text);
		expect(incompatibilities(text, changed).length).toBeGreaterThan(0);
	});

	test("allowed: a new command, error or event", () => {
		const more = `${text}command 99 [2-] more: [] => [] in always\nerror 99 more (host)\nevent 99 more\n`;
		expect(incompatibilities(text, more)).toEqual([]);
	});
});
