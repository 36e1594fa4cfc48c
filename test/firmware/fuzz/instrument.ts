import binaryen from "binaryen";

/** A place that a run may come by: the entry of a function, an arm of a branch, a turn of a loop. */
export interface Place {
	readonly function: string;
	/** Name of the exported global that counts the visits. */
	readonly counter: string;
}

export interface Instrumented {
	readonly module: WebAssembly.Module;
	readonly places: readonly Place[];
}

/** Exported global: turns of loops that are left until the module traps, so that a hang is a trap. */
export const FUEL = "fuel";

const MAX_FUEL = 2 ** 31 - 1;

/** Number of lines from `from` to the closing bracket at the same indentation, in Binaryen's way to print. */
function lengthOf(lines: readonly string[], from: number): number {
	const indent = lines[from].length - lines[from].trimStart().length;
	const close = `${" ".repeat(indent)})`;
	let at = from + 1;
	while (lines[at] !== close) at++;
	return at - from + 1;
}

/** Writes the text form of a module with counters in it, line by line. */
class Rewriter {
	readonly places: Place[] = [];
	readonly #lines: readonly string[];
	readonly #chosen: (name: string) => boolean;
	readonly #prefix: string;
	readonly #out: string[] = [];
	#function = "";
	/** Lines at which the missing `else` of an `if` goes in, and closings of rewritten `br_if`, by line number. */
	readonly #before = new Map<number, string[]>();

	constructor(text: string, prefix: string, chosen: (name: string) => boolean) {
		this.#prefix = prefix;
		this.#lines = text.split("\n");
		this.#chosen = chosen;
	}

	run(): string {
		let atEntry = false;
		for (const [number, line] of this.#lines.entries()) {
			const word = line.trimStart();
			if (line.startsWith(" (func $")) {
				this.#function = /^\(func \$(\S+)/.exec(word)?.[1]?.replace(/"/g, "") ?? "";
				atEntry = true;
				this.#out.push(line);
				continue;
			}
			if (atEntry && !word.startsWith("(local ")) {
				atEntry = false;
				if (this.#function !== "") this.#out.push(this.#count());
			}
			this.#out.push(...(this.#before.get(number) ?? []));
			this.#statement(number, line, word);
		}
		const end = this.#out.lastIndexOf(")");
		this.#out.splice(end, 0, ...this.#globals());
		return this.#out.join("\n");
	}

	#statement(number: number, line: string, word: string): void {
		const branch = /^\(br_if (\S+)$/.exec(word);
		if (branch && this.#chosen(this.#function)) {
			const length = lengthOf(this.#lines, number);
			if (this.#isPlainBranch(number, length)) {
				this.#out.push(line.replace(/\(br_if \S+$/, "(if"));
				this.#put(number + length - 1, [`(then ${this.#count()} (br ${branch[1]}))`, `(else ${this.#count()})`]);
				return;
			}
		}
		this.#out.push(line);
		if (word === "(then" && this.#chosen(this.#function)) {
			this.#out.push(this.#count());
			const end = number + lengthOf(this.#lines, number);
			if (!this.#lines[end].trimStart().startsWith("(else")) this.#put(end, [`(else ${this.#count()})`]);
		} else if (word === "(else") this.#out.push(this.#count());
		else if (/^\(loop \S+( \(result \S+\))?$/.test(word)) this.#out.push(this.#count(), this.#burn());
	}

	/** A condition and no value: its operand is one expression. */
	#isPlainBranch(number: number, length: number): boolean {
		const indent = this.#lines[number].length - this.#lines[number].trimStart().length + 1;
		const children = this.#lines.slice(number + 1, number + length - 1);
		return children.filter((line) => line[indent] === "(" && line.slice(0, indent).trim() === "").length === 1;
	}

	#put(number: number, lines: string[]): void {
		this.#before.set(number, [...(this.#before.get(number) ?? []), ...lines]);
	}

	#count(): string {
		if (!this.#chosen(this.#function)) return "";
		const counter = `${this.#prefix}:${this.places.length}`;
		this.places.push({ function: this.#function, counter });
		return `(global.set $${counter} (i32.add (global.get $${counter}) (i32.const 1)))`;
	}

	#burn(): string {
		return (
			`(global.set $${FUEL} (i32.sub (global.get $${FUEL}) (i32.const 1)))` +
			`(if (i32.eqz (global.get $${FUEL})) (then (unreachable)))`
		);
	}

	#globals(): string[] {
		const one = (name: string, value: number) => `(global $${name} (export "${name}") (mut i32) (i32.const ${value}))`;
		return [one(FUEL, MAX_FUEL), ...this.places.map(({ counter }) => one(counter, 0))];
	}
}

/**
 * The module with a counter at every place of the functions that `chosen` names, and fuel in every loop.
 * `prefix` tells its counters from those of another module.
 */
export function instrument(wasm: Uint8Array, prefix: string, chosen: (name: string) => boolean): Instrumented {
	const plain = binaryen.readBinary(wasm);
	const rewriter = new Rewriter(plain.emitText(), prefix, chosen);
	plain.dispose();
	const module = binaryen.parseText(rewriter.run());
	module.setFeatures(binaryen.Features.All);
	if (!module.validate()) throw new Error("the instrumented module is not valid");
	const binary = module.emitBinary();
	module.dispose();
	return { module: new WebAssembly.Module(new Uint8Array(binary)), places: rewriter.places };
}
