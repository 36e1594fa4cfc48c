import { readNamed } from "../../firmware/local/named-file.ts";
import { decodeBundle } from "../flash/bundle.ts";
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
	try {
		const begun = performance.now();
		const done = await updateTre(
			accessTo(port, baud),
			bundle.slots.map(({ octets }) => octets),
			(step) => {
				if (step.kind === "sending") line.octets("sending", step.done, step.total);
				else line.say(words[step.kind], step.kind);
			},
		);
		const seconds = (performance.now() - begun) / 1000;
		line.end(
			{ ok: true, ...done, seconds: Math.round(seconds * 10) / 10 },
			`${done.from} → ${done.to} in slot ${"AB"[done.slot]}, confirmed; ${done.octets} octets in ${seconds.toFixed(1)} s`,
		);
	} finally {
		line.stop();
	}
}
