import { MCIM_SLOTS } from "../../contract/as/codec";

/** Keys of the records in the store. A key is never given a second meaning. */
export const RECORD_STATE: u32 = 1;
export const RECORD_BOOTS: u32 = 2;
export const RECORD_SIGN_KEY: u32 = 3;
export const RECORD_DECRYPT_KEY: u32 = 4;
export const RECORD_CERT_SIGN: u32 = 5;
export const RECORD_CERT_DECRYPT: u32 = 6;
export const RECORD_CERT_PVA: u32 = 7;
export const RECORD_ROOT_CURRENT: u32 = 8;
export const RECORD_ROOT_PENDING: u32 = 9;
export const RECORD_ROOT_FORMER: u32 = 10;
export const RECORD_TRE_ID: u32 = 11;
export const RECORD_CHANGE: u32 = 12;
export const RECORD_SPENT_NONCES: u32 = 13;
export const RECORD_LAST_BOOTSTRAP: u32 = 14;
/** A wipe has begun: the next boot ends it. */
export const RECORD_WIPING: u32 = 15;

/** Of a DM account three records: public fields, client password, server password. */
export const RECORD_ACCOUNT_CURRENT: u32 = 16;
export const RECORD_ACCOUNT_PENDING: u32 = 20;
export const ACCOUNT_CLIENT_PASSWORD: u32 = 1;
export const ACCOUNT_SERVER_PASSWORD: u32 = 2;

/** Writes that the host's word alone may still cause. */
export const RECORD_WEAR: u32 = 24;

/** The lowest security counter of a firmware that this device still takes. */
export const RECORD_SECURITY_COUNTER: u32 = 25;

/** The update that the current SHO offers. */
export const RECORD_OFFER: u32 = 26;
/** There is only where an update needs such an offer. */
export const RECORD_OFFERS_REQUIRED: u32 = 27;

export const RECORD_MCIM: u32 = 32;
/** The host's reference of the network parameters that belong to the MCIM of a slot. */
export const RECORD_MCIM_PARAMETERS: u32 = 40;
export const RECORD_MCIM_KEY: u32 = 48;
/** Key pairs, DM passwords and the keys of MCIMs, sealed: nothing of them stays in the flash when they go. */
export function isSecret(key: u32): bool {
	if (key == RECORD_SIGN_KEY || key == RECORD_DECRYPT_KEY) return true;
	if (key >= RECORD_MCIM_KEY && key < RECORD_MCIM_KEY + MCIM_SLOTS) return true;
	const part = key & 3;
	const account = key - part;
	if (account != RECORD_ACCOUNT_CURRENT && account != RECORD_ACCOUNT_PENDING) return false;
	return part == ACCOUNT_CLIENT_PASSWORD || part == ACCOUNT_SERVER_PASSWORD;
}

/** What a device keeps from one life to the next: how often it was started, and which firmware it takes. */
export function outlivesWipe(key: u32): bool {
	return key == RECORD_BOOTS || key == RECORD_SECURITY_COUNTER;
}

/** SEQ_MS of index IND of slot s stands at RECORD_SEQ + 32 s + IND. */
export const RECORD_SEQ: u32 = 0x100;

/** Entry n of the audit trail stands at RECORD_LOG + n modulo LOG_ENTRIES. */
export const RECORD_LOG: u32 = 0x60;

export const RECORD_FINGERPRINT: u32 = 0x400;
