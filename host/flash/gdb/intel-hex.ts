const ROW = 16;
const [DATA, END, UPPER] = [0, 1, 4] as const;

function record(kind: number, offset: number, octets: Uint8Array): string {
	const all = Buffer.from([octets.length, (offset >> 8) & 0xff, offset & 0xff, kind, ...octets]);
	const sum = -all.reduce((total, octet) => total + octet, 0) & 0xff;
	return `:${all.toString("hex")}${sum.toString(16).padStart(2, "0")}\n`.toUpperCase();
}

/** Octets at an address as Intel HEX, which says itself where they go. */
export function intelHex(address: number, octets: Uint8Array): string {
	const rows: string[] = [];
	let upper = -1;
	for (let at = 0; at < octets.length; ) {
		const place = address + at;
		if (place >>> 16 !== upper) {
			upper = place >>> 16;
			rows.push(record(UPPER, 0, Uint8Array.of(upper >> 8, upper & 0xff)));
		}
		const length = Math.min(ROW, octets.length - at, 0x1_0000 - (place & 0xffff));
		rows.push(record(DATA, place & 0xffff, octets.subarray(at, at + length)));
		at += length;
	}
	return `${rows.join("")}${record(END, 0, new Uint8Array())}`;
}
