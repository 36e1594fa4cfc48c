import type { StepEvent } from "../../host/wire/report/events.ts";

const CLAUSE_WIDTH = 16;
const WHO_WIDTH = 40;

/** A step as a line: clause, from whom to whom, what, how long. */
export function line(step: StepEvent): string {
	const who = `${step.from} → ${step.to}`;
	return `${step.ok ? " " : "✗"} ${step.clause.padEnd(CLAUSE_WIDTH)}${who.padEnd(WHO_WIDTH)} ${step.what}  (${step.ms} ms)`;
}
