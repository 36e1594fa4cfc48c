import type { ReceiptState } from "../../../firmware/contract/documents.ts";

/** A bootstrap as it was signed, without its octets. */
export interface Signed {
	readonly kind: "initial" | "change" | "withdraw" | "application" | "update";
	readonly serial: number;
	/** Attempt of the new SHO that a change is for. */
	readonly attempt: number;
}

/** What a TRE knows of changes (DESIGN section 7), without anything that takes time or keys. */
export interface ModelTre {
	readonly life: Extract<ReceiptState, "idle" | "bootstrapped" | "requested" | "installed" | "trial" | "committed">;
	readonly outcome: "none" | "withdrawn" | "reverted";
	readonly serial: number;
	/** Attempt of the latest change, 0 before the first. */
	readonly attempt: number;
	/** Counts the accepted change bootstraps: each draws a nonceB. */
	readonly nonceB: number;
	/** It has accepted an application bootstrap. */
	readonly account: boolean;
	/** It has accepted an offer of firmware. */
	readonly offer: boolean;
}

export const newTre: ModelTre = {
	life: "idle",
	outcome: "none",
	serial: 0,
	attempt: 0,
	nonceB: 0,
	account: false,
	offer: false,
};

const allowed: Record<Signed["kind"], readonly ModelTre["life"][]> = {
	initial: ["idle", "bootstrapped", "requested"],
	change: ["idle", "bootstrapped", "requested"],
	withdraw: ["bootstrapped", "requested", "installed"],
	application: ["idle", "bootstrapped", "requested", "installed"],
	update: ["idle"],
};

/** Left out to see that the proof would notice. */
export interface Faults {
	readonly ignoreSerial?: boolean;
	/** It moves its SERIAL for an application bootstrap that nobody took. */
	readonly dropAccount?: boolean;
	/** The same with an offer of firmware. */
	readonly dropOffer?: boolean;
}

/** The TRE after a bootstrap; the same TRE where it is refused. */
export function accept(tre: ModelTre, signed: Signed, faults: Faults = {}): ModelTre {
	if ((!faults.ignoreSerial && signed.serial <= tre.serial) || !allowed[signed.kind].includes(tre.life)) return tre;
	const { serial } = signed;
	if (signed.kind === "initial") return { ...tre, serial };
	if (signed.kind === "withdraw") return { ...tre, serial, life: "idle", outcome: "withdrawn" };
	if (signed.kind === "application") return { ...tre, serial, account: !faults.dropAccount };
	if (signed.kind === "update") return { ...tre, serial, offer: !faults.dropOffer };
	return { ...tre, life: "bootstrapped", outcome: "none", serial, attempt: signed.attempt, nonceB: tre.nonceB + 1 };
}

/** What host and networks can make of it without a bootstrap: on towards the commit, or back from the trial. */
export function moves(tre: ModelTre): readonly ModelTre[] {
	switch (tre.life) {
		case "bootstrapped":
			return [{ ...tre, life: "requested" }];
		case "requested":
			return [{ ...tre, life: "installed" }];
		case "installed":
			return [{ ...tre, life: "trial" }];
		case "trial":
			return [
				{ ...tre, life: "committed" },
				{ ...tre, life: "idle", outcome: "reverted" },
			];
		default:
			return [];
	}
}

export const receiptState = (tre: ModelTre): ReceiptState =>
	tre.life === "idle" && tre.outcome !== "none" ? tre.outcome : tre.life;
