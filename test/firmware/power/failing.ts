import type { CommandName } from "../../../firmware/contract/commands.ts";
import { lifeStates } from "../../../firmware/contract/states.ts";
import type { Geometry } from "../../../firmware/emulator/flash.ts";
import { generator } from "../../../hil/rig/sampling.ts";
import type { Request, Response } from "../../../host/tre/codec.ts";
import type { TreError } from "../../../host/tre/errors.ts";
import { DirectTre } from "../../support/machine.ts";
import { RecordingFlash, tear, UNIT } from "./flash.ts";
import type { Written } from "./proof.ts";
import { bootsOf, readStore, sameRecords } from "./store-model.ts";

/** A flash whose controller reports that an operation did not succeed; what stands there afterwards is anything. */
export class FailingFlash extends RecordingFlash {
	readonly #random: () => number;
	/** Operations until the one that fails. */
	#countdown = Number.POSITIVE_INFINITY;
	#manner: Manner = "once";

	constructor(geometry: Geometry, image: Uint8Array, random: () => number) {
		super(geometry, image);
		this.#random = random;
	}

	/** The operation after `after` others fails. */
	arm(after: number, manner: Manner): void {
		this.#countdown = after;
		this.#manner = manner;
	}

	mend(): void {
		this.arm(Number.POSITIVE_INFINITY, "once");
	}

	override program(address: number, octets: Uint8Array): void {
		for (let at = 0; at < octets.length; at += UNIT) {
			const unit = octets.subarray(at, at + UNIT);
			const spoil = () => tear(this.octets, { kind: "program", address: address + at, octets: unit }, 0, this.#random);
			if (this.#attempt(spoil)) super.program(address + at, unit);
		}
	}

	override erase(sector: number): void {
		const spoil = () => tear(this.octets, { kind: "erase", sector }, this.sectorSize, this.#random);
		if (this.#attempt(spoil)) super.erase(sector);
	}

	/** True where the operation is to be done as it should be. */
	#attempt(spoil: () => void): boolean {
		if (this.#countdown-- > 0) return true;
		const manner = this.#manner;
		if (manner !== "for good") this.mend();
		spoil();
		if (manner === "silently") return false;
		throw new Error("the flash controller reports a failure");
	}
}

/** Reported once, reported from then on, or once and not reported at all. */
export type Manner = "once" | "for good" | "silently";
const manners: readonly Manner[] = ["once", "for good", "silently"];

interface Broken {
	readonly what: string;
	readonly command: string;
	readonly operation: number;
	readonly manner: Manner;
}

export interface FailingPlan {
	/** Share of a command's operations that are made to fail. */
	readonly share: number;
	readonly seed: number;
	readonly rootKey: Uint8Array;
	readonly tre?: WebAssembly.Module;
}

type Said = { readonly done: true } | { readonly error: string };

/** Lets flash operations of commands fail in every manner: the TRE says so by name and stands where it stood. */
export class FailingFlashProof {
	readonly broken: Broken[] = [];
	failures = 0;
	readonly #plan: FailingPlan;
	readonly #random: () => number;

	constructor(plan: FailingPlan) {
		this.#plan = plan;
		this.#random = generator(plan.seed);
	}

	run(written: Written): void {
		for (let operation = 0; operation < written.operations.length; operation++) {
			if (this.#random() >= this.#plan.share) continue;
			for (const manner of manners) {
				this.failures++;
				const run = written.name === "boot" ? this.#boot : this.#command;
				const what = run.call(this, written, operation, manner);
				if (what) this.broken.push({ what, command: written.name, operation, manner });
			}
		}
	}

	#tre(flash: FailingFlash): DirectTre {
		return new DirectTre(flash, this.#plan.rootKey, this.#plan.tre);
	}

	/** Undefined where all is as it has to be. */
	#command(written: Written, operation: number, manner: Manner): string | undefined {
		// A wipe needs a challenge of this boot, which nobody has signed.
		if (written.name === "wipe") return undefined;
		const flash = new FailingFlash(written.geometry, written.before, this.#random);
		const tre = this.#tre(flash);
		const before = tre.call("status", {});
		flash.arm(operation, manner);
		const said = this.#say(tre, written);
		if ("error" in said) {
			if (said.error !== "flash-failed") return `the answer is ${said.error}`;
			if (JSON.stringify(tre.call("status", {})) !== JSON.stringify(before))
				return "a command that failed has changed something";
			if (manner === "for good" && JSON.stringify(this.#say(tre, written)) !== JSON.stringify(said))
				return "a broken flash is forgotten";
		}
		flash.mend();
		// The device is restarted at once, as the error advises; and another time it gets the next request.
		const restarted = new FailingFlash(written.geometry, flash.octets, this.#random);
		const what = this.#after(restarted, this.#tre(restarted), before, tre.call("status", {}));
		if (what) return `restarted at once: ${what}`;
		if ("error" in said) {
			const again = this.#say(tre, written);
			if ("error" in again) return `the next good request gets ${again.error}`;
		}
		const now = tre.call("status", {});
		return this.#after(flash, this.#tre(flash), now, now);
	}

	#boot(written: Written, operation: number, manner: Manner): string | undefined {
		const flash = new FailingFlash(written.geometry, written.before, this.#random);
		const model = readStore(written.before, written.geometry);
		flash.arm(operation, manner);
		const tre = this.#tre(flash);
		flash.mend();
		try {
			const { bootCounter } = tre.call("status", {});
			if (bootCounter !== bootsOf(model) + 1) return "a boot that did not count";
		} catch (error) {
			if ((error as TreError).code !== "flash-failed") return `the boot ends in ${(error as TreError).code}`;
		}
		const next = this.#tre(flash);
		try {
			next.call("status", {});
		} catch (error) {
			return `a healthy flash, and ${(error as TreError).code}`;
		}
		if (flash.misuse.length > 0) return flash.misuse[0].message;
		const found = readStore(flash.octets, written.geometry).records;
		return written.trial || sameRecords(found, model.records) ? undefined : "a boot has changed something";
	}

	/** A healthy boot finds what was before the command or after it; no unit was programmed twice. */
	#after(flash: FailingFlash, tre: DirectTre, ...allowed: readonly Status[]): string | undefined {
		if (flash.misuse.length > 0) return flash.misuse[0].message;
		let found: Status;
		try {
			found = tre.call("status", {});
		} catch (error) {
			return `a healthy flash, and ${(error as TreError).code}`;
		}
		// A boot in a trial may end it.
		if (allowed.some(({ state }) => state === lifeStates.trial)) return undefined;
		return allowed.some((status) => seen(status) === seen(found))
			? undefined
			: "after a boot the TRE says something else";
	}

	#say(tre: DirectTre, { name, request }: Written): Said {
		try {
			tre.call(name as CommandName, request as Request<CommandName>);
			return { done: true };
		} catch (error) {
			const { code } = error as TreError;
			if (code === undefined) throw error;
			return { error: code };
		}
	}
}

type Status = Response<"status">;

const seen = ({ state, serial, activeImsi, pendingImsi, currentRoot, pendingRoot }: Status): string =>
	JSON.stringify([state, serial, activeImsi, pendingImsi, currentRoot, pendingRoot]);
