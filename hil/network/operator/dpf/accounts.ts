import type { DmCredentials } from "../records.ts";
import type { OperatorStore } from "../store.ts";

/** A DM account that this operator made for a device: for a change to it, or for an offer of firmware. */
export interface ServedAccount extends DmCredentials {
	readonly treId: string;
	/** `former`: what the TRE has while an offer is on its way to it. */
	readonly for: "change" | "offer" | "former";
	/** Which attempt, or which offer. */
	readonly id: string;
}

/** Accounts of a device that may open a session, the newest last. */
export function accountsOf({ registrations, devices }: OperatorStore, treId: string): readonly ServedAccount[] {
	const registration = registrations.get(treId);
	const device = devices.get(treId);
	const { offer } = device?.left === false ? device : {};
	return [
		...(registration
			? [{ ...credentialsOf(registration), treId, for: "change" as const, id: registration.changeId }]
			: []),
		...(offer?.former ? [{ ...credentialsOf(offer.former), treId, for: "former" as const, id: offer.id }] : []),
		...(offer ? [{ ...credentialsOf(offer.account), treId, for: "offer" as const, id: offer.id }] : []),
	];
}

const credentialsOf = ({
	user,
	clientPassword,
	serverPassword,
	serverNonce,
	clientNonce,
}: DmCredentials): DmCredentials => ({
	...{ user, clientPassword, serverPassword, serverNonce, clientNonce },
});

/** Keeps the nonces of the next credentials. */
export function keepNonces(
	{ registrations, devices }: OperatorStore,
	account: ServedAccount,
	nonces: Partial<Pick<DmCredentials, "serverNonce" | "clientNonce">>,
): void {
	const { treId } = account;
	if (account.for === "change") {
		registrations.update(treId, nonces);
		return;
	}
	const offer = devices.get(treId)?.offer;
	if (offer?.id !== account.id) return;
	if (account.for === "offer") devices.update(treId, { offer: { ...offer, account: { ...offer.account, ...nonces } } });
	else if (offer.former) devices.update(treId, { offer: { ...offer, former: { ...offer.former, ...nonces } } });
}
