import type { CommandName } from "../../../firmware/contract/commands.ts";
import { loadArtefacts } from "../../../firmware/emulator/artefacts.ts";
import type { Geometry } from "../../../firmware/emulator/flash.ts";
import { Machine } from "../../../firmware/emulator/machine.ts";
import { generator } from "../../../hil/rig/sampling.ts";
import { readFlash } from "../../support/flash-image.ts";
import { apply, type Operation, RecordingFlash, tear } from "./flash.ts";
import {
	bootsOf,
	isSecret,
	RECORD_BOOTS,
	RECORD_CHANGE,
	RECORD_ROOT_PENDING,
	RECORD_SECURITY_COUNTER,
	RECORD_STATE,
	RECORD_WIPING,
	readStore,
	type StoreState,
	sameRecords,
} from "./store-model.ts";

const artefacts = loadArtefacts();
/** The store does not ask for it: keys stay sealed. */
const rootKey = new Uint8Array(32);

/** One command that wrote: the flash before it, and every operation it made. */
export interface Written {
	readonly name: CommandName | "boot" | "tick";
	/** Of a command, so that it can be given again. */
	readonly request: object | undefined;
	readonly geometry: Geometry;
	readonly before: Uint8Array;
	readonly operations: readonly Operation[];
	/** A boot counts against a trial, so its state may move then. */
	readonly trial: boolean;
}

export interface Violation {
	readonly what: string;
	readonly command: string;
	/** Operation in which the power failed, and that of the recovery, from 0. */
	readonly cuts: readonly number[];
	readonly seed: number;
}

interface Booted {
	readonly flash: RecordingFlash;
	readonly alive: boolean;
}

/** Boots the firmware on an image; what it wrote, and whether it can work. */
function boot(image: Uint8Array, geometry: Geometry, tre: WebAssembly.Module): Booted {
	const flash = new RecordingFlash(geometry, image);
	let trapped = false;
	new Machine({
		...artefacts,
		tre,
		flash,
		rootKey,
		uartWrite: () => undefined,
		seconds: () => 0,
		onTrap: () => {
			trapped = true;
		},
	});
	// Every boot that finds its store counts itself.
	const booted = readStore(flash.octets, geometry).records.has(RECORD_BOOTS) && flash.operations.length > 0;
	return { flash, alive: booted && !trapped };
}

export interface Plan {
	/** Which operations of a command to cut at: all, or a seeded share of them. */
	readonly share: number;
	/** Torn states at each cut. */
	readonly tears: number;
	/** Share of the recovery's operations to cut at, for each torn state. */
	readonly recoveryShare: number;
	readonly seed: number;
	/** Cut at these operations only. */
	readonly only?: Operation["kind"];
	readonly tre?: WebAssembly.Module;
}

/** Cuts the power at the operations of a command and of the recovery after it, and compares store and model. */
export class PowerCutProof {
	readonly violations: Violation[] = [];
	/** Torn states tried. */
	states = 0;
	readonly #plan: Plan;
	readonly #random: () => number;
	readonly #tre: WebAssembly.Module;

	constructor(plan: Plan) {
		this.#plan = plan;
		this.#random = generator(plan.seed);
		this.#tre = plan.tre ?? artefacts.tre;
	}

	run(written: Written): void {
		const { geometry, before, operations } = written;
		const old = readStore(before, geometry);
		const whole = before.slice();
		for (const operation of operations) apply(whole, operation, geometry.sectorSize);
		const after = readStore(whole, geometry);
		if (!after.clean)
			this.violations.push({
				what: "a secret that was deleted is still there",
				command: written.name,
				cuts: [],
				seed: this.#plan.seed,
			});
		const prefix = before.slice();
		for (const [cut, operation] of operations.entries()) {
			if (operation.kind === (this.#plan.only ?? operation.kind) && this.#random() < this.#plan.share) {
				this.#cut(written, prefix.slice(), [cut], [old, after]);
				for (let n = 0; n < this.#plan.tears; n++) {
					const torn = prefix.slice();
					tear(torn, operation, geometry.sectorSize, this.#random);
					this.#cut(written, torn, [cut], [old, after]);
				}
			}
			apply(prefix, operation, geometry.sectorSize);
		}
	}

	/** The power has failed and left this image: the store is as before or as after, and the next boot finds it so. */
	#cut(written: Written, torn: Uint8Array, cuts: readonly number[], allowed: readonly StoreState[]): void {
		const { geometry, name } = written;
		this.states++;
		const found = readStore(torn, geometry);
		const booted = boot(torn, geometry, this.#tre);
		const recovered = readStore(booted.flash.octets, geometry);
		const what = this.#fault(written, allowed, found, booted, recovered);
		if (what !== undefined) {
			this.violations.push({ what, command: name, cuts, seed: this.#plan.seed });
			return;
		}
		if (cuts.length > 1) return;
		const inside = torn.slice();
		for (const [cut, step] of booted.flash.operations.entries()) {
			if (this.#random() < this.#plan.recoveryShare) {
				const again = inside.slice();
				if (this.#random() < 0.8) tear(again, step, geometry.sectorSize, this.#random);
				this.#cut(written, again, [...cuts, cut], [found, recovered]);
			}
			apply(inside, step, geometry.sectorSize);
		}
	}

	#fault(
		{ trial, name, before }: Written,
		allowed: readonly StoreState[],
		found: StoreState,
		booted: Booted,
		recovered: StoreState,
	): string | undefined {
		const begun = name === "wipe" && found.records.has(RECORD_WIPING);
		if (!begun && !allowed.some(({ records }) => sameRecords(records, found.records)))
			return "the store is neither as before nor as after";
		if (!booted.alive || bootsOf(recovered) !== bootsOf(found) + 1) return "the TRE does not boot";
		if (booted.flash.misuse.length > 0) return booted.flash.misuse[0].message;
		if (!recovered.clean) return "what was deleted is still there after the boot";
		if (begun || (name === "wipe" && isOfNoLife(recovered)))
			return isWiped(before, booted.flash.octets, recovered) ? undefined : "the boot has not ended the wipe";
		if (trial) return isTrialAfterBoot(found, recovered) ? undefined : "a boot in a trial changed something else";
		return sameRecords(recovered.records, found.records) ? undefined : "the boot found another store than the model";
	}
}

/** A boot counts against a trial: only the state moves, or the change is gone as a whole (NOTE Y). */
function isTrialAfterBoot(found: StoreState, recovered: StoreState): boolean {
	if (sameRecords(found.records, recovered.records, [RECORD_STATE])) return true;
	return !recovered.records.has(RECORD_CHANGE) && !recovered.records.has(RECORD_ROOT_PENDING);
}

/** Nothing is left but what a device keeps from one life to the next. */
const isOfNoLife = ({ records }: StoreState): boolean =>
	[...records.keys()].every((key) => key === RECORD_BOOTS || key === RECORD_SECURITY_COUNTER);

/** That is all that is left, and nowhere in the flash stands what was secret before. */
function isWiped(before: Uint8Array, image: Uint8Array, recovered: StoreState): boolean {
	const flash = Buffer.from(image);
	const secrets = readFlash(Buffer.from(before)).filter(({ key, octets }) => isSecret(key) && octets.length > 0);
	return isOfNoLife(recovered) && secrets.length > 0 && secrets.every(({ octets }) => !flash.includes(octets));
}
