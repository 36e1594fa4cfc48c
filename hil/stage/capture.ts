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
	return recordOf(Buffer.concat([tag(TAG_DISSECTOR, name), ...(way ? [way] : []), end, octets]), at);
}

function recordOf(content: Buffer, at: Date): Buffer {
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

/** pcap, little-endian, microseconds, LINKTYPE_RAW: packets begin with their IP header. */
const RAW_HEADER = Buffer.from("d4c3b2a1020004000000000000000000ffff000065000000", "hex");
const CLIENT_PORT = 40_000;
const PUSH_ACK = 0x18;

/** Ones' complement sum of 16-bit words (RFC 1071). */
function checksum(octets: Buffer): number {
	let sum = 0;
	for (let at = 0; at < octets.length; at += 2) sum += ((octets[at] as number) << 8) | (octets[at + 1] ?? 0);
	while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
	return ~sum & 0xffff;
}

/** IPv4 and TCP around a payload, between two ports of one host. */
function tcpPacket(payload: Uint8Array, from: number, to: number, sequence: number, acknowledged: number): Buffer {
	const address = Buffer.from([127, 0, 0, 1]);
	const ip = Buffer.alloc(20);
	ip.set([0x45, 0]);
	ip.writeUInt16BE(40 + payload.length, 2);
	ip.set([64, 6], 8);
	address.copy(ip, 12);
	address.copy(ip, 16);
	ip.writeUInt16BE(checksum(ip), 10);
	const tcp = Buffer.alloc(20);
	tcp.writeUInt16BE(from, 0);
	tcp.writeUInt16BE(to, 2);
	tcp.writeUInt32BE(sequence, 4);
	tcp.writeUInt32BE(acknowledged, 8);
	tcp.set([0x50, PUSH_ACK, 0xff, 0xff], 12);
	const pseudo = Buffer.concat([address, address, Buffer.from([0, 6, 0, 0])]);
	pseudo.writeUInt16BE(20 + payload.length, 10);
	tcp.writeUInt16BE(checksum(Buffer.concat([pseudo, tcp, payload])), 16);
	return Buffer.concat([ip, tcp, payload]);
}

/** A TCP connection to `port` as a capture; `sent` goes to that port. */
export function tcpCaptureOf(port: number, packets: readonly Packet[]): Buffer {
	const next = { sent: 1, received: 1 };
	const records = packets.map(({ octets, at, direction = "sent" }) => {
		const [from, to] = direction === "sent" ? [CLIENT_PORT, port] : [port, CLIENT_PORT];
		const other = direction === "sent" ? "received" : "sent";
		const packet = tcpPacket(octets, from, to, next[direction], next[other]);
		next[direction] += octets.length;
		return recordOf(packet, at);
	});
	return Buffer.concat([RAW_HEADER, ...records]);
}
