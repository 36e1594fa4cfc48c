import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { DeliveryNote } from "../factory/station.ts";
import type { OperatorStatus } from "../network/operator/portal/portal.ts";
import { getJson } from "../network/shared/http.ts";
import type { KeptLab } from "./kept.ts";

/** Delivery notes of the devices that a lab's factory made. */
export class Notes {
	readonly #folder: string;

	constructor(lab: KeptLab) {
		this.#folder = join(lab.folder, "notes");
		mkdirSync(this.#folder, { recursive: true });
	}

	keep(note: DeliveryNote): string {
		const path = join(this.#folder, `${note.treId}.json`);
		writeFileSync(path, `${JSON.stringify(note, null, 2)}\n`);
		return path;
	}

	/** By TRE_id or the beginning of one. */
	find(treId: string): DeliveryNote | undefined {
		const found = readdirSync(this.#folder).filter((name) => name.startsWith(treId));
		if (found.length !== 1) return undefined;
		const path = join(this.#folder, found[0]);
		return existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as DeliveryNote) : undefined;
	}
}

/** Where a device stands, as its operators believe. */
export interface DeviceStatus {
	readonly treId: string;
	/** SHO_id of the operator that serves it. */
	readonly servedBy?: string;
	readonly imsi?: string;
	/** The change that is under way. */
	readonly change?: { readonly to: string; readonly imsi: string; readonly state: string };
}

/** Puts together what all operators of a lab say. */
export async function devicesOf(lab: KeptLab): Promise<DeviceStatus[]> {
	const { operators } = lab.registry.content;
	const said = await Promise.all(operators.map(({ portal }) => getJson<OperatorStatus>(`${portal}/status`)));
	const treIds = new Set(
		said.flatMap(({ devices, registrations }) => [...devices, ...registrations].map(({ treId }) => treId)),
	);
	return [...treIds].sort().map((treId) => {
		const serving = said.find(({ devices }) => devices.some((device) => device.treId === treId && !device.left));
		const target = said.find(({ registrations }) =>
			registrations.some((one) => one.treId === treId && one.state !== "committed"),
		);
		const change = target?.registrations.find((one) => one.treId === treId);
		return {
			treId,
			servedBy: serving?.shoId,
			imsi: serving?.devices.find((device) => device.treId === treId)?.imsi,
			...(target && change ? { change: { to: target.shoId, imsi: change.imsi, state: change.state } } : {}),
		};
	});
}

const meanings: Record<string, string> = {
	registered: "is registered; its bootstrap is on the way",
	requested: "was asked for by the TRE; the MCIM is on the way",
	installed: "is installed in the TRE, not yet in use",
};

/** The same in plain words. */
export function inWords({ treId, servedBy, imsi, change }: DeviceStatus): string {
	const served = servedBy ? `is served by ${servedBy} as ${imsi}` : "is served by nobody";
	return `TRE ${treId} ${served}${change ? `; its change to ${change.to} (${change.imsi}) ${meanings[change.state] ?? change.state}` : ""}`;
}
