import {
	ERROR_CRYPTO_FAILURE,
	ERROR_ENVELOPE_INVALID,
	ERROR_ENVELOPE_SUITE,
	ERROR_ROOT_MISMATCH,
	ERROR_WRONG_TRE,
} from "../../contract/as/codec";
import { equal, readU32 } from "../octets/octets";
import * as crypto from "../platform/crypto";
import { close, open, PSA_NOT_SUPPORTED } from "../platform/keys";
import { get } from "../store/log";
import { RECORD_TRE_ID } from "../store/records";

export const TAG_UPDATE: u32 = 2;
export const TAG_MCIM: u32 = 3;
export const TAG_ACCOUNT: u32 = 4;

const scratch = new Uint8Array(768);

/**
 * Protected data (B.2.3.6) after decryption. The secret part stays on the crypto side: it can be
 * sealed as a key, never read.
 */
export class Envelope {
	error: u32 = 0;
	tag: u32 = 0;
	version: u32 = 0;
	secretLength: u32 = 0;
	publicPart: Uint8Array = new Uint8Array(0);
	private handle: i32 = 0;

	constructor(sealedKey: Uint8Array, object: Uint8Array) {
		const key = open(sealedKey);
		if (key < 0) this.error = ERROR_CRYPTO_FAILURE;
		else this.openWith(key, object);
		close(key);
	}

	/** Seals a part of the secret octets as a key of `type`; empty where it does not fit. */
	seal(type: u32, offset: u32, length: u32): Uint8Array {
		const result = crypto.envelope_import(<u32>this.handle, type, offset, length, scratch.dataStart, scratch.length);
		return result > 0 ? scratch.slice(0, result) : new Uint8Array(0);
	}

	close(): void {
		if (this.handle > 0) crypto.envelope_close(<u32>this.handle);
		this.handle = 0;
	}

	private openWith(key: i32, object: Uint8Array): void {
		this.handle = crypto.envelope_open(<u32>key, object.dataStart, object.length);
		if (this.handle == PSA_NOT_SUPPORTED) this.error = ERROR_ENVELOPE_SUITE;
		else if (this.handle < 0) this.error = ERROR_ENVELOPE_INVALID;
		else this.readPublic();
	}

	private readPublic(): void {
		const result = crypto.envelope_read(<u32>this.handle, scratch.dataStart, scratch.length);
		if (result < 9) {
			this.error = ERROR_ENVELOPE_INVALID;
			return;
		}
		this.tag = scratch[0];
		this.version = readU32(scratch, 1);
		this.secretLength = readU32(scratch, 5);
		this.publicPart = scratch.slice(9, result);
	}
}

/** Protected data name the TRE and the root of the SHO that they are of (documents.md): 0, or the error where it is another one. */
export function foreignError(treId: Uint8Array, rootHash: Uint8Array, expectedRoot: Uint8Array): u32 {
	if (!equal(treId, get(RECORD_TRE_ID))) return ERROR_WRONG_TRE;
	return equal(rootHash, expectedRoot) ? 0 : ERROR_ROOT_MISMATCH;
}
