import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { defaultGeometry } from "../../../firmware/emulator/flash.ts";
import { FlashMemory } from "../../../firmware/emulator/flash-memory.ts";
import { generator } from "../../../hil/rig/sampling.ts";
import { DirectTre } from "../../support/machine.ts";
import { Mutator } from "../../support/mutate.ts";
import { FUEL, type Instrumented, type Place } from "./instrument.ts";
import type { Target } from "./targets.ts";
import type { FuzzWorld } from "./world.ts";

export interface Artefacts {
	readonly tre: Instrumented;
	readonly crypto: Instrumented;
}

/** Turns of loops for one input; what takes longest, an RSA decryption, takes three millions. */
const BUDGET = 40_000_000;

type Counters = Record<string, WebAssembly.Global | undefined>;

/** A flash that knows whether it was changed. */
class WatchedFlash extends FlashMemory {
	changed = false;

	override program(address: number, octets: Uint8Array): void {
		this.changed = true;
		super.program(address, octets);
	}
}

export class Finding extends Error {}

/**
 * Feeds a parser with mutated inputs, and keeps those that come by a new place. No trap, no hang (an input's
 * loops are counted), no growth of a memory, and after each input the next good request works.
 */
export class Fuzzer {
	readonly #world: FuzzWorld;
	readonly #artefacts: Artefacts;
	readonly #target: Target;
	readonly #mutator: Mutator;
	readonly #random: () => number;
	readonly #corpus: Uint8Array[] = [];
	readonly #reached = new Set<string>();
	readonly #open: Place[];
	readonly #places: readonly Place[];
	#flash = new WatchedFlash(defaultGeometry);
	#tre: DirectTre;
	#counters: Counters = {};
	#trap: Error | undefined;
	#memories = 0;
	/** Inputs run, the most turns of loops one of them took, instances that had to be made anew. */
	readonly told = { inputs: 0, turns: 0, restarts: 0 };

	constructor(world: FuzzWorld, artefacts: Artefacts, target: Target, seed: number) {
		this.#world = world;
		this.#artefacts = artefacts;
		this.#target = target;
		this.#random = generator(seed);
		this.#mutator = new Mutator(this.#random, target.dictionary);
		this.#places = [...artefacts.tre.places, ...artefacts.crypto.places].filter((place) =>
			target.parser.test(place.function),
		);
		this.#open = [...this.#places];
		this.#tre = this.#booted();
	}

	/** Places of the parser, and those that were reached. */
	get coverage(): { readonly reached: number; readonly of: number; readonly missed: readonly string[] } {
		const missed = this.#open.map((place) => place.function);
		return { reached: this.#places.length - this.#open.length, of: this.#places.length, missed };
	}

	/** Seeds and what was kept, then mutated ones. Answers the inputs that found a place which none before did. */
	async run(inputs: number): Promise<readonly Uint8Array[]> {
		for (const input of [...(await this.#target.seeds()), ...keptInputs(this.#target.name)]) {
			this.#feed(input);
			this.#corpus.push(input);
		}
		const found: Uint8Array[] = [];
		for (let n = 0; n < inputs; n++) {
			const input = this.#mutator.mutate(this.#pick(), this.#pick());
			if (!this.#feed(input)) continue;
			this.#corpus.push(input);
			found.push(input);
		}
		return found;
	}

	#pick(): Uint8Array {
		// The newest ones are the most interesting.
		const share = this.#random() < 0.5 ? this.#random() : 1 - this.#random() ** 3;
		return this.#corpus[Math.floor(share * this.#corpus.length)] ?? Buffer.alloc(0);
	}

	#booted(): DirectTre {
		this.told.restarts++;
		this.#flash = new WatchedFlash(defaultGeometry);
		this.#flash.octets.set(this.#world.images[this.#target.image]);
		const tre = new DirectTre(this.#flash, this.#world.rootKey, this.#artefacts.tre.module, {
			crypto: this.#artefacts.crypto.module,
			onTrap: (error) => {
				this.#trap = error;
			},
			onInstances: (firmware, crypto) => {
				this.#counters = { ...crypto, ...firmware } as Counters;
				this.#fuels = [firmware[FUEL] as WebAssembly.Global, crypto[FUEL] as WebAssembly.Global];
			},
		});
		const { tre: page, crypto } = tre.machine.memories();
		this.#memories = page.length + crypto.length;
		this.#flash.changed = false;
		return tre;
	}

	#fuels: WebAssembly.Global[] = [];

	/** True where the input came by a new place. */
	#feed(input: Uint8Array): boolean {
		this.told.inputs++;
		const fuels = this.#fuels;
		for (const fuel of fuels) fuel.value = BUDGET;
		this.#trap = undefined;
		try {
			this.#target.run(this.#tre, input);
		} catch (error) {
			this.#report(input, `the runner failed: ${(error as Error).message}`);
		}
		this.#check(
			input,
			fuels.map((fuel) => fuel.value as number),
		);
		const fresh = this.#look();
		if (this.#flash.changed) this.#tre = this.#booted();
		return fresh;
	}

	/** `left`: fuel of the instances that began with the input; a trap replaces them. */
	#check(input: Uint8Array, left: readonly number[]): void {
		if (this.#trap) this.#report(input, left.includes(0) ? "it hangs" : `it traps: ${this.#trap.message}`);
		this.told.turns = Math.max(this.told.turns, ...left.map((fuel) => BUDGET - fuel));
		if (!this.#works()) this.#report(input, "the next good request does not work");
		const { tre, crypto } = this.#tre.machine.memories();
		if (tre.length + crypto.length !== this.#memories) this.#report(input, "a memory has grown");
	}

	/** The next good request works; one whose id the input has used up gets that one's answer, and is not the next. */
	#works(): boolean {
		for (let n = 0; n < 2; n++) {
			try {
				if (this.#tre.call("info", {}).treId.length === 32) return this.#trap === undefined;
			} catch {}
		}
		return false;
	}

	/** Looks at the counters of the places that were not reached yet. */
	#look(): boolean {
		let fresh = false;
		for (let n = this.#open.length - 1; n >= 0; n--) {
			if (!this.#counters[this.#open[n].counter]?.value) continue;
			this.#reached.add(this.#open[n].counter);
			this.#open.splice(n, 1);
			fresh = true;
		}
		return fresh;
	}

	#report(input: Uint8Array, what: string): never {
		const folder = resolve("build", "fuzz", this.#target.name);
		mkdirSync(folder, { recursive: true });
		const path = join(folder, nameOf(input));
		writeFileSync(path, input);
		throw new Finding(
			`${this.#target.name}: ${what}; the input is ${path}. Mend it, and keep the input in ${corpusOf(this.#target.name)}`,
		);
	}
}

const corpusOf = (target: string): string => join("test", "vectors", "fuzz", target);
const nameOf = (input: Uint8Array): string => `${createHash("sha256").update(input).digest("hex").slice(0, 16)}.bin`;

function keptInputs(target: string): Uint8Array[] {
	const folder = resolve(corpusOf(target));
	if (!existsSync(folder)) return [];
	return readdirSync(folder)
		.sort()
		.map((name) => readFileSync(join(folder, name)));
}

/** Puts inputs into the corpus that every run begins with. */
export function keepInputs(target: string, inputs: readonly Uint8Array[]): void {
	mkdirSync(resolve(corpusOf(target)), { recursive: true });
	for (const input of inputs) writeFileSync(join(resolve(corpusOf(target)), nameOf(input)), input);
}
