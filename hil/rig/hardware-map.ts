import { z } from "zod";
import { readNamed } from "../../firmware/local/named-file.ts";
import { inWords } from "../../firmware/local/program.ts";

const command = z.array(z.string().min(1)).min(1);

const boardEntry = z.strictObject({
	/** Board of `firmware/boards`. */
	board: z.string().min(1),
	/** Serial path, best by id: /dev/serial/by-id/…, or tcp://host:port. */
	port: z.string().min(1),
	/** Resets the board, as program and arguments: OpenOCD, a relay, uhubctl. */
	reset: command,
	/** Switches the board's supply off and on. */
	power: z.strictObject({ off: command, on: command }).optional(),
	/** Its keys are not for the field: an emulator that stands for a board, for instance. */
	dev: z.boolean().optional(),
	/** Makes the device blank before a scenario; without it the board has to be blank. */
	erase: command.optional(),
});

const hardwareMap = z.record(z.string().regex(/^[\w.-]+$/), boardEntry);

export type BoardEntry = z.infer<typeof boardEntry>;

/** One board of a hardware map; throws with what is wrong, and where. */
export function readHardwareMap(path: string, name: string): BoardEntry {
	let content: unknown;
	try {
		content = JSON.parse(readNamed(path).toString("utf8"));
	} catch (error) {
		throw new Error(error instanceof SyntaxError ? `${path} is no JSON: ${error.message}` : inWords(error));
	}
	const read = hardwareMap.safeParse(content);
	if (!read.success) {
		const faults = read.error.issues.map((issue) => `${issue.path.join(".") || "the file"}: ${issue.message}`);
		throw new Error(`${path}: ${faults.join("; ")}`);
	}
	const entry = read.data[name];
	if (!entry) throw new Error(`${path} has no board "${name}"; it has: ${Object.keys(read.data).join(", ") || "none"}`);
	return entry;
}
