import { LOG_ENTRY_OCTETS, type LogEvent, logEvents } from "../../firmware/contract/events.ts";
import type { TreClient } from "./client.ts";

/** An entry of a TRE's audit trail. */
export interface LogEntry {
	readonly index: number;
	readonly bootCounter: number;
	/** Undefined: an event that this host does not know. */
	readonly event: LogEvent | undefined;
	/** Beginning of the root's SHA-256 and of the mcimId, hex; empty where there is none. */
	readonly root: string;
	readonly mcimId: string;
}

const eventOf = (number: number): LogEvent | undefined =>
	(Object.keys(logEvents) as LogEvent[]).find((name) => logEvents[name] === number);

const part = (octets: Buffer): string => (octets.every((octet) => octet === 0) ? "" : octets.toString("hex"));

/** The audit trail from an index on, oldest first. */
export async function readLog(tre: TreClient, from = 0): Promise<readonly LogEntry[]> {
	const { entries } = await tre.call("log", { from });
	const octets = Buffer.from(entries);
	return Array.from({ length: Math.floor(octets.length / LOG_ENTRY_OCTETS) }, (_, n) => {
		const entry = octets.subarray(n * LOG_ENTRY_OCTETS, (n + 1) * LOG_ENTRY_OCTETS);
		return {
			index: entry.readUInt32BE(0),
			bootCounter: entry.readUInt32BE(4),
			event: eventOf(entry.readUInt32BE(8)),
			root: part(entry.subarray(12, 20)),
			mcimId: part(entry.subarray(20, 28)),
		};
	});
}
