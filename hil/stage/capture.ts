/** pcap, little-endian, microseconds, LINKTYPE_WIRESHARK_UPPER_PDU: each packet says which dissector reads it. */
const HEADER = Buffer.from("d4c3b2a1020004000000000000000000ffff0000fc000000", "hex");
const TAG_END = 0;
const TAG_DISSECTOR = 12;
const TAG_DIRECTION = 35;

/** Seen from the device. */
type Direction = "sent" | "received";
const directions: readonly Direction[] = ["sent", "received"];

export interface Packet {
	readonly octets: Uint8Array;
	readonly at: Date;
	/** Left out for short messages: their dissector takes the way for that of the network's switch. */
	readonly direction?: Direction;
}

function tag(number: number, content: Uint8Array): Buffer {
	const head = Buffer.alloc(4);
	head.writeUInt16BE(number, 0);
	head.writeUInt16BE(content.length, 2);
	return Buffer.concat([head, content]);
}

function record(dissector: string, { octets, at, direction }: Packet): Buffer {
	const name = Buffer.from(dissector.padEnd(Math.ceil(dissector.length / 4) * 4, "\0"));
	const way = direction && tag(TAG_DIRECTION, Buffer.from([0, 0, 0, directions.indexOf(direction)]));
	const end = tag(TAG_END, Buffer.alloc(0));
	const content = Buffer.concat([tag(TAG_DISSECTOR, name), ...(way ? [way] : []), end, octets]);
	const head = Buffer.alloc(16);
	head.writeUInt32LE(Math.floor(at.getTime() / 1000), 0);
	head.writeUInt32LE((at.getTime() % 1000) * 1000, 4);
	head.writeUInt32LE(content.length, 8);
	head.writeUInt32LE(content.length, 12);
	return Buffer.concat([head, content]);
}

/** A capture that tshark and Wireshark give to a dissector by its name (`gsm_sms`, `wsp-cl`, `wbxml`). */
export const captureOf = (dissector: string, packets: readonly Packet[]): Buffer =>
	Buffer.concat([HEADER, ...packets.map((packet) => record(dissector, packet))]);
