import { Refused } from "../../../host/wire/refused.ts";

/** Streams of IPA framing: connection management, and Osmocom's extension with its kinds. */
export const streams = { ccm: 0xfe, osmocom: 0xee } as const;
export const extensions = { ctrl: 0x00, gsup: 0x05 } as const;

/** One IPA frame: octets behind the stream identifier. */
export interface IpaFrame {
	readonly stream: number;
	readonly payload: Buffer;
}

export type IpaRefusal = "too-long";

export class IpaError extends Refused<IpaRefusal> {
	constructor(refusal: IpaRefusal, offset: number) {
		super("IPA refused at octet", refusal, offset);
	}
}

const HEAD = 3;
/** Octets of the longest frame that is taken; five vectors need 512. */
export const MAX_FRAME = 4096;

/** length(2, BE) | stream(1) | payload */
export function ipaFrame({ stream, payload }: { readonly stream: number; readonly payload: Uint8Array }): Buffer {
	if (payload.length > MAX_FRAME) throw new IpaError("too-long", payload.length);
	const head = Buffer.alloc(HEAD);
	head.writeUInt16BE(payload.length, 0);
	head[2] = stream;
	return Buffer.concat([head, payload]);
}

/** Cuts a stream of octets, in any portions, into frames. Never holds more than one frame. */
export class IpaDeframer {
	#pending = Buffer.alloc(0);
	#passed = 0;

	/** Octets that wait for the rest of their frame. */
	get waiting(): number {
		return this.#pending.length;
	}

	/** Throws IpaError for a frame that is too long: what comes after it cannot be found. */
	push(octets: Uint8Array): IpaFrame[] {
		let rest = Buffer.concat([this.#pending, octets]);
		const frames: IpaFrame[] = [];
		while (rest.length >= HEAD) {
			const length = rest.readUInt16BE(0);
			if (length > MAX_FRAME) throw new IpaError("too-long", this.#passed);
			if (rest.length < HEAD + length) break;
			frames.push({ stream: rest[2] as number, payload: Buffer.from(rest.subarray(HEAD, HEAD + length)) });
			rest = rest.subarray(HEAD + length);
			this.#passed += HEAD + length;
		}
		this.#pending = Buffer.from(rest);
		return frames;
	}
}
