import { readNamed } from "../../firmware/local/named-file.ts";
import { decodeBundle } from "../flash/bundle.ts";
import { slotNames } from "../flash/plan.ts";
import { accessTo } from "../flash/ways/update.ts";
import { type UpdateStep, updateTre } from "../tre/update.ts";
import { ProgressLine } from "./progress-line.ts";

export interface UpdateOptions {
	readonly json?: boolean;
	readonly baud: number;
}

const words: Readonly<Record<Exclude<UpdateStep["kind"], "sending">, string>> = {
	clearing: "the TRE checks the signature, and clears a slot",
	checking: "the TRE reads back what came",
	restarting: "the TRE restarts",
};

/** `tre update`: gives the TRE on a port the firmware in a bundle that its factory has signed. */
export async function update(port: string, file: string, { json = false, baud }: UpdateOptions): Promise<void> {
	const bundle = decodeBundle(readNamed(file));
	const line = new ProgressLine(json);
	const begun = performance.now();
	const done = await updateTre(
		accessTo(port, baud),
		bundle.slots.map(({ octets }) => octets),
		(step) => {
			if (step.kind !== "sending") line.say(words[step.kind], step.kind);
			else line.tell({ doing: "writing", what: slotNames[step.slot] ?? "image", done: step.done, total: step.total });
		},
	);
	const seconds = Number(((performance.now() - begun) / 1000).toFixed(1));
	const text = `${done.from} → ${done.to} in ${slotNames[done.slot]}, confirmed; ${done.octets} octets in ${seconds} s`;
	process.stdout.write(`${json ? JSON.stringify({ ok: true, ...done, seconds }) : text}\n`);
}
