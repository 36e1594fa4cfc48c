import type { UpdatePort } from "../../firmware/emulator/boot-stage.ts";
import type { Flash } from "../../firmware/emulator/flash.ts";
import { FlashMemory } from "../../firmware/emulator/flash-memory.ts";
import { DirectTre } from "./machine.ts";
import { compileFirmware, plainFlags } from "./planted.ts";

const SIZE_BITS = ~3;
const OVERHEAD = 4;

let traced: WebAssembly.Module | undefined;

/** The firmware as it is built, with the hooks of AssemblyScript's allocator as imports of the module `rtrace`. */
const tracedFirmware = (): WebAssembly.Module => {
	traced ??= new WebAssembly.Module(
		new Uint8Array(compileFirmware(undefined, [...plainFlags, "-O3s", "--use", "ASC_RTRACE=1"])),
	);
	return traced;
};

/** How much of the TRE's page allocations reach, from its start: the highest end of a block so far. */
export class PageUse {
	highest = 0;
	#memory: WebAssembly.Memory | undefined;

	/** A TRE on a flash, under this eye. */
	tre(
		flash = new FlashMemory() as FlashMemory & Flash,
		rootKey: Uint8Array = new Uint8Array(32).fill(0x5a),
		update?: UpdatePort,
	): DirectTre {
		// What is allocated while the instance is being made is below all that comes later.
		this.#memory = undefined;
		const nothing = (): number => 1;
		const itself = (pointer: number): number => pointer;
		const seen = (block: number): void => this.#see(block);
		return new DirectTre(flash, rootKey, tracedFirmware(), {
			...(update ? { update } : {}),
			onInstances: (tre) => {
				this.#memory = tre.memory as WebAssembly.Memory;
			},
			imports: {
				rtrace: {
					...{ oninit: nothing, onalloc: seen, onresize: seen, onmove: (_old: number, block: number) => seen(block) },
					...{
						onload: itself,
						onstore: itself,
						onfree: nothing,
						onvisit: nothing,
						oncollect: nothing,
						oninterrupt: nothing,
						onyield: nothing,
					},
				},
			},
		});
	}

	/** The highest end since the last call. */
	take(): number {
		const { highest } = this;
		this.highest = 0;
		return highest;
	}

	#see(block: number): void {
		if (!this.#memory) return;
		const info = new DataView(this.#memory.buffer).getUint32(block, true);
		this.highest = Math.max(this.highest, block + OVERHEAD + (info & SIZE_BITS));
	}
}
