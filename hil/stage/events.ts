import type { BenchEvent, StepEvent } from "../../host/wire/report/events.ts";

/** A scenario did not go as it should. */
export class ScenarioFailed extends Error {}

interface Waiting {
	readonly accepts: (event: StepEvent, from: string) => boolean;
	resolve(): void;
	reject(error: Error): void;
}

/** Sees steps as they begin and as they end; both are counted from 1. */
export interface StageListener {
	onBegin?(count: number): void;
	onStep(step: StepEvent, count: number): void;
}

/** Collects what the processes tell, in order, and lets a scenario wait for a step. */
export class EventLog {
	readonly steps: StepEvent[] = [];
	/** Steps that have begun. */
	begun = 0;
	readonly problems: string[] = [];
	readonly timings: Record<string, Record<string, number>> = {};
	readonly #listener: StageListener;
	readonly #onDocument: (event: Extract<BenchEvent, { event: "document" }>) => void;
	readonly #waiting = new Set<Waiting>();
	/** A process has died; the scenario cannot go on. */
	#fatal: Error | undefined;

	constructor(listener: StageListener, onDocument: (event: Extract<BenchEvent, { event: "document" }>) => void) {
		this.#listener = listener;
		this.#onDocument = onDocument;
	}

	take(event: BenchEvent, from: string): void {
		if (event.event === "document") this.#onDocument(event);
		else if (event.event === "problem") this.problems.push(event.what);
		else if (event.event === "died") this.#fail(new ScenarioFailed(event.what));
		else if (event.event === "timings") this.#addTimings(from, event.ms);
		else if (event.event === "begin") {
			this.begun++;
			this.#listener.onBegin?.(this.begun);
		} else if (event.event === "step") {
			this.steps.push(event);
			this.#listener.onStep(event, this.steps.length);
			for (const waiting of this.#waiting) if (waiting.accepts(event, from)) waiting.resolve();
		}
	}

	/** Resolves when a step with that mark succeeds in a process whose name ends so. */
	waitFor(mark: string, process: string, timeoutMs: number): Promise<void> {
		if (this.#fatal) return Promise.reject(this.#fatal);
		return new Promise((resolve, reject) => {
			const settle = (run: () => void) => () => {
				clearTimeout(timer);
				this.#waiting.delete(waiting);
				run();
			};
			const late = () => {
				const problems = this.problems.length > 0 ? `\n${this.problems.join("\n")}` : "";
				waiting.reject(
					new ScenarioFailed(`${process} did not reach "${mark}" within ${timeoutMs / 1000} s${problems}`),
				);
			};
			const timer = setTimeout(late, timeoutMs);
			const waiting: Waiting = {
				accepts: (event, from) => event.ok && event.mark === mark && from.endsWith(process),
				resolve: settle(resolve),
				reject: (error) => settle(() => reject(error))(),
			};
			this.#waiting.add(waiting);
		});
	}

	#fail(error: Error): void {
		this.#fatal = error;
		this.problems.push(error.message);
		for (const waiting of this.#waiting) waiting.reject(error);
	}

	get fatal(): Error | undefined {
		return this.#fatal;
	}

	#addTimings(from: string, ms: Readonly<Record<string, number>>): void {
		this.timings[from] ??= {};
		const sum = this.timings[from];
		for (const [name, value] of Object.entries(ms)) sum[name] = (sum[name] ?? 0) + value;
	}
}
