import type { CommandName } from "../../../firmware/contract/commands.ts";
import { lifeStates } from "../../../firmware/contract/states.ts";
import type { Geometry } from "../../../firmware/emulator/flash.ts";
import type { Request, Response } from "../../../host/tre/codec.ts";
import { readFlash, writeFlash } from "../../support/flash-image.ts";
import { keyedFlash } from "../../support/keyed-flash.ts";
import { DirectTre } from "../../support/machine.ts";
import { type LivingTre, wholeLife } from "../../support/whole-life.ts";
import { RecordingFlash } from "./flash.ts";
import type { Written } from "./proof.ts";

/** A flash to begin with, and the device root key that belongs to it. */
export interface Start {
	readonly image?: Uint8Array;
	readonly rootKey: Uint8Array;
}

/** A device with its keys, in any geometry. */
export function keyed({ sectorSize, sectorCount }: Geometry): Start {
	const records = new Map<number, Uint8Array>();
	const { image, rootKey } = keyedFlash();
	for (const { key, octets } of readFlash(image)) {
		if (octets.length > 0) records.set(key, octets);
	}
	return { image: writeFlash(sectorSize * sectorCount, records), rootKey };
}

/** A TRE in this process whose flash is recorded command by command; what does not write is left out. */
class Recorded implements LivingTre {
	readonly written: Written[] = [];
	readonly flash: RecordingFlash;
	#tre: DirectTre;

	readonly #rootKey: Uint8Array;

	constructor(geometry: Geometry, { image, rootKey }: Start) {
		this.#rootKey = rootKey;
		this.flash = new RecordingFlash(geometry, image);
		this.#tre = this.#booted();
	}

	get #trial(): boolean {
		return this.#tre?.call("status", {}).state === lifeStates.trial;
	}

	#booted(): DirectTre {
		let booted: DirectTre | undefined;
		const trial = this.written.at(-1)?.trial ?? false;
		this.#record("boot", trial, () => {
			booted = new DirectTre(this.flash, this.#rootKey);
		});
		return booted as unknown as DirectTre;
	}

	/** Off and on again. */
	boot(): void {
		this.#tre = this.#booted();
	}

	call<Name extends CommandName>(name: Name, request: Request<Name>): Response<Name> {
		return this.#record(name, this.#trial, () => this.#tre.call(name, request), request);
	}

	#record<T>(name: Written["name"], trial: boolean, run: () => T, request?: object): T {
		const { sectorSize, sectorCount } = this.flash;
		const before = this.flash.octets.slice();
		const from = this.flash.operations.length;
		const result = run();
		const operations = this.flash.operations.slice(from);
		const after = trial || (this.#tre !== undefined && this.#trial);
		if (operations.length > 0)
			this.written.push({ name, request, geometry: { sectorSize, sectorCount }, before, operations, trial: after });
		return result;
	}
}

/** A whole life on one flash, every command that writes recorded. */
export async function recordLife(geometry: Geometry, start: Start): Promise<readonly Written[]> {
	const recorded = new Recorded(geometry, start);
	await wholeLife(recorded);
	if (recorded.flash.misuse.length > 0) throw recorded.flash.misuse[0];
	return recorded.written;
}
