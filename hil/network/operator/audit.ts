import type { AuditEntry, Device, OutgoingChange, Registration, Subscriber } from "./records.ts";

type What = Omit<AuditEntry, "at">;

/** Each column is whatever its table holds: a record of another version must not stop what is written now. */
const offerText = (one: Device | undefined): string => {
	const { state, version, digest = "", id = "" } = one?.offer ?? {};
	if (!state) return "";
	const result = state.kind === "ended" ? ` with ${state.result}` : "";
	const what = version ? `firmware ${version} (${digest.slice(0, 16)})` : "no firmware any more";
	return `offer ${id.slice(0, 8)} of ${what}: ${state.kind}${result}`;
};

const device = (treId: string, before: Device | undefined, after: Device | undefined): What[] => {
	const { imsi = "", reign = "", serial = 0, left = false, releaseCode, applications = [] } = after ?? {};
	const said: [boolean, string][] = [
		[before === undefined && after !== undefined, "is served here"],
		[before !== undefined && after === undefined, "is forgotten"],
		[(before?.reign ?? "") !== reign && reign !== "", "has a REIGN"],
		[(before?.serial ?? 0) < serial, `has SERIAL ${serial}`],
		[before?.left !== true && left, "has left for another SHO"],
		[before !== undefined && before.releaseCode !== releaseCode, "has another release code"],
		[offerText(after) !== "" && offerText(before) !== offerText(after), offerText(after)],
		[(before?.applications?.length ?? 0) !== applications.length, `has ${applications.length} accounts on their way`],
	];
	return said.filter(([happened]) => happened).map(([, what]) => ({ treId, imsi: imsi || before?.imsi || "", what }));
};

const outgoing = (treId: string, before: OutgoingChange | undefined, after: OutgoingChange | undefined): What[] =>
	after && (before?.state !== after.state || before?.changeId !== after.changeId)
		? [{ treId, what: `change to ${after.toSho}, attempt ${after.attempt}: ${after.state}` }]
		: [];

const registration = (treId: string, before: Registration | undefined, after: Registration | undefined): What[] =>
	after && (before?.state !== after.state || before?.changeId !== after.changeId)
		? [{ treId, imsi: after.imsi, what: `change from ${after.fromSho}, attempt ${after.attempt}: ${after.state}` }]
		: [];

const subscriber = (imsi: string, before: Subscriber | undefined, after: Subscriber | undefined): What[] =>
	(before === undefined) === (after === undefined)
		? []
		: [{ imsi, what: after ? "the subscription is in the HLR/AuC" : "the subscription is gone" }];

type Watched<T> = { onChange?: (key: string, before: T | undefined, after: T | undefined) => void };

/** The registers, as far as their changes are told. */
export interface Audited {
	readonly audit: { append(entry: AuditEntry): void };
	readonly devices: Watched<Device>;
	readonly outgoing: Watched<OutgoingChange>;
	readonly registrations: Watched<Registration>;
	readonly subscribers: Watched<Subscriber>;
}

/** Writes into the audit trail what changes in the registers, in the transaction that changes it; nothing in it is secret. */
export function keepAudit(store: Audited): void {
	const write = (entries: readonly What[]): void => {
		const at = new Date().toISOString();
		for (const entry of entries) store.audit.append({ at, ...entry });
	};
	store.devices.onChange = (...change) => write(device(...change));
	store.outgoing.onChange = (...change) => write(outgoing(...change));
	store.registrations.onChange = (...change) => write(registration(...change));
	store.subscribers.onChange = (...change) => write(subscriber(...change));
}
