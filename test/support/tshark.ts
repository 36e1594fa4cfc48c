import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { captureOf } from "../../hil/stage/capture.ts";

/*
 * tshark, which we did not write, as a reader of what goes over the radio and the wires.
 */

/** A capture whose packets go straight to a dissector by name. */
export const upperPduCapture = (dissector: string, packets: readonly Uint8Array[]): Buffer =>
	captureOf(
		dissector,
		packets.map((octets, n) => ({ octets, at: new Date(1000 * n) })),
	);

/** Runs tshark on a capture and answers what it prints. */
export function tshark(capture: Uint8Array, ...args: string[]): string {
	const folder = mkdtempSync(join(tmpdir(), "tshark-"));
	try {
		const path = join(folder, "capture.pcap");
		writeFileSync(path, capture);
		return execFileSync("tshark", ["-r", path, ...args], {
			stdio: ["ignore", "pipe", "ignore"],
			maxBuffer: 1 << 26,
		}).toString();
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
}
