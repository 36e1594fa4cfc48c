import { CborReader } from "../../contract/as/cbor";
import { ERROR_ENVELOPE_CONTENT } from "../../contract/as/codec";
import { copy } from "../octets/octets";
import { digestAuth, KEY_PASSWORD } from "../platform/keys";
import { get, has, put, remove } from "../store/log";
import {
	ACCOUNT_CLIENT_PASSWORD,
	ACCOUNT_SERVER_PASSWORD,
	RECORD_ACCOUNT_CURRENT,
	RECORD_ACCOUNT_PENDING,
} from "../store/records";
import { Envelope, foreignError, TAG_ACCOUNT } from "./envelope";

/** The public part of a protected DM account (documents.md, tag 4). */
export class Account {
	error: u32 = 0;
	treId: Uint8Array = new Uint8Array(0);
	rootHash: Uint8Array = new Uint8Array(0);
	serverId: Uint8Array = new Uint8Array(0);
	user: Uint8Array = new Uint8Array(0);
	clientNonce: Uint8Array = new Uint8Array(0);
	serverNonce: Uint8Array = new Uint8Array(0);
	nonceA: Uint8Array = new Uint8Array(0);
	private clientPassword: Uint8Array = new Uint8Array(0);
	private serverPassword: Uint8Array = new Uint8Array(0);

	constructor(sealedKey: Uint8Array, object: Uint8Array) {
		const envelope = new Envelope(sealedKey, object);
		this.error = envelope.error;
		if (this.error == 0) this.read(envelope);
		envelope.close();
	}

	/** 0 where it is for this TRE, from the SHO with that root; else the error. */
	refusal(rootHash: Uint8Array): u32 {
		return this.error != 0 ? this.error : foreignError(this.treId, this.rootHash, rootHash);
	}

	/** Puts the account into the running transaction, as that of the pending or of the current SHO. */
	save(record: u32): void {
		saveFields(record, this.serverId, this.user, this.clientNonce, this.serverNonce);
		put(record + ACCOUNT_CLIENT_PASSWORD, this.clientPassword);
		put(record + ACCOUNT_SERVER_PASSWORD, this.serverPassword);
	}

	private read(envelope: Envelope): void {
		const reader = new CborReader(envelope.publicPart);
		if (reader.array() != 9) this.error = ERROR_ENVELOPE_CONTENT;
		this.treId = reader.text();
		this.rootHash = reader.bytes();
		this.serverId = copy(reader.text());
		this.user = copy(reader.text());
		this.clientNonce = copy(reader.bytes());
		this.serverNonce = copy(reader.bytes());
		this.nonceA = reader.bytes();
		const clientLength = reader.uint();
		const serverLength = reader.uint();
		const shaped =
			reader.finished() &&
			envelope.tag == TAG_ACCOUNT &&
			envelope.version > 0 &&
			this.rootHash.length == 32 &&
			this.nonceA.length == 16 &&
			this.serverId.length > 0 &&
			this.serverId.length < 200 &&
			this.user.length > 0 &&
			this.user.length < 200 &&
			this.clientNonce.length < 64 &&
			this.serverNonce.length < 64 &&
			<u64>clientLength + <u64>serverLength == <u64>envelope.secretLength;
		if (!shaped) this.error = ERROR_ENVELOPE_CONTENT;
		if (this.error != 0) return;
		this.clientPassword = envelope.seal(KEY_PASSWORD, 0, clientLength);
		this.serverPassword = envelope.seal(KEY_PASSWORD, clientLength, serverLength);
		if (this.clientPassword.length == 0 || this.serverPassword.length == 0) this.error = ERROR_ENVELOPE_CONTENT;
	}
}

function saveFields(
	record: u32,
	serverId: Uint8Array,
	user: Uint8Array,
	clientNonce: Uint8Array,
	serverNonce: Uint8Array,
): void {
	const total = serverId.length + user.length + clientNonce.length + serverNonce.length + 4;
	const octets = new Uint8Array(total);
	let at = append(octets, 0, serverId);
	at = append(octets, at, user);
	at = append(octets, at, clientNonce);
	append(octets, at, serverNonce);
	put(record, octets);
}

function append(octets: Uint8Array, at: i32, field: Uint8Array): i32 {
	octets[at] = <u8>field.length;
	octets.set(field, at + 1);
	return at + 1 + field.length;
}

/** A DM account as stored: that of the pending SHO while there is one, else of the current SHO. */
export class StoredAccount {
	serverId: Uint8Array = new Uint8Array(0);
	user: Uint8Array = new Uint8Array(0);
	clientNonce: Uint8Array = new Uint8Array(0);
	serverNonce: Uint8Array = new Uint8Array(0);
	private record: u32;

	private constructor(record: u32) {
		this.record = record;
	}

	static load(): StoredAccount | null {
		const record = has(RECORD_ACCOUNT_PENDING) ? RECORD_ACCOUNT_PENDING : RECORD_ACCOUNT_CURRENT;
		const octets = get(record);
		if (octets.length == 0) return null;
		const account = new StoredAccount(record);
		let at = 0;
		account.serverId = field(octets, at);
		at += 1 + account.serverId.length;
		account.user = field(octets, at);
		at += 1 + account.user.length;
		account.clientNonce = field(octets, at);
		at += 1 + account.clientNonce.length;
		account.serverNonce = field(octets, at);
		return account;
	}

	/** Digest that the client presents to the server. */
	clientDigest(nonce: Uint8Array): Uint8Array {
		return digestAuth(get(this.record + ACCOUNT_CLIENT_PASSWORD), this.user, nonce);
	}

	/** Digest that the server has to present. */
	serverDigest(): Uint8Array {
		return digestAuth(get(this.record + ACCOUNT_SERVER_PASSWORD), this.serverId, this.clientNonce);
	}

	save(): void {
		saveFields(this.record, this.serverId, this.user, this.clientNonce, this.serverNonce);
	}
}

function field(octets: Uint8Array, at: i32): Uint8Array {
	return octets.slice(at + 1, at + 1 + octets[at]);
}

/** At commit the pending SHO's account becomes the current one. */
export function promoteAccount(): void {
	for (let part: u32 = 0; part <= ACCOUNT_SERVER_PASSWORD; part++) {
		put(RECORD_ACCOUNT_CURRENT + part, get(RECORD_ACCOUNT_PENDING + part));
		remove(RECORD_ACCOUNT_PENDING + part);
	}
}

export function dropPendingAccount(): void {
	for (let part: u32 = 0; part <= ACCOUNT_SERVER_PASSWORD; part++) remove(RECORD_ACCOUNT_PENDING + part);
}
