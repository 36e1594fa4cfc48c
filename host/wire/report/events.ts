/**
 * What a process of the bench tells about itself, a JSON object a line on standard output, with the time in `at`.
 *
 * - `ready`: it serves; `addresses` are for the registry.
 * - `begin`: a step of the 3GPP text begins.
 * - `step`: it happened, or failed.
 * - `document`: a document left or arrived that the evidence folder keeps.
 * - `problem`: something was refused or failed, and what happens next.
 * - `died`: the process is gone without having been asked (told by who started it).
 * - `link`: what went over a serial line, when it is closed: frames, octets, repetitions.
 * - `timings`: where the process spent its time, milliseconds, when it ends.
 */
export type BenchEvent =
	| { readonly event: "ready"; readonly addresses: Record<string, string> }
	| BeginEvent
	| StepEvent
	| {
			readonly event: "document";
			readonly name: string;
			readonly treId?: string;
			readonly content: string;
			/** How the content stands for octets; text where nothing is said. */
			readonly encoding?: "utf8" | "base64";
			readonly about?: Record<string, string>;
	  }
	| { readonly event: "timings"; readonly ms: Readonly<Record<string, number>> }
	| { readonly event: "link"; readonly port: string; readonly counters: Readonly<Record<string, number>> }
	| { readonly event: "died"; readonly what: string }
	| { readonly event: "problem"; readonly what: string };

export interface BeginEvent {
	readonly event: "begin";
	readonly clause: string;
	readonly from: string;
	readonly to: string;
	readonly what: string;
}

export interface StepEvent {
	readonly event: "step";
	readonly clause: string;
	readonly from: string;
	readonly to: string;
	readonly what: string;
	readonly ms: number;
	readonly ok: boolean;
	/** Name for those who wait for it. */
	readonly mark?: string;
}

export const emit = (event: BenchEvent): void => {
	process.stdout.write(`${JSON.stringify({ ...event, at: new Date().toISOString() })}\n`);
};

export interface StepNames {
	readonly clause: string;
	readonly from: string;
	readonly to: string;
	readonly what: string;
	readonly mark?: string;
}

/** Runs a step, measures it, and tells of it whether it succeeds or not. */
export async function step<T>(names: StepNames, run: () => Promise<T> | T): Promise<T> {
	const { clause, from, to, what: begun } = names;
	emit({ event: "begin", clause, from, to, what: begun });
	const start = performance.now();
	const told = (ok: boolean, what = names.what) =>
		emit({ event: "step", ...names, what, ms: Math.round((performance.now() - start) * 10) / 10, ok });
	try {
		const result = await run();
		told(true);
		return result;
	} catch (error) {
		told(false, `${names.what}: ${error instanceof Error ? error.message : error}`);
		throw error;
	}
}
