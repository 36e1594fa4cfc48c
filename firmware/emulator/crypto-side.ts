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

/** A call on its way over: its arguments, octets of the transfer area in use, where the output goes. */
interface Call {
	readonly passed: number[];
	used: number;
	output: { readonly from: number; readonly to: number; readonly size: number; readonly kind: Argument } | undefined;
}

/**
 * The crypto side in its own WASM instance and memory. Octets cross to and from the TRE's memory by
 * copies of checked length, through the transfer area; no pointer of one side is used on the other.
 */
export class CryptoSide {
	readonly #exports: CryptoExports & Record<string, unknown>;
	readonly #transfer: number;
	readonly #transferSize: number;
	/** Milliseconds spent on this side, in all. */
	spentMs = 0;

	constructor(module: WebAssembly.Module, rootKey: Uint8Array) {
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

	#bridge(name: string, shape: readonly Argument[], treMemory: () => Uint8Array): Native {
		const target = this.#exports[`tre_${name}`] as Native;
		return (...args) => {
			const outer = treMemory();
			const inner = new Uint8Array(this.memory.buffer, this.#transfer, this.#transferSize);
			const call = this.#copyIn(shape, args, outer, inner);
			if (typeof call === "number") {
				inner.fill(0);
				return call;
			}
			const started = performance.now();
			const result = target(...call.passed);
			this.spentMs += performance.now() - started;
			const copied = copyOut(call, result, outer, inner);
			inner.fill(0, 0, call.used);
			return copied;
		};
	}

	/** Arguments as the crypto side sees them, or the status that refuses them. */
	#copyIn(shape: readonly Argument[], args: readonly number[], outer: Uint8Array, inner: Uint8Array): Call | number {
		const call: Call = { passed: [], used: 0, output: undefined };
		let next = 0;
		for (const kind of shape) {
			const first = (args[next++] ?? 0) >>> 0;
			if (kind === "u32") {
				call.passed.push(first);
				continue;
			}
			const size = (args[next++] ?? 0) >>> 0;
			if (first + size > outer.length) return INVALID_ARGUMENT;
			if (call.used + size > inner.length) return BUFFER_TOO_SMALL;
			if (kind === "in") inner.set(outer.subarray(first, first + size), call.used);
			else call.output = { from: call.used, to: first, size, kind };
			call.passed.push(this.#transfer + call.used, size);
			call.used += size;
		}
		return call;
	}
}

function copyOut({ output }: Call, result: number, outer: Uint8Array, inner: Uint8Array): number {
	if (!output || result < 0) return result;
	const count = output.kind === "fill" ? output.size : result;
	if (count > output.size) return BUFFER_TOO_SMALL;
	outer.set(inner.subarray(output.from, output.from + count), output.to);
	return result;
}
