import { type CommandRow, commands, type FieldType, wire } from "../commands.ts";
import { errors } from "../errors.ts";
import { logEvents } from "../events.ts";
import { lifeStates } from "../states.ts";

const fields = (shape: Readonly<Record<string, FieldType>>): string =>
	Object.entries(shape)
		.map(([name, type]) => `${name}: ${type}`)
		.join(", ");

/** The contract as text, a line an item: a change on the wire is a change of a line. */
export function readable(): string {
	const lines = ["# TRE contract, generated. A line never changes its meaning; new lines are added.", ""];
	for (const [name, value] of Object.entries(wire)) {
		lines.push(`wire ${name} = ${JSON.stringify(value)}`);
	}
	lines.push("");
	for (const [name, number] of Object.entries(lifeStates)) lines.push(`state ${number} ${name}`);
	lines.push("");
	for (const [name, row] of Object.entries<CommandRow>(commands)) {
		const allowed = row.allowed === "always" ? "always" : row.allowed.join(" ");
		lines.push(
			`command ${row.number} [${row.since}-] ${name}: [${fields(row.request)}] => [${fields(row.response)}] in ${allowed}`,
		);
	}
	lines.push("");
	for (const [name, row] of Object.entries(errors)) lines.push(`error ${row.number} ${name} (${row.fault})`);
	lines.push("");
	for (const [name, number] of Object.entries(logEvents)) lines.push(`event ${number} ${name}`);
	return `${lines.join("\n")}\n`;
}
