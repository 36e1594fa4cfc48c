import type { Progress } from "../flash/flash.ts";
import { Meter, type Shown } from "../flash/meter.ts";

const shownLine = ({ doing, what, done, total, octetsPerSecond }: Shown): string => {
	const rate = octetsPerSecond === undefined ? "" : `, ${octetsPerSecond} octets/s`;
	return `${doing} ${what}: ${done} of ${total} octets${rate}`;
};

/** Progress of long work: on a terminal a line that is written over, in a file one at each end; for machines JSON lines. */
export class ProgressLine {
	readonly #json: boolean;
	readonly #terminal = process.stderr.isTTY === true;
	readonly #meter = new Meter();

	constructor(json: boolean) {
		this.#json = json;
	}

	/** How far it is, in octets. */
	readonly tell = (progress: Progress): void => {
		const shown = this.#meter.take(progress, performance.now());
		if (!shown) return;
		const { isEnd, ...rest } = shown;
		if (this.#json) process.stdout.write(`${JSON.stringify({ event: "progress", ...rest })}\n`);
		else if (this.#terminal) process.stderr.write(`\r\u001b[K${shownLine(shown)}${isEnd ? "\n" : ""}`);
		else if (isEnd) process.stderr.write(`${shownLine(shown)}\n`);
	};

	/** What is being done now that has no octets. */
	say(text: string, event: string): void {
		if (this.#json) process.stdout.write(`${JSON.stringify({ event })}\n`);
		else process.stderr.write(`${text}\n`);
	}
}
