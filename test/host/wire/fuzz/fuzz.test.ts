import { setFlagsFromString } from "node:v8";
import { runInNewContext, runInThisContext } from "node:vm";
import { describe, expect, test } from "vitest";
import { generator } from "../../../../hil/scenarios/sampling.ts";
import { XmlError } from "../../../../host/wire/xml/parse.ts";
import { times } from "../../../support/long-form.ts";
import { Mutator } from "../../../support/mutate.ts";
import { Finding, type Target, targets } from "./targets.ts";

const SEED = Number(process.env.FUZZ_SEED ?? 1);
/** An input that takes so long is one that never ends. */
const HANG_MS = 60_000;
/** What may be left when all is done; a leak of some octets an input comes to more. */
const LEFT = 16 * 2 ** 20;

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

const scope = globalThis as unknown as { oneInput?: () => void };
const withoutHang = (run: () => void): void => {
	scope.oneInput = run;
	runInThisContext("oneInput()", { timeout: HANG_MS });
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

	constructor(target: Target) {
		this.#target = target;
		this.#pool = [...target.corpus];
		this.#mutator = new Mutator(this.#random, target.dictionary);
	}

	run(inputs: number): Told {
		const end = this.#target.corpus.length + inputs;
		while (this.#n < end) {
			try {
				// A hundred to a watch, which costs more than most inputs do.
				withoutHang(() => this.#until(Math.min(end, this.#n + 100)));
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

	test("a planted fault is found: an error without a name, a text that changes, a loop without an end", () => {
		const target = targets.find(({ name }) => name === "XML") as Target;
		expect(() => fuzz({ ...target, refusals: target.refusals.filter((one) => one !== XmlError) }, 200)).toThrow(
			Finding,
		);
		const forgetful = (input: Buffer): void => target.read(Buffer.from(input.toString("latin1"), "utf8").subarray(1));
		expect(() => fuzz({ ...target, refusals: [], read: forgetful }, 200)).toThrow(Finding);
		scope.oneInput = () => {
			for (;;);
		};
		expect(() => runInThisContext("oneInput()", { timeout: 50 })).toThrow(/timed out/);
	});
});
