const EVERY_MS = 500;

/** Progress of work in octets: on a terminal one line that is written over, else a line now and then; JSON lines for machines. */
export class ProgressLine {
	readonly #json: boolean;
	readonly #terminal = process.stderr.isTTY === true;
	#what = "";
	#begun = 0;
	#first = 0;
	#told = 0;
	#open = false;

	constructor(json: boolean) {
		this.#json = json;
	}

	/** So many octets of all are done. */
	octets(what: string, done: number, total: number): void {
		const now = performance.now();
		if (what !== this.#what) {
			this.#what = what;
			this.#begun = now;
			this.#first = done;
			this.#told = 0;
		}
		if (done < total && now - this.#told < EVERY_MS) return;
		this.#told = now;
		const seconds = (now - this.#begun) / 1000;
		const rate = seconds > 0 ? Math.round((done - this.#first) / seconds) : 0;
		if (this.#json) process.stdout.write(`${JSON.stringify({ event: "progress", what, done, total, rate })}\n`);
		else this.#line(`${what}: ${done} of ${total} octets (${Math.floor((100 * done) / total)} %), ${rate} octets/s`);
	}

	say(text: string, event: string): void {
		if (this.#json) process.stdout.write(`${JSON.stringify({ event })}\n`);
		else this.#line(text);
	}

	/** The result, on standard output. */
	end(object: object, text: string): void {
		this.stop();
		process.stdout.write(`${this.#json ? JSON.stringify(object) : text}\n`);
	}

	/** Leaves the line that was written over. */
	stop(): void {
		if (this.#open) process.stderr.write("\n");
		this.#open = false;
	}

	#line(text: string): void {
		if (!this.#terminal) {
			process.stderr.write(`${text}\n`);
			return;
		}
		process.stderr.write(`\r\u001b[K${text}`);
		this.#open = true;
	}
}
