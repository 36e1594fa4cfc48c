import type { ReceiptState } from "../../../../firmware/contract/documents.ts";
import type { Receipt } from "../../../../host/wire/management/objects.ts";
import type { Device, OfferState, OutgoingChange, SignedBootstrap } from "../records.ts";

/** A change that may still happen. */
export const isOpen = ({ state }: OutgoingChange): boolean =>
	state === "registered" || state === "sent" || state === "withdrawing";

/** The bootstrap whose effect a device is waiting for. */
export type Due = "nothing" | "initial" | "change" | "withdrawal" | "voiding" | "application" | "update";

export function dueOf(device: Device, change: OutgoingChange | undefined): Due {
	if (change && isOpen(change)) {
		if (change.state !== "withdrawing") return "change";
		return change.voiding ? "voiding" : "withdrawal";
	}
	if (!device.bootstrapped) return "initial";
	if (device.applications?.length) return "application";
	return device.offer?.state.kind === "offered" ? "update" : "nothing";
}

/**
 * What a receipt has to carry behind this operator's own challenge, base64; undefined where nobody waits for
 * one. The former SHO comes first, then the new one.
 */
export function awaitedBy(device: Device, change: OutgoingChange | undefined): string | undefined {
	if (device.owes?.challenge !== undefined) return device.owes.challenge;
	const ending = change && (change.state === "withdrawing" || change.again);
	return ending ? (change.peerChallenge ?? "") : undefined;
}

/** What follows for SHO[i] from a receipt under its own root. */
export type Verdict =
	/** Nothing new: go on sending. */
	| "go-on"
	/** The TRE has taken what was sent. */
	| "taken"
	/** The TRE has not taken what was sent, and still could. */
	| "not-taken"
	/** What was signed can have no effect any more. */
	| "sign-again"
	/** The withdrawn change was never taken and still could be: its SERIAL has to be spent. */
	| "void"
	/** The change can never happen. */
	| "ended"
	/** The device came back from its trial (NOTE Y). */
	| "reverted";

const inChange: readonly ReceiptState[] = ["bootstrapped", "requested", "installed", "trial"];

/** Was it signed for another reign, or overtaken by a higher SERIAL? */
const isPast = (bootstrap: SignedBootstrap, receipt: Receipt): boolean =>
	bootstrap.reign !== receipt.reign || bootstrap.serial <= receipt.serial;

/** `known`: a receipt with this nonceB has ended a change before, so it says nothing of the open one. */
function ofSent(bootstrap: SignedBootstrap, receipt: Receipt, known: boolean): Verdict {
	if (bootstrap.reign !== receipt.reign) return "sign-again";
	const past = isPast(bootstrap, receipt);
	if (inChange.includes(receipt.state)) return past ? "taken" : "not-taken";
	if (!past) return "not-taken";
	return receipt.state === "reverted" && !known ? "reverted" : "sign-again";
}

/**
 * SERIALs rise and a change that ended never opens again. So "no change is open, and the SERIAL of the
 * withdrawn one is spent" stays true; a trial ends by itself.
 */
function ofWithdrawn(change: OutgoingChange, receipt: Receipt): Verdict {
	const { bootstrap, withdrawal, voiding } = change;
	if (receipt.state === "trial") return "go-on";
	if (inChange.includes(receipt.state)) {
		// A SERIAL was spent for a change that came after all.
		const past = withdrawal !== undefined && isPast(withdrawal, receipt);
		return past || voiding ? "sign-again" : "go-on";
	}
	if (bootstrap && !isPast(bootstrap, receipt)) return voiding ? "go-on" : "void";
	return "ended";
}

/**
 * An application bootstrap leaves nothing behind but its SERIAL: only the receipt that names just that one shows
 * that it was accepted, and not overtaken.
 */
function ofApplication(bootstrap: SignedBootstrap | undefined, receipt: Receipt): Verdict {
	if (!bootstrap) return "go-on";
	if (bootstrap.reign === receipt.reign && bootstrap.serial === receipt.serial) return "taken";
	return isPast(bootstrap, receipt) ? "sign-again" : "go-on";
}

/** An offer is taken, or it is not: one that the TRE refuses is not sent for ever. */
function ofOffer(state: OfferState | undefined, receipt: Receipt): Verdict {
	if (state?.kind !== "offered" || !state.bootstrap) return "go-on";
	const { bootstrap } = state;
	if (bootstrap.reign === receipt.reign && bootstrap.serial === receipt.serial) return "taken";
	return isPast(bootstrap, receipt) ? "sign-again" : "not-taken";
}

/** Pure: what a receipt tells SHO[i] about the change it knows of. */
export function verdictOf(
	device: Device,
	change: OutgoingChange | undefined,
	receipt: Receipt,
	known: boolean,
): Verdict {
	const due = dueOf(device, change);
	if (due === "initial") {
		const { initial } = device;
		return initial && (initial.reign !== receipt.reign || initial.serial < receipt.serial) ? "sign-again" : "go-on";
	}
	if (due === "update") return ofOffer(device.offer?.state, receipt);
	if (due === "application") return ofApplication(device.applications?.[0]?.bootstrap, receipt);
	if (!change || due === "nothing") return "go-on";
	if (due === "change") return change.bootstrap ? ofSent(change.bootstrap, receipt, known) : "go-on";
	return ofWithdrawn(change, receipt);
}
