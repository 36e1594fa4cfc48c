import { readFileSync } from "node:fs";
import { headersOf } from "../../../firmware/contract/bundle.ts";
import { image as layout } from "../../../firmware/contract/image.ts";
import { DisturbedLine } from "../../../hil/rig/line.ts";
import { decodeBundle } from "../../../host/flash/bundle.ts";
import { TreClient } from "../../../host/tre/client.ts";
import { TreError } from "../../../host/tre/errors.ts";
import { UPDATE_CHUNK } from "../../../host/tre/update.ts";
import { personalisedRecords, started } from "../../support/boards.ts";
import { Device } from "../../support/device.ts";
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

/** Octets of an image that are sent: enough for the time to be that of the line. */
const UPDATE_OCTETS = 8 * UPDATE_CHUNK;
const bundles = {
	emulator: "build/emulator.bundle",
	"qemu:stm32f405": "build/boards/stm32f405/qemu/tre.bundle",
} as const;
export const updatable = Object.keys(bundles) as readonly (keyof typeof bundles)[];

/** Octets of an image a second over a line of that rate, while a TRE takes them into its slot, as a share of what the line carries. */
export async function updateGoodput(target: keyof typeof bundles, baudRate: number): Promise<number> {
	const slots = decodeBundle(readFileSync(bundles[target])).slots.map(({ octets }) => octets);
	const device = new Device(target);
	await device.start();
	const line = await DisturbedLine.open(device.port, { baudRate });
	const tre = await TreClient.open(line.port, { repeatMs: 2000 });
	try {
		const { slot } = await tre.call("updateBegin", { headers: headersOf(slots) });
		const image = (slots[slot] as Uint8Array).subarray(layout.HEADER_SIZE);
		const begun = performance.now();
		for (let at = 0; at < UPDATE_OCTETS; at += UPDATE_CHUNK)
			await tre.call("updateOctets", { offset: at, octets: image.subarray(at, at + UPDATE_CHUNK) });
		return (UPDATE_OCTETS * BITS_AN_OCTET) / baudRate / ((performance.now() - begun) / 1000);
	} finally {
		await tre.close();
		await line.close();
		await device.dispose();
	}
}
