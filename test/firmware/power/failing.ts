import type { CommandName } from "../../../firmware/contract/commands.ts";
import type { Geometry } from "../../../firmware/emulator/flash.ts";
import { generator } from "../../../hil/scenarios/sampling.ts";
import type { Request } from "../../../host/tre/codec.ts";
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
	#forGood = false;

	constructor(geometry: Geometry, image: Uint8Array, random: () => number) {
		super(geometry, image);
		this.#random = random;
	}

	/** The operation after `after` others fails, and with `forGood` every one that follows. */
	arm(after: number, forGood: boolean): void {
		this.#countdown = after;
		this.#forGood = forGood;
	}

	mend(): void {
		this.arm(Number.POSITIVE_INFINITY, false);
	}

	override program(address: number, octets: Uint8Array): void {
		for (let at = 0; at < octets.length; at += UNIT) {
			const unit = octets.subarray(at, at + UNIT);
			this.#attempt(() => tear(this.octets, { kind: "program", address: address + at, octets: unit }, 0, this.#random));
			super.program(address + at, unit);
		}
	}

	override erase(sector: number): void {
		this.#attempt(() => tear(this.octets, { kind: "erase", sector }, this.sectorSize, this.#random));
		super.erase(sector);
	}

	#attempt(spoil: () => void): void {
		if (this.#countdown-- > 0) return;
		if (!this.#forGood) this.mend();
		spoil();
		throw new Error("the flash controller reports a failure");
	}
}

interface Broken {
	readonly what: string;
	readonly command: string;
	readonly operation: number;
	readonly forGood: boolean;
}

export interface FailingPlan {
	/** Share of a command's operations that are made to fail. */
	readonly share: number;
	readonly seed: number;
	readonly rootKey: Uint8Array;
	readonly tre?: WebAssembly.Module;
}

type Said = { readonly done: true } | { readonly error: string };

/** Lets flash operations of commands fail, once or for good: the TRE says so by name and stands where it stood. */
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
			for (const forGood of [false, true]) {
				this.failures++;
				const what =
					written.name === "boot"
						? this.#boot(written, operation, forGood)
						: this.#command(written, operation, forGood);
				if (what) this.broken.push({ what, command: written.name, operation, forGood });
			}
		}
	}

	#tre(flash: FailingFlash): DirectTre {
		return new DirectTre(flash, this.#plan.rootKey, this.#plan.tre);
	}

	/** Undefined where all is as it has to be. */
	#command(written: Written, operation: number, forGood: boolean): string | undefined {
		const flash = new FailingFlash(written.geometry, written.before, this.#random);
		const tre = this.#tre(flash);
		// A wipe needs a challenge of this boot, which nobody has signed.
		if (written.name === "wipe") return undefined;
		const before = tre.call("status", {});
		const records = readStore(flash.octets, written.geometry).records;
		flash.arm(operation, forGood);
		const said = this.#say(tre, written);
		if ("error" in said) {
			if (said.error !== "flash-failed") return `the answer is ${said.error}`;
			if (JSON.stringify(tre.call("status", {})) !== JSON.stringify(before))
				return "a command that failed has changed something";
			if (forGood && JSON.stringify(this.#say(tre, written)) !== JSON.stringify(said))
				return "a broken flash is forgotten";
		} else if (written.name !== "activate" && sameRecords(readStore(flash.octets, written.geometry).records, records)) {
			return "done, and nothing is stored";
		}
		flash.mend();
		if ("error" in said) {
			const again = this.#say(tre, written);
			if ("error" in again) return `the next good request gets ${again.error}`;
		}
		return this.#after(flash, tre);
	}

	#boot(written: Written, operation: number, forGood: boolean): string | undefined {
		const flash = new FailingFlash(written.geometry, written.before, this.#random);
		const model = readStore(written.before, written.geometry);
		flash.arm(operation, forGood);
		const tre = this.#tre(flash);
		flash.mend();
		try {
			const { bootCounter } = tre.call("status", {});
			if (bootCounter !== bootsOf(model) + 1) return "a boot that did not count";
		} catch (error) {
			if ((error as TreError).code !== "flash-failed") return `the boot ends in ${(error as TreError).code}`;
		}
		const what = this.#after(flash, this.#tre(flash));
		const found = readStore(flash.octets, written.geometry).records;
		return what ?? (written.trial || sameRecords(found, model.records) ? undefined : "a boot has changed something");
	}

	/** The TRE works on, and a healthy boot finds what it said; no unit was programmed twice. */
	#after(flash: FailingFlash, tre: DirectTre): string | undefined {
		if (flash.misuse.length > 0) return flash.misuse[0].message;
		try {
			return this.#differs(flash, tre);
		} catch (error) {
			return `a healthy flash, and ${(error as TreError).code}`;
		}
	}

	#differs(flash: FailingFlash, tre: DirectTre): string | undefined {
		const now = tre.call("status", {});
		const rebooted = this.#tre(flash).call("status", {});
		const seen = (status: typeof now) =>
			JSON.stringify([status.activeImsi, status.serial, status.currentRoot, status.pendingRoot]);
		return now.state === 7 || seen(now) === seen(rebooted) ? undefined : "after a boot the TRE says something else";
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
