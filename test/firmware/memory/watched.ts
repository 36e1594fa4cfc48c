import { createCipheriv, createPrivateKey, type KeyObject } from "node:crypto";
import { type CommandName, wire } from "../../../firmware/contract/commands.ts";
import { FlashMemory } from "../../../firmware/emulator/flash-memory.ts";
import { encodeFrame } from "../../../host/link/frame.ts";
import type { Request, Response } from "../../../host/tre/codec.ts";
import { readFlash, unseal } from "../../support/flash-image.ts";
import { openEnvelope } from "../../support/independent.ts";
import { DirectTre } from "../../support/machine.ts";
import type { LivingTre } from "../../support/whole-life.ts";
import { expandKey } from "./key-schedule.ts";

/** Keys of the records that hold the key pairs. */
const SIGN_KEY = 3;
const DECRYPT_KEY = 4;

interface Needle {
	readonly name: string;
	readonly octets: Buffer;
	/** The crypto side may hold it between commands, once an AUTHENTICATE has opened it. */
	readonly kept?: "open MCIM";
}

const bytes = (text: string): Buffer => Buffer.from(text, "base64url");

/** As bignum limbs stand in a little-endian memory. */
const reversed = (octets: Buffer): Buffer => Buffer.from(octets).reverse();

/**
 * A TRE in this process. After every command both of its memories are searched: that of `tre.wasm` for any key
 * at all, the crypto side's for what should have been wiped. What there is to look for is read out of the
 * requests themselves, with the TRE's own private key.
 */
export class WatchedTre implements LivingTre {
	readonly found: string[] = [];
	searches = 0;
	readonly #flash: FlashMemory;
	readonly #rootKey: Uint8Array;
	readonly #firmware: WebAssembly.Module | undefined;
	#tre: DirectTre;
	readonly #needles = new Map<string, Needle>();
	readonly #credentials: { readonly k: Buffer; readonly opc: Buffer }[] = [];
	/** An AUTHENTICATE has opened the active MCIM's key in this boot. */
	#opened = false;
	/** CK, IK and KASME of the last answer: they stay in the response until the next one takes its place. */
	#session: Needle[] = [];
	#sessions = 0;

	constructor(image: Uint8Array, rootKey: Uint8Array, firmware?: WebAssembly.Module) {
		this.#flash = new FlashMemory();
		this.#flash.octets.set(image);
		this.#rootKey = rootKey;
		this.#firmware = firmware;
		this.#tre = this.#booted();
		this.#know({ name: "device root key", octets: Buffer.from(rootKey) });
		this.#knowPairs();
		this.#search("boot");
	}

	/** Number of secrets that are looked for by now. */
	get known(): number {
		return this.#needles.size;
	}

	boot(): void {
		this.#opened = false;
		this.#tre = this.#booted();
		this.#search("boot");
	}

