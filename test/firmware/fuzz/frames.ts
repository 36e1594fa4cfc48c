import { encodeFrame } from "../../../host/link/frame.ts";

/** Contents of frames, each behind its length: what comes out of COBS and CRC. */
export function framed(input: Uint8Array): Uint8Array {
	const frames: Uint8Array[] = [];
	for (let at = 0; at + 7 <= input.length; ) {
		const length = Math.min(((input[at] << 8) | input[at + 1]) % 500, input.length - at - 7);
		const head = input.subarray(at + 2, at + 7);
		const octets = input.subarray(at + 7, at + 7 + length);
		frames.push(
			encodeFrame({ kind: head[0], id: head[1] | (head[2] << 8), segment: head[3], segments: head[4], octets }),
		);
		at += 7 + length;
	}
	return Buffer.concat(frames);
}

export const contentOf = (kind: number, id: number, segment: number, segments: number, octets: Uint8Array): Buffer =>
	Buffer.concat([
		Buffer.from([octets.length >> 8, octets.length & 0xff, kind, id & 0xff, id >> 8, segment, segments]),
		octets,
	]);
