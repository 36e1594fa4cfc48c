import type { DmCredentials, FirmwareOffer, OfferState, SignedBootstrap } from "../records.ts";

/** So many receipts in which the TRE has not taken it: then it goes out only when the device attaches. */
const MAX_UNTAKEN = 5;

/** Nothing follows from it any more. */
export const isOver = ({ state }: FirmwareOffer): boolean => state.kind === "ended" || state.kind === "withdrawn";

const inState = (offer: FirmwareOffer, state: OfferState): FirmwareOffer => ({ ...offer, state });

/** It has been signed, and goes out until the TRE has it. */
export const signed = (offer: FirmwareOffer, bootstrap: SignedBootstrap): FirmwareOffer =>
	inState(offer, { kind: "offered", untaken: offer.state.kind === "offered" ? offer.state.untaken : 0, bootstrap });

/** It has to be signed anew: what was signed can have no effect any more. */
export const unsigned = (offer: FirmwareOffer): FirmwareOffer =>
	inState(offer, { kind: "offered", untaken: offer.state.kind === "offered" ? offer.state.untaken : 0 });

/** The TRE has it, and its account. What took back an offer has done all that it was for. */
export function accepted({ former: _former, ...offer }: FirmwareOffer): FirmwareOffer {
	if (offer.state.kind !== "offered") return offer;
	if (offer.what === "none") return inState(offer, { kind: "withdrawn" });
	const { bootstrap } = offer.state;
	return inState(offer, { kind: "accepted", ...(bootstrap ? { bootstrap } : {}) });
}

/** A receipt says that the TRE has not taken it yet. */
export const untaken = (offer: FirmwareOffer): FirmwareOffer =>
	offer.state.kind === "offered"
		? inState(offer, { ...offer.state, untaken: Math.min(offer.state.untaken + 1, MAX_UNTAKEN) })
		: offer;

/** A device that does not take it is not written to for ever. */
export const isGivenUp = ({ state }: FirmwareOffer): boolean =>
	state.kind === "offered" && state.untaken >= MAX_UNTAKEN;

/** The account that the TRE has while another offer is on its way to it. */
export function accountBefore(offer: FirmwareOffer | undefined): DmCredentials | undefined {
	if (!offer) return undefined;
	return offer.state.kind === "offered" ? offer.former : offer.account;
}
