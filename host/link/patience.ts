import { setTimeout as sleep } from "node:timers/promises";
import { LinkClosed } from "./link.ts";
import { PortError } from "./port.ts";

/** How long a port that goes with a device's power may take to come back. */
const PATIENCE_MS = 20_000;
const RETRY_MS = 250;

/** Tries again while the port is not there, or is just going. */
export async function patiently<T>(attempt: () => Promise<T>): Promise<T> {
	const until = performance.now() + PATIENCE_MS;
	for (;;) {
		try {
			return await attempt();
		} catch (error) {
			if (performance.now() > until || !(error instanceof PortError || error instanceof LinkClosed)) throw error;
			await sleep(RETRY_MS);
		}
	}
}
