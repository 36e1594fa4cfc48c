const table = new StaticArray<u32>(16);
for (let i: u32 = 0; i < 16; i++) {
	let value = i;
	for (let bit = 0; bit < 4; bit++) value = (value >> 1) ^ (value & 1 ? 0xedb88320 : 0);
	table[i] = value;
}

/** CRC-32 of IEEE 802.3 over `length` octets at `from`; `seed` continues an earlier one. */
export function crc32(from: usize, length: i32, seed: u32 = 0): u32 {
	let crc = ~seed;
	for (let i = 0; i < length; i++) {
		crc ^= load<u8>(from + i);
		crc = (crc >> 4) ^ table[crc & 15];
		crc = (crc >> 4) ^ table[crc & 15];
	}
	return ~crc;
}
