import { fumoResultOf } from "../../host/wire/syncml/fumo.ts";
import type { OfferStatus, OperatorStatus } from "../network/operator/portal/portal.ts";
import { isUnderWay, type RegistrationState } from "../network/operator/states.ts";
import { getJson } from "../network/shared/http.ts";
import type { Registry } from "../network/shared/registry.ts";
import type { Tokens } from "./tokens.ts";

/** A change as the new operator sees it. */
export interface ChangeStatus {
	readonly to: string;
	readonly imsi: string;
	readonly state: RegistrationState;
	readonly tries: number;
	readonly delivered: boolean;
	readonly why?: string;
}

/** Where a device stands, as its operators believe. */
export interface DeviceStatus {
	readonly treId: string;
	/** SHO_id of the operator that serves it. */
	readonly servedBy?: string;
	readonly imsi?: string;
	/** The change that is under way. */
	readonly change?: ChangeStatus;
	/** Servers of M2M applications whose account is on its way. */
	readonly applications: readonly string[];
	/** Firmware that its operator offers, or offered last. */
	readonly offer?: OfferStatus;
	/** Changes that ended without success, one an operator at most. */
	readonly ended: readonly ChangeStatus[];
}

function deviceOf(treId: string, said: readonly OperatorStatus[]): DeviceStatus {
	// The new SHO knows of the commit first; until the former one has seen it, both say that they serve.
	const serve = said.filter(({ devices }) => devices.some((device) => device.treId === treId && !device.left));
	const newest = ({ registrations }: OperatorStatus) =>
		registrations.some((one) => one.treId === treId && one.state === "committed" && !one.told);
	const serving = serve.find(newest) ?? serve[0];
	const changes = said.flatMap(({ shoId, registrations }) =>
		registrations
			.filter((one) => one.treId === treId && one.state !== "committed")
			.map(({ imsi, state, tries, delivered = false, why }): ChangeStatus => {
				return { to: shoId, imsi, state, tries, delivered, ...(why === undefined ? {} : { why }) };
			}),
	);
	const change = changes.find(({ state }) => isUnderWay(state));
	const served = serving?.devices.find((device) => device.treId === treId);
	return {
		treId,
		servedBy: serving?.shoId,
		imsi: served?.imsi,
		applications: served?.applications ?? [],
		...(served?.offer ? { offer: served.offer } : {}),
		...(change ? { change } : {}),
		ended: changes.filter(({ state }) => !isUnderWay(state)),
	};
}

/** What the operators of a lab say, and which of them did not answer. */
export interface LabStatus {
	readonly devices: readonly DeviceStatus[];
	/** SHO_id and why. */
	readonly silent: Readonly<Record<string, string>>;
	/** Days that the first TLS leaf to end still counts, by SHO_id. */
	readonly leavesEndInDays: Readonly<Record<string, number>>;
}

/** Puts together what all operators of a lab say, asked as their staff. */
export async function statusOf(registry: Registry, tokens: Tokens): Promise<LabStatus> {
	const { operators } = registry.content;
	const answers = await Promise.allSettled(
		operators.map(({ shoId, portal }) => getJson<OperatorStatus>(`${portal}/status`, tokens.staff(shoId))),
	);
	const silent = operators.flatMap(({ shoId }, n): [string, string][] => {
		const answer = answers[n] as PromiseSettledResult<OperatorStatus>;
		return answer.status === "rejected" ? [[shoId, (answer.reason as Error).message]] : [];
	});
	const said = answers.flatMap((answer) => (answer.status === "fulfilled" ? [answer.value] : []));
	return {
		devices: devicesIn(said),
		silent: Object.fromEntries(silent),
		leavesEndInDays: Object.fromEntries(said.map(({ shoId, leavesEndInDays }) => [shoId, leavesEndInDays])),
	};
}

export const devicesOf = async (registry: Registry, tokens: Tokens): Promise<readonly DeviceStatus[]> =>
	(await statusOf(registry, tokens)).devices;

function devicesIn(said: readonly OperatorStatus[]): readonly DeviceStatus[] {
	const treIds = new Set(
		said.flatMap(({ devices, registrations }) => [...devices, ...registrations].map(({ treId }) => treId)),
	);
	return [...treIds].sort().map((treId) => deviceOf(treId, said));
}

function changeInWords({ to, imsi, state, tries, delivered, why }: ChangeStatus): string {
	const attempt = tries > 1 ? `, attempt ${tries}` : "";
	const meanings: Record<RegistrationState, string> = {
		registered: delivered
			? "is registered; the device has acknowledged the bootstrap"
			: "is registered; its bootstrap is on the way",
		requested: "was asked for by the TRE; the MCIM is on the way",
		installed: "is installed in the TRE, not yet in use",
		withdrawing: "is being withdrawn; until the TRE's receipt says so it may still happen",
		committed: "is committed",
		withdrawn: "was withdrawn",
		reverted: "was reverted: the device is back with its old MCIM",
		refused: "was refused",
	};
	return `its change to ${to} (${imsi}${attempt}) ${meanings[state]}${why === undefined ? "" : ` (${why})`}`;
}

function offerInWords({ version, state, untaken = 0, result }: OfferStatus): string {
	if (version === "")
		return state === "withdrawn" ? "no firmware is offered any more" : "the offer of firmware is being taken back";
	const meanings: Record<OfferStatus["state"], string> = {
		offered:
			untaken > 0
				? `is offered; ${untaken} receipts say that the TRE has not taken the offer`
				: "is offered; its bootstrap is on the way",
		accepted: "is offered, and the TRE has taken the offer",
		withdrawn: "was offered",
		ended: result === 200 ? "was offered and runs now" : `was offered and does not run (${resultInWords(result)})`,
	};
	return `firmware ${version} ${meanings[state]}`;
}

const resultInWords = (code = 0): string => `result ${code}, ${fumoResultOf(code) ?? "of no meaning known here"}`;

/** The same in plain words. */
export function inWords({ treId, servedBy, imsi, change, applications, offer, ended }: DeviceStatus): string {
	const served = servedBy ? `is served by ${servedBy} as ${imsi}` : "is served by nobody";
	const accounts = applications.map((serverId) => `the account for ${serverId} is on its way`);
	const changes = [...(change ? [change] : []), ...ended].map(changeInWords);
	const firmware = offer ? [offerInWords(offer)] : [];
	return [`TRE ${treId} ${served}`, ...accounts, ...firmware, ...changes].join("; ");
}
