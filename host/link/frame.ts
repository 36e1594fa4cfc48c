import { crc32 } from "node:zlib";
import { wire } from "../../firmware/contract/commands.ts";

/** What a frame carries; see `firmware/tre/link/frame.ts` for the octets. */
export interface Frame {
	readonly kind: number;
	readonly id: number;
	readonly segment: number;
	readonly segments: number;
	readonly octets: Uint8Array;
}

const HEAD = 5;
const CRC = 4;
const MAX_CONTENT = HEAD + wire.maxSegment + CRC;
const MAX_ENCODED = MAX_CONTENT + Math.ceil(MAX_CONTENT / 254);

/** Consistent overhead byte stuffing, without the delimiter. */
export function cobsEncode(octets: Uint8Array): Uint8Array {
	const out = new Uint8Array(octets.length + Math.floor(octets.length / 254) + 1);
	let codeAt = 0;
	let to = 1;
	let code = 1;
	for (const octet of octets) {
		if (octet !== 0) {
			out[to++] = octet;
			code++;
		}
		if (octet === 0 || code === 255) {
			out[codeAt] = code;
			codeAt = to++;
			code = 1;
		}
	}
	out[codeAt] = code;
	return out.subarray(0, to);
}

/** Undefined where the octets are no COBS encoding. */
export function cobsDecode(octets: Uint8Array): Uint8Array | undefined {
	const out = new Uint8Array(octets.length);
	let from = 0;
	let to = 0;
	while (from < octets.length) {
		const code = octets[from++];
		if (code === 0 || from + code - 1 > octets.length) return undefined;
		out.set(octets.subarray(from, from + code - 1), to);
		from += code - 1;
		to += code - 1;
		if (code < 255 && from < octets.length) out[to++] = 0;
	}
	return out.subarray(0, to);
}

/**
 * The octets of a frame on the line between its delimiters. The one in front ends whatever else was said there, by a
 * boot loader or a console.
 */
export function encodeFrame(frame: Frame): Uint8Array {
	const content = new Uint8Array(HEAD + frame.octets.length + CRC);
	const view = new DataView(content.buffer);
	view.setUint8(0, frame.kind);
	view.setUint16(1, frame.id, true);
	view.setUint8(3, frame.segment);
	view.setUint8(4, frame.segments);
	content.set(frame.octets, HEAD);
	view.setUint32(content.length - CRC, crc32(content.subarray(0, -CRC)), true);
	const encoded = cobsEncode(content);
	const out = new Uint8Array(encoded.length + 2);
	out.set(encoded, 1);
	return out;
}

function decodeFrame(encoded: Uint8Array): Frame | undefined {
	const content = cobsDecode(encoded);
	if (!content || content.length < HEAD + CRC) return undefined;
	const view = new DataView(content.buffer, content.byteOffset, content.length);
	if (view.getUint32(content.length - CRC, true) !== crc32(content.subarray(0, -CRC))) return undefined;
	return {
		kind: view.getUint8(0),
		id: view.getUint16(1, true),
		segment: view.getUint8(3),
		segments: view.getUint8(4),
		octets: content.slice(HEAD, -CRC),
	};
}

/** Takes octets off the line in any portions; bounded memory, damaged frames are counted and dropped. */
export class Deframer {
	damaged = 0;
	readonly #buffer = new Uint8Array(MAX_ENCODED);
	#filled = 0;
	#overlong = false;

	push(octets: Uint8Array): Frame[] {
		const frames: Frame[] = [];
		for (const octet of octets) {
			if (octet !== 0) {
				if (this.#filled < MAX_ENCODED) this.#buffer[this.#filled++] = octet;
				else this.#overlong = true;
				continue;
			}
			const frame = this.#overlong ? undefined : decodeFrame(this.#buffer.subarray(0, this.#filled));
			if (frame) frames.push(frame);
			else if (this.#filled > 0) this.damaged++;
			this.#filled = 0;
			this.#overlong = false;
		}
		return frames;
	}
}
