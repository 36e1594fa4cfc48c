import { DisturbedLine } from "../../../hil/rig/line.ts";
import { TreClient } from "../../../host/tre/client.ts";
import { TreError } from "../../../host/tre/errors.ts";
import { personalisedRecords, started } from "../../support/boards.ts";
import type { TestTarget } from "../../support/targets.ts";

/** Record of the current root, as in firmware/tre/store/records.ts: its octets are what `releaseRoot` answers. */
const ROOT_CURRENT = 8;
/** Octets of the largest certificate. */
const LARGEST_ANSWER = 2048;
const MESSAGE = 4096;
const MESSAGES = 8;
const BITS_AN_OCTET = 10;

/** Octets of messages a second, as shares of what the line carries. */
export interface Goodput {
	readonly toTre: number;
	readonly fromTre: number;
}

/** Messages of 4 KiB over a line of that rate: up as one message, down as two answers of the largest certificate. */
export async function goodput(target: TestTarget, baudRate: number): Promise<Goodput> {
	const { records, rootKey } = await personalisedRecords();
	records.set(ROOT_CURRENT, Buffer.alloc(LARGEST_ANSWER, 0x5a));
	const device = await started(target, records, rootKey);
	const line = await DisturbedLine.open(device.port, { baudRate });
	const tre = await TreClient.open(line.port, { repeatMs: 2000 });
	const shareOf = async (octets: number, run: () => Promise<unknown>): Promise<number> => {
		await run();
		const begun = performance.now();
		for (let n = 0; n < MESSAGES; n++) await run();
		const seconds = (performance.now() - begun) / 1000;
		return (MESSAGES * octets * BITS_AN_OCTET) / baudRate / seconds;
	};
	try {
		// In this life state it is refused unread: what is measured is the line.
		const document = new Uint8Array(MESSAGE);
		const toTre = await shareOf(MESSAGE, () =>
			tre.call("acceptMcim", { document, algorithm: 1, signature: new Uint8Array(0) }).catch((error: unknown) => {
				if (!(error instanceof TreError)) throw error;
			}),
		);
		const fromTre = await shareOf(MESSAGE, async () => {
			await tre.call("releaseRoot", {});
			await tre.call("releaseRoot", {});
		});
		return { toTre, fromTre };
	} finally {
		await tre.close();
		await line.close();
		await device.dispose();
	}
}
