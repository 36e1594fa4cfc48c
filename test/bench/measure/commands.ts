import type { CommandName } from "../../../firmware/contract/commands.ts";
import { FlashMemory } from "../../../firmware/emulator/flash-memory.ts";
import { encodeRequest, type Request, type Response } from "../../../host/tre/codec.ts";
import { keyedFlash } from "../../support/keyed-flash.ts";
import { DirectTre, responseOf } from "../../support/machine.ts";
import { type LivingTre, wholeLife } from "../../support/whole-life.ts";
import { median } from "./statistics.ts";

const UNIT = 4;

/** What one command of a life cost. */
interface Cost {
	readonly ms: number;
	readonly programmed: number;
	readonly erased: number;
	readonly request: number;
	readonly response: number;
}

/** What a command costs in the middle of its runs; flash in octets, units of four and sectors. */
export interface CommandRow extends Cost {
	readonly command: string;
	readonly times: number;
	readonly units: number;
}

class CountingFlash extends FlashMemory {
	programmed = 0;
	erased = 0;

	override program(address: number, octets: Uint8Array): void {
		this.programmed += octets.length;
		super.program(address, octets);
	}

	override erase(sector: number): void {
		this.erased++;
		super.erase(sector);
	}
}

class MeteredTre implements LivingTre {
	readonly costs = new Map<string, Cost[]>();
	readonly #flash = new CountingFlash();
	readonly #rootKey: Uint8Array;
	#tre: DirectTre;

	constructor(image: Uint8Array | undefined, rootKey: Uint8Array) {
		if (image) this.#flash.octets.set(image);
		this.#rootKey = rootKey;
		this.#tre = new DirectTre(this.#flash, rootKey);
	}

	boot(): void {
		this.#meter("boot", 0, () => {
			this.#tre = new DirectTre(this.#flash, this.#rootKey);
			return new Uint8Array(0);
		});
	}

	call<Name extends CommandName>(name: Name, request: Request<Name>): Response<Name> {
		const message = encodeRequest(name, request);
		const octets = this.#meter(name, message.length, () => this.#tre.exchange(message));
		return responseOf(name, octets);
	}

	#meter<Octets extends Uint8Array>(name: string, request: number, run: () => Octets): Octets {
		const [programmed, erased] = [this.#flash.programmed, this.#flash.erased];
		const started = performance.now();
		const octets = run();
		const ms = performance.now() - started;
		const cost = {
			...{ ms, request, response: octets.length },
			...{ programmed: this.#flash.programmed - programmed, erased: this.#flash.erased - erased },
		};
		this.costs.set(name, [...(this.costs.get(name) ?? []), cost]);
		return octets;
	}
}

/** Every command of `lives` whole lives, the refused ones among them: time inside the TRE, flash, octets. */
export async function costOfCommands(lives: number): Promise<readonly CommandRow[]> {
	const { image: flash, rootKey } = keyedFlash();
	const all = new Map<string, Cost[]>();
	for (let life = 0; life < lives; life++) {
		// One of them makes its keys.
		const tre = new MeteredTre(life === 0 ? undefined : flash, rootKey);
		await wholeLife(tre);
		for (const [name, costs] of tre.costs) all.set(name, [...(all.get(name) ?? []), ...costs]);
	}
	return [...all].map(([command, costs]) => {
		const middle = (field: keyof Cost): number => median(costs.map((cost) => cost[field]));
		const programmed = middle("programmed");
		return {
			...{ command, times: costs.length, ms: middle("ms"), programmed, units: programmed / UNIT },
			...{ erased: middle("erased"), request: middle("request"), response: middle("response") },
		};
	});
}