	call<Name extends CommandName>(name: Name, request: Request<Name>): Response<Name> {
		for (const object of objectsIn(request as Record<string, unknown>)) this.#knowObject(object);
		const gone = [...this.#session, ...this.#temps(request as Record<string, unknown>)];
		this.#session = [];
		if (name === "authenticate" || name === "authenticateEps") this.#opened = true;
		try {
			const response = this.#tre.call(name, request);
			this.#knowSession(response as Record<string, unknown>);
			if (name === "wipe") this.#opened = false;
			if (name === "makeKeys" || name === "makeKeyPairs") this.#knowPairs();
			return response;
		} finally {
			this.#search(name, gone);
			if (this.#session.length > 0 && ++this.#sessions % 2 === 0) this.#refuse();
		}
	}

	/** A message that is too long is refused before it is a command: the answer that was kept is gone with it. */
	#refuse(): void {
		const octets = Buffer.alloc(wire.maxSegment);
		const frame = { kind: wire.kinds.request, id: 0xffff, segment: 0, segments: 0xff, octets };
		this.#tre.machine.receive(encodeFrame(frame));
		this.#search("a refusal of the line", this.#session);
		this.#session = [];
	}

	/** TEMP = E_K(RAND xor OPc) of a run of MILENAGE: it stays on the crypto side, and is gone with the command. */
	#temps({ rand }: Record<string, unknown>): Needle[] {
		if (!(rand instanceof Uint8Array)) return [];
		return this.#credentials.map(({ k, opc }) => ({
			name: "TEMP",
			octets: createCipheriv("aes-128-ecb", k, null)
				.setAutoPadding(false)
				.update(Buffer.from(rand.map((octet, n) => octet ^ opc[n]))),
		}));
	}

	#booted(): DirectTre {
		return new DirectTre(this.#flash, this.#rootKey, this.#firmware);
	}

	#know(...needles: Needle[]): void {
		for (const needle of needles) this.#needles.set(needle.octets.toString("hex"), needle);
	}

	#privateKey(record: number): KeyObject | undefined {
		const sealed = readFlash(Buffer.from(this.#flash.octets)).find(
			({ key, octets }) => key === record && octets.length > 0,
		);
		if (!sealed) return undefined;
		const der = unseal(this.#rootKey, sealed.octets);
		return createPrivateKey({ key: der, format: "der", type: sealed.octets[0] === 3 ? "sec1" : "pkcs1" });
	}

	#knowPairs(): void {
		for (const pair of [SIGN_KEY, DECRYPT_KEY]) this.#knowPair(pair);
	}

	#knowPair(record: number): void {
		const jwk = this.#privateKey(record)?.export({ format: "jwk" });
		for (const part of ["d", "p", "q", "dp", "dq", "qi"] as const) {
			const text = jwk?.[part];
			if (text === undefined) continue;
			// Thirty-two octets of a number are enough to know it by, and do not depend on how it is padded.
			for (const at of bytes(text).length > 64 ? [16, 64] : [0])
				this.#know({ name: `${part} of key pair ${record}`, octets: bytes(text).subarray(at, at + 32) });
		}
	}

	#knowObject(object: Buffer): void {
		const key = this.#privateKey(DECRYPT_KEY);
		if (!key) return;
		let opened: ReturnType<typeof openEnvelope>;
		try {
			opened = openEnvelope(object, key);
		} catch {
			return;
		}
		const { pik, pck, secret, open } = opened;
		this.#know({ name: "PIK", octets: Buffer.from(pik) }, { name: "PCK", octets: Buffer.from(pck) });
		this.#know({ name: "PCK's last round key", octets: expandKey(pck).subarray(-16) });
		for (const [pad, name] of [
			[0x36, "PIK xor ipad"],
			[0x5c, "PIK xor opad"],
		] as const)
			this.#know({ name, octets: Buffer.from(pik.map((octet) => octet ^ pad)) });
		if (opened.tag === 3) {
			const [k, opc] = [Buffer.from(secret.subarray(0, 16)), Buffer.from(secret.subarray(16))];
			this.#credentials.push({ k, opc });
			this.#know({ name: "K", octets: k, kept: "open MCIM" }, { name: "OPc", octets: opc, kept: "open MCIM" });
			this.#know({ name: "K's last round key", octets: expandKey(k).subarray(-16), kept: "open MCIM" });
		} else {
			const clientLength = open.at(-2) ?? 0;
			this.#know({ name: "client password", octets: Buffer.from(secret.subarray(0, clientLength)) });
			this.#know({ name: "server password", octets: Buffer.from(secret.subarray(clientLength)) });
		}
	}

	#knowSession(response: Record<string, unknown>): void {
		for (const name of ["ck", "ik", "kasme"]) {
			const octets = response[name];
			if (octets instanceof Uint8Array && octets.length > 0) this.#session.push({ name, octets: Buffer.from(octets) });
		}
	}

	#search(command: string, session: readonly Needle[] = []): void {
		this.searches++;
		const { tre, crypto } = this.#tre.machine.memories();
		for (const needle of [...this.#needles.values(), ...session]) {
			for (const octets of [needle.octets, reversed(needle.octets)]) {
				if (Buffer.from(tre.buffer).includes(octets)) this.found.push(`${needle.name} in tre.wasm after ${command}`);
				if (!(needle.kept && this.#opened) && Buffer.from(crypto.buffer).includes(octets))
					this.found.push(`${needle.name} on the crypto side after ${command}`);
			}
		}
		const open = [...this.#needles.values()].filter(
			({ name, octets }) => name === "K" && Buffer.from(crypto.buffer).includes(octets),
		);
		if (open.length > 1) this.found.push(`${open.length} K on the crypto side after ${command}`);
	}
}

/** Protected objects in a request: as they are, or in base64 inside a document. */
function objectsIn(request: Record<string, unknown>): Buffer[] {
	const { object, document } = request;
	if (object instanceof Uint8Array) return [Buffer.from(object)];
	if (!(document instanceof Uint8Array)) return [];
	const text = Buffer.from(document).toString("utf8");
	const found = /name="ACCOUNT" value="([^"]+)"|<ProtectedMCIM>([^<]+)</.exec(text);
	return found ? [Buffer.from(found[1] ?? found[2] ?? "", "base64")] : [];
}
