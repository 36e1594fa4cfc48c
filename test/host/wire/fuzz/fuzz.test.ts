import { setFlagsFromString } from "node:v8";
import { runInNewContext, runInThisContext } from "node:vm";
import { describe, expect, test } from "vitest";
import { generator } from "../../../../hil/rig/sampling.ts";
import { decodePush, encodePush } from "../../../../host/wire/push/wsp.ts";
import { times } from "../../../support/long-form.ts";
import { Mutator } from "../../../support/mutate.ts";
import { Finding, same, shown, smsReader, type Target, targets, wbxmlReader } from "./targets.ts";

const SEED = Number(process.env.FUZZ_SEED ?? 1);
/** An input that takes so long is one that never ends. */
const HANG_MS = 60_000;
/** What may be left when all is done; a leak of some octets an input comes to more. */
const LEFT = 16 * 2 ** 20;

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

const scope = globalThis as unknown as { oneInput?: () => void };
const withoutHang = (run: () => void, timeout: number): void => {
	scope.oneInput = run;
	runInThisContext("oneInput()", { timeout });
};

interface Told {
	read: number;
	refused: number;
}

class Fuzzer {
	readonly told: Told = { read: 0, refused: 0 };
	readonly #target: Target;
	readonly #pool: Uint8Array[];
	readonly #random = generator(SEED);
	readonly #mutator: Mutator;
	#n = 0;
	#input = Buffer.alloc(0);

	readonly #hangMs: number;

	constructor(target: Target, hangMs = HANG_MS) {
		this.#hangMs = hangMs;
		this.#target = target;
		this.#pool = [...target.corpus];
		this.#mutator = new Mutator(this.#random, target.dictionary);
	}

	run(inputs: number): Told {
		const end = this.#target.corpus.length + inputs;
		while (this.#n < end) {
			try {
				// A hundred to a watch, which costs more than most inputs do.
				withoutHang(() => this.#until(Math.min(end, this.#n + 100)), this.#hangMs);
			} catch (error) {
				const what = `input ${this.#n} of seed ${SEED}: ${String(error)}: ${this.#input.toString("hex")}`;
				throw new Finding(what, { cause: error });
			}
		}
		return this.told;
	}

	#until(end: number): void {
		const { corpus, refusals, read } = this.#target;
		for (; this.#n < end; this.#n++) {
			this.#input = Buffer.from(corpus[this.#n] ?? this.#mutator.mutate(this.#pick(), this.#pick()));
			try {
				read(this.#input);
			} catch (error) {
				if (!refusals.some((refusal) => error instanceof refusal)) throw error;
				this.told.refused++;
				continue;
			}
			this.told.read++;
			// What is read is mutated on.
			if (this.#n >= corpus.length && this.#pool.length < 400) this.#pool.push(this.#input);
		}
	}

	#pick(): Uint8Array {
		return this.#pool[Math.floor(this.#random() * this.#pool.length)] as Uint8Array;
	}
}

/** A reader that takes the mistakes of its input for its own. */
function unnamed(input: Buffer): void {
	try {
		decodePush(input);
	} catch {
		throw new TypeError("undefined is not an object");
	}
}

/** A writer that leaves a parameter out. */
function forgetful(input: Buffer): void {
	const read = decodePush(input);
	const { mac, ...rest } = read;
	same("its octets", shown(read), shown(decodePush(encodePush(rest))));
}

function endless(): void {
	for (;;);
}

const fuzz = (target: Target, inputs: number): Told => new Fuzzer(target).run(inputs);

describe("readers of octets from outside: a refusal by name, or what can be written and read again; no hang, no leak", () => {
	test.each(targets.map((target) => [target.name, target] as const))(
		"%s",
		{ timeout: 12 * 3_600_000 },
		(name, target) => {
			fuzz(target, 200);
			collect();
			const before = process.memoryUsage().heapUsed;
			const { read, refused } = fuzz(target, times(target.inputs));
			collect();
			const left = process.memoryUsage().heapUsed - before;
			process.stdout.write(`fuzz ${name}: ${read} read, ${refused} refused\n`);
			expect(read).toBeGreaterThan(target.corpus.length / 4);
			expect(refused).toBeGreaterThan(0);
			expect(left).toBeLessThan(LEFT);
		},
	);

	const named = (wanted: string): Target => targets.find(({ name }) => name === wanted) as Target;
	const unbounded = { maxMessages: 1e9, maxOctets: 1e9, timeoutMs: 1e9 };

	test.each([
		["text without a bound", { ...named("WBXML"), read: wbxmlReader({ maxText: 1e9 }) }, /became \d+ characters/],
		["depth without a bound", { ...named("WBXML"), read: wbxmlReader({ maxDepth: 1e9 }) }, /RangeError/],
		["a reassembly without a bound", { ...named("SMS-DELIVER"), read: smsReader(unbounded) }, /it keeps/],
		["an error that has no name", { ...named("WSP push"), read: unnamed }, /TypeError/],
		["what is not written as it was read", { ...named("WSP push"), read: forgetful }, /not what it was read from/],
	])("a planted fault is found: %s", (_what, target, finding) => {
		expect(() => new Fuzzer(target).run(3000)).toThrow(finding);
	});

	test("a planted fault is found: a loop without an end", () => {
		expect(() => new Fuzzer({ ...named("XML"), read: endless }, 100).run(1)).toThrow(/timed out/);
	});
});
