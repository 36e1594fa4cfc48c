import { examine } from "../doctor/examine.ts";
import type { Finding, Standing } from "../doctor/finding.ts";

const say = (text: string): void => void process.stdout.write(`${text}\n`);
const marks: Record<Standing, string> = { ok: "ok", wanting: "–", wrong: "!" };

const lines = ({ about, name, standing, says, advice }: Finding): readonly string[] => [
	`${marks[standing].padEnd(4)}${about.padEnd(12)}${name}: ${says}`,
	...(standing === "ok" || advice === undefined ? [] : [`${" ".repeat(16)}${advice}`]),
];

/** `tre doctor`; ends with code 1 where something stands in the way of the port that was named. */
export async function printExamination(
	port: string | undefined,
	{ baud, json }: { readonly baud: number; readonly json?: boolean },
): Promise<void> {
	const examination = await examine(port, baud);
	const { findings, udevRules, next, version } = examination;
	if (findings.some(({ standing }) => standing === "wrong")) process.exitCode = 1;
	if (json) {
		say(JSON.stringify(examination));
		return;
	}
	say(`tre ${version}`);
	for (const line of findings.flatMap(lines)) say(line);
	if (udevRules !== null) say(`\nThe rule:\n${udevRules}`);
	say(`\nNext: ${next}`);
}
