/** The S-box of AES (FIPS 197 clause 5.1.1), from its definition. */
const box = (() => {
	const table = new Uint8Array(256);
	let [p, q] = [1, 1];
	do {
		p ^= (p << 1) ^ (p & 0x80 ? 0x11b : 0);
		p &= 0xff;
		q ^= q << 1;
		q ^= q << 2;
		q ^= q << 4;
		q &= 0xff;
		if (q & 0x80) q ^= 0x09;
		const turned = q ^ ((q << 1) | (q >> 7)) ^ ((q << 2) | (q >> 6)) ^ ((q << 3) | (q >> 5)) ^ ((q << 4) | (q >> 4));
		table[p] = (turned ^ 0x63) & 0xff;
	} while (p !== 1);
	table[0] = 0x63;
	return table;
})();

/** All round keys of AES-128 or AES-256, in order (FIPS 197 clause 5.2). */
export function expandKey(key: Uint8Array): Buffer {
	const words = key.length / 4;
	const total = 4 * (words + 7);
	const out = Buffer.alloc(total * 4);
	out.set(key);
	let constant = 1;
	for (let i = words; i < total; i++) {
		let word = Buffer.from(out.subarray(4 * (i - 1), 4 * i));
		if (i % words === 0) {
			word = Buffer.from([box[word[1]] ^ constant, box[word[2]], box[word[3]], box[word[0]]]);
			constant = ((constant << 1) ^ (constant & 0x80 ? 0x11b : 0)) & 0xff;
		} else if (words > 6 && i % words === 4) word = Buffer.from(word.map((octet) => box[octet]));
		for (let n = 0; n < 4; n++) out[4 * i + n] = out[4 * (i - words) + n] ^ word[n];
	}
	return out;
}
