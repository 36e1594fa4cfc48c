import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { StartFailed } from "../shared/element.ts";

const KEY_OCTETS = 32;
const NONCE_OCTETS = 12;
const TAG_OCTETS = 16;
/** Names the form of what follows, so that there can be another one. */
const VERSION = 1;

/** What is at rest cannot be read: the key is not the one, or somebody changed it. */
export class SealBroken extends StartFailed {}

/** Secrets at rest: AES-256-GCM, bound to the place where they stand, so that none can take another one's place. */
export class SecretBox {
	readonly #key: Buffer;

	/** `key`: 32 octets. */
	constructor(key: Uint8Array) {
		if (key.length !== KEY_OCTETS)
			throw new SealBroken(`a store key has ${KEY_OCTETS} octets, this one has ${key.length}`);
		this.#key = Buffer.from(key);
	}

	/** base64 of version | nonce | ciphertext | tag. */
	seal(text: string, place: string): string {
		const nonce = randomBytes(NONCE_OCTETS);
		const cipher = createCipheriv("aes-256-gcm", this.#key, nonce).setAAD(Buffer.from(place));
		const sealed = [Uint8Array.of(VERSION), nonce, cipher.update(text, "utf8"), cipher.final(), cipher.getAuthTag()];
		return Buffer.concat(sealed).toString("base64");
	}

	open(sealed: string, place: string): string {
		const octets = Buffer.from(sealed, "base64");
		const least = 1 + NONCE_OCTETS + TAG_OCTETS;
		if (octets.length < least || octets[0] !== VERSION) throw new SealBroken(`${place} is sealed in no known form`);
		const decipher = createDecipheriv("aes-256-gcm", this.#key, octets.subarray(1, 1 + NONCE_OCTETS));
		decipher.setAAD(Buffer.from(place)).setAuthTag(octets.subarray(-TAG_OCTETS));
		try {
			const text = decipher.update(octets.subarray(1 + NONCE_OCTETS, -TAG_OCTETS));
			return Buffer.concat([text, decipher.final()]).toString("utf8");
		} catch {
			throw new SealBroken(`${place} does not open: another store key sealed it, or somebody has changed it`);
		}
	}
}

/** The store key out of the environment (`STORE_KEY`, 64 hex digits), or of a file that is made where there is none. */
export function storeKey(file: string, environment: string | undefined = process.env.STORE_KEY): Buffer {
	if (environment !== undefined) {
		if (!/^[0-9a-f]{64}$/i.test(environment)) throw new SealBroken("STORE_KEY is not 64 hex digits");
		return Buffer.from(environment, "hex");
	}
	if (!existsSync(file))
		writeFileSync(file, randomBytes(KEY_OCTETS).toString("hex"), { mode: 0o600, flush: true, flag: "wx" });
	return Buffer.from(readFileSync(file, "utf8").trim(), "hex");
}
