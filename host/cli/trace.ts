import { traceFolder } from "../trace/folder.ts";
import type { Part, Traced } from "../trace/traced.ts";

const CLAUSE_WIDTH = 16;

const partLines = ({ clause, what, fields }: Part): string[] => {
	const width = Math.max(0, ...fields.map(([name]) => name.length));
	const indent = " ".repeat(CLAUSE_WIDTH + 4);
	return [
		`  ${clause.padEnd(CLAUSE_WIDTH)}${what}`,
		...fields.map(([name, value]) => `${indent}${name.padEnd(width)}  ${value}`),
	];
};

const lines = ({ file, from, to, parts }: Traced): string[] => [
	`${from} → ${to}  ${file}`,
	...parts.flatMap(partLines),
	"",
];

interface Options {
	readonly json?: boolean;
	readonly serial?: boolean;
	readonly brief?: boolean;
}

/** `tre trace`. */
export function printTrace(folder: string, { json, serial, brief }: Options): void {
	const all = traceFolder(folder).filter(({ file }) => serial || file !== "serial");
	for (const traced of all) {
		const parts = brief ? traced.parts.map((part) => ({ ...part, fields: [] })) : traced.parts;
		process.stdout.write(
			json ? `${JSON.stringify({ ...traced, parts })}\n` : `${lines({ ...traced, parts }).join("\n")}\n`,
		);
	}
}
