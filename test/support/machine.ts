import type { CommandName } from "../../firmware/contract/commands.ts";
import { wire } from "../../firmware/contract/commands.ts";
import { loadArtefacts } from "../../firmware/emulator/artefacts.ts";
import { FlashMemory } from "../../firmware/emulator/flash-memory.ts";
import { Machine, type MachineParts } from "../../firmware/emulator/machine.ts";
import { Deframer, encodeFrame } from "../../host/link/frame.ts";
import { decodeResponse, encodeRequest, type Request, type Response } from "../../host/tre/codec.ts";
import { TreError } from "../../host/tre/errors.ts";
import { sharedSlots } from "./slots.ts";

const artefacts = loadArtefacts();

/** The fields of an answer; throws where it is an error. */
export function responseOf<Name extends CommandName>(name: Name, octets: Uint8Array): Response<Name> {
	const answer = decodeResponse(name, octets);
	if ("error" in answer) throw new TreError(name, answer.error);
	return answer.response;
}

/** The firmware in this process, for tests that look into its memories or forge its flash. */
export class DirectTre {
	readonly flash: FlashMemory;
	readonly rootKey: Uint8Array;
	readonly machine: Machine;
	#sent: Uint8Array[] = [];
	#id = 0;

	/** `tre`: another firmware than the one that was built; `more`: another crypto side, or an eye on both. */
	constructor(
		flash = new FlashMemory(),
		rootKey: Uint8Array = new Uint8Array(32).fill(0x5a),
		tre: WebAssembly.Module = artefacts.tre,
		more: Partial<MachineParts> = {},
	) {
		this.flash = flash;
		this.rootKey = rootKey;
		this.machine = new Machine({
			...{ ...artefacts, tre, update: sharedSlots(), ...more },
			flash,
			rootKey,
			uartWrite: (octets) => this.#sent.push(octets),
			seconds: more.seconds ?? (() => Math.floor(performance.now() / 1000)),
		});
		this.call("hello", { minVersion: 1, maxVersion: 1, maxSegment: wire.maxSegment, maxMessage: wire.maxMessage });
	}

	call<Name extends CommandName>(name: Name, request: Request<Name>): Response<Name> {
		return responseOf(name, this.exchange(encodeRequest(name, request)));
	}

	/** One whole message there and back. */
	exchange(message: Uint8Array): Buffer {
		this.#sent = [];
		this.#id = (this.#id + 1) & 0xffff;
		const segments = Math.max(1, Math.ceil(message.length / wire.maxSegment));
		for (let segment = 0; segment < segments; segment++) {
			const octets = message.subarray(segment * wire.maxSegment, (segment + 1) * wire.maxSegment);
			this.machine.receive(encodeFrame({ kind: wire.kinds.request, id: this.#id, segment, segments, octets }));
		}
		const frames = new Deframer().push(Buffer.concat(this.#sent)).filter((frame) => frame.kind === wire.kinds.response);
		return Buffer.concat(frames.sort((a, b) => a.segment - b.segment).map((frame) => frame.octets));
	}
}
