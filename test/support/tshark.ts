import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/*
 * tshark, which we did not write, as a reader of what goes over the radio and the wires.
 */

const GLOBAL = Buffer.from("d4c3b2a1020004000000000000000000ffff0000", "hex");
/** LINKTYPE_WIRESHARK_UPPER_PDU: a packet says which dissector reads it. */
const UPPER_PDU = 252;
const TAG_DISSECTOR = 12;
const TAG_END = 0;

/** A capture whose packets go straight to a dissector by name. */
export function upperPduCapture(dissector: string, packets: readonly Uint8Array[]): Buffer {
	const type = Buffer.alloc(4);
	type.writeUInt32LE(UPPER_PDU);
	const name = Buffer.from(dissector.padEnd(Math.ceil(dissector.length / 4) * 4, "\0"));
	const tag = Buffer.alloc(4);
	tag.writeUInt16BE(TAG_DISSECTOR, 0);
	tag.writeUInt16BE(name.length, 2);
	const end = Buffer.alloc(4);
	end.writeUInt16BE(TAG_END, 0);
	const parts: Buffer[] = [GLOBAL, type];
	for (const [n, packet] of packets.entries()) {
		const content = Buffer.concat([tag, name, end, packet]);
		const head = Buffer.alloc(16);
		head.writeUInt32LE(n, 0);
		head.writeUInt32LE(content.length, 8);
		head.writeUInt32LE(content.length, 12);
		parts.push(head, content);
	}
	return Buffer.concat(parts);
}

/** Runs tshark on a capture and answers what it prints. */
export function tshark(capture: Uint8Array, ...args: string[]): string {
	const folder = mkdtempSync(join(tmpdir(), "tshark-"));
	try {
		const path = join(folder, "capture.pcap");
		writeFileSync(path, capture);
		return execFileSync("tshark", ["-r", path, ...args], { stdio: ["ignore", "pipe", "ignore"] }).toString();
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
}
