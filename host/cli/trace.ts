import { Command } from "commander";
import { NoEvidence, traceFolder } from "../trace/folder.ts";
import type { Part, Traced } from "../trace/traced.ts";

const USAGE = 2;
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

function show(folder: string, { json, serial, brief }: Options): void {
	try {
		const all = traceFolder(folder).filter(({ file }) => serial || file !== "serial");
		for (const traced of all) {
			const parts = brief ? traced.parts.map((part) => ({ ...part, fields: [] })) : traced.parts;
			process.stdout.write(
				json ? `${JSON.stringify({ ...traced, parts })}\n` : `${lines({ ...traced, parts }).join("\n")}\n`,
			);
		}
	} catch (error) {
		if (!(error instanceof NoEvidence)) throw error;
		process.stderr.write(`tre trace: ${error.message}\n`);
		process.exitCode = 1;
	}
}

/** `tre trace`; resolves to the exit code. */
export async function runTrace(args: readonly string[]): Promise<number> {
	const program = new Command("tre trace")
		.description("each message of a run, decoded: what it means, and the clause; secrets are masked")
		.argument("<dir>", "what --evidence left behind")
		.option("--serial", "the commands on the serial line, too")
		.option("--brief", "without the fields")
		.option("--json", "one JSON object a message")
		.showHelpAfterError()
		.exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : USAGE))
		.action(show);
	await program.parseAsync(args, { from: "user" });
	return Number(process.exitCode ?? 0);
}
