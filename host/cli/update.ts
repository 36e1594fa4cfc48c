import { setTimeout as sleep } from "node:timers/promises";
import { readNamed } from "../../firmware/local/named-file.ts";
import { decodeBundle } from "../flash/bundle.ts";
import { LinkClosed } from "../link/link.ts";
import { PortError } from "../link/port.ts";
import { TreClient } from "../tre/client.ts";
import { type UpdateStep, updateTre } from "../tre/update.ts";
import { ProgressLine } from "./progress-line.ts";

/** An erase of a slot takes its time, and so does the check of an image at the start. */
const DEADLINE_MS = 30_000;
/** How long a port that goes with the power may take to come back. */
const PATIENCE_MS = 20_000;
const RETRY_MS = 250;

/** Tries again while the port is not there, or is going. */
async function patiently<T>(attempt: () => Promise<T>): Promise<T> {
	const until = performance.now() + PATIENCE_MS;
	for (;;) {
		try {
			return await attempt();
		} catch (error) {
			if (performance.now() > until || !(error instanceof PortError || error instanceof LinkClosed)) throw error;
			await sleep(RETRY_MS);
		}
	}
}

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
	const open = (): Promise<TreClient> => TreClient.open(port, { deadlineMs: DEADLINE_MS, baudRate: baud });
	const line = new ProgressLine(json);
	try {
		const begun = performance.now();
		const done = await updateTre(
			{ open, reopen: () => patiently(open) },
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
