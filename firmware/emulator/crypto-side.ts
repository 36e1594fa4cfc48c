import { randomFillSync } from "node:crypto";
import { type Argument, surface } from "../crypto/surface.ts";

const INVALID_ARGUMENT = -135;
const BUFFER_TOO_SMALL = -138;

type Native = (...args: number[]) => number;

interface CryptoExports {
	memory: WebAssembly.Memory;
	tre_init(): number;
	tre_transfer(): number;
	tre_transfer_size(): number;
}

/** Octets up to which copying one by one is faster than by a view. */
const FEW = 64;

function copy(from: Uint8Array, at: number, to: Uint8Array, target: number, size: number): void {
	if (size > FEW) to.set(from.subarray(at, at + size), target);
	else for (let n = 0; n < size; n++) to[target + n] = from[at + n];
}

/** No function of the surface has more arguments, a pair counting as two. */
const MOST_ARGUMENTS = 9;

/**
 * The crypto side in its own WASM instance and memory. Octets cross to and from the TRE's memory by
 * copies of checked length, through the transfer area; no pointer of one side is used on the other.
 */
export class CryptoSide {
	readonly #exports: CryptoExports & Record<string, unknown>;
	readonly #transfer: number;
	readonly #transferSize: number;
	readonly #clock: (() => number) | undefined;
	readonly #slots = new Uint32Array(MOST_ARGUMENTS);
	#view = new Uint8Array(0);
	/** Milliseconds spent on this side, in all; measured where there is a clock. */
	spentMs = 0;

	constructor(module: WebAssembly.Module, rootKey: Uint8Array, clock?: () => number) {
		this.#clock = clock;
		const fill = (at: number, size: number, write: (target: Uint8Array) => void): number => {
			write(new Uint8Array(this.memory.buffer, at, size));
			return 0;
		};
		const instance = new WebAssembly.Instance(module, {
			board: {
				entropy: (at: number, size: number) => fill(at, size, (target) => randomFillSync(target)),
				root_key: (at: number, size: number) =>
					size === rootKey.length ? fill(at, size, (target) => target.set(rootKey)) : INVALID_ARGUMENT,
			},
		});
		this.#exports = instance.exports as unknown as CryptoExports & Record<string, unknown>;
		const status = this.#exports.tre_init();
		if (status !== 0) throw new Error(`the crypto side does not start (PSA status ${status})`);
		this.#transfer = this.#exports.tre_transfer();
		this.#transferSize = this.#exports.tre_transfer_size();
	}

	get exports(): WebAssembly.Exports {
		return this.#exports as unknown as WebAssembly.Exports;
	}

	get memory(): WebAssembly.Memory {
		return this.#exports.memory;
	}

	/** The imports of module `crypto` for a TRE whose memory is `treMemory()`. */
	imports(treMemory: () => Uint8Array): Record<string, Native> {
		const table = Object.entries(surface) as [string, readonly Argument[]][];
		return Object.fromEntries(table.map(([name, shape]) => [name, this.#bridge(name, shape, treMemory)]));
	}

	/** The transfer area, wherever the memory is by now. */
	#area(): Uint8Array {
		if (this.#view.buffer !== this.memory.buffer)
			this.#view = new Uint8Array(this.memory.buffer, this.#transfer, this.#transferSize);
		return this.#view;
	}

	/** Octets in use of the transfer area, or the negative status that refuses the arguments. */
	#copyIn(shape: readonly Argument[], outer: Uint8Array, inner: Uint8Array): number {
		const slots = this.#slots;
		let used = 0;
		let next = 0;
		for (let n = 0; n < shape.length; n++) {
			const kind = shape[n];
			if (kind === "u32") {
				next++;
				continue;
			}
			const first = slots[next];
			const size = slots[next + 1];
			if (first + size > outer.length) return INVALID_ARGUMENT;
			if (used + size > inner.length) return BUFFER_TOO_SMALL;
			if (kind === "in") copy(outer, first, inner, used, size);
			slots[next] = this.#transfer + used;
			used += size;
			next += 2;
		}
		return used;
	}

	/** Vectors of an authentication cross here, so nothing is allocated on the way. */
	#bridge(name: string, shape: readonly Argument[], treMemory: () => Uint8Array): Native {
		const target = this.#exports[`tre_${name}`] as Native;
		const slots = this.#slots;
		const output = shape.at(-1);
		const outputAt = shape.reduce((count, kind) => count + (kind === "u32" ? 1 : 2), 0) - 2;
		const writes = output === "out" || output === "fill";
		return (a, b, c, d, e, f, g, h, i) => {
			slots[0] = a;
			slots[1] = b;
			slots[2] = c;
			slots[3] = d;
			slots[4] = e;
			slots[5] = f;
			slots[6] = g;
			slots[7] = h;
			slots[8] = i;
			const outer = treMemory();
			const inner = this.#area();
			const to = slots[outputAt];
			const used = this.#copyIn(shape, outer, inner);
			if (used < 0) {
				inner.fill(0);
				return used;
			}
			const started = this.#clock?.() ?? 0;
			// Each by its index: an iterator would cost more than the call.
			let result = target(slots[0], slots[1], slots[2], slots[3], slots[4], slots[5], slots[6], slots[7], slots[8]);
			if (this.#clock) this.spentMs += this.#clock() - started;
			if (writes && result >= 0) {
				const size = slots[outputAt + 1];
				const count = output === "fill" ? size : result;
				if (count > size) result = BUFFER_TOO_SMALL;
				else copy(inner, slots[outputAt] - this.#transfer, outer, to, count);
			}
			inner.fill(0, 0, used);
			return result;
		};
	}
}
