import type { Scenario } from "../stage/play.ts";
import { backAndForth } from "./back-and-forth.ts";
import { badAir } from "./bad-air.ts";
import { changeOfMind } from "./change-of-mind.ts";
import { firmware } from "./firmware.ts";
import { noCoverage } from "./no-coverage.ts";
import { osmoHlr } from "./osmo-hlr.ts";
import { powerCuts } from "./power-cuts.ts";
import { refusals } from "./refusals.ts";
import { story } from "./story.ts";

/** What `hil run` can play. */
export const scenarios: readonly Scenario[] = [
	story,
	backAndForth,
	changeOfMind,
	noCoverage,
	badAir,
	refusals,
	powerCuts,
	firmware,
	osmoHlr,
];
