import { describe, expect, test } from "vitest";
import { type Step, stepsOf, touchedSectors } from "../../../host/flash/plan.ts";
import { bare } from "../../support/flash/bundles.ts";
import { planFor } from "../../support/flash/device.ts";

const nothing = new Set<never>();
const shown = (step: Step): string =>
	step.kind === "erase"
		? `erase ${step.what} ${step.sector}`
		: `write ${step.what} ${step.address.toString(16)} ${step.octets.length}`;

describe("the order of what is done to a flash", () => {
	test("the slot loses its header first and gets it back last; what it needs to start comes before", () => {
		expect(stepsOf(planFor({ size: 3_001 }), nothing, "octets").map(shown)).toEqual([
			"erase slot A 5",
			"erase slot A 6",
			"write slot A 8020200 3001",
			"erase boot stage 0",
			"write boot stage 8000008 1195",
			"write boot stage 8000000 8",
			"erase boot records 1",
			"erase boot records 2",
			"write slot A 8020000 512",
		]);
	});

	test("a boot stage that is there already is not touched", () => {
		const steps = stepsOf(planFor(), new Set(["boot stage"] as const), "octets");
		expect(steps.filter(({ what }) => what === "boot stage")).toEqual([]);
	});

	test("the image of a board without a boot stage gets its vectors last", () => {
		const steps = stepsOf(planFor({ size: 200_000 }, false, bare), nothing, "octets").map(shown);
		expect(steps.slice(0, 9)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8].map((sector) => `erase image ${sector}`));
		expect(steps.slice(9)).toEqual(["write image 8000008 199992", "write image 8000000 8"]);
	});

	test("a way that writes whole sectors writes that of the header last, and none twice behind its erase", () => {
		expect(stepsOf(planFor({ size: 131_072 }), nothing, "sectors").map(shown)).toEqual([
			"erase slot A 5",
			"write slot A 8040000 512",
			"erase boot stage 0",
			"write boot stage 8000000 1203",
			"erase boot records 1",
			"erase boot records 2",
			"write slot A 8020000 131072",
		]);
		expect(stepsOf(planFor({ size: 10 }), nothing, "sectors").map(shown)).toContain("erase slot A 6");
	});

	test("making it blank destroys the key before anything else of the device", () => {
		const steps = stepsOf(planFor({}, true), nothing, "octets").map(shown);
		const from = steps.indexOf("erase device root key 9");
		expect(steps.slice(from)).toEqual([
			"erase device root key 9",
			"erase store 10",
			"erase store 11",
			"erase boot records 1",
			"erase boot records 2",
			"write slot A 8020000 512",
		]);
	});
});

describe("what stays", () => {
	test("device root key, store and slot B, unless it is made blank", () => {
		expect(planFor().kept.map(({ what }) => what)).toEqual(["device root key", "store", "slot B"]);
		expect(planFor({}, true).kept.map(({ what }) => what)).toEqual(["slot B"]);
		expect(touchedSectors(planFor())).toEqual([0, 1, 2, 5, 6]);
	});
});
