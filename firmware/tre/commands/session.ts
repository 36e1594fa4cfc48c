import { CborReader, CborWriter } from "../../contract/as/cbor";
import {
	COMMAND_HELLO,
	ERROR_MALFORMED_REQUEST,
	ERROR_VERSION_UNSUPPORTED,
	HelloRequest,
	LogRequest,
	MAX_MESSAGE,
	MAX_RESPONSE,
	MAX_SEGMENT,
	MIN_SEGMENT,
	PROTOCOL_VERSION,
	requestElements,
	WINDOW,
	writeHelloResponse,
	writeInfoResponse,
	writeLogResponse,
	writeStatusResponse,
} from "../../contract/as/codec";
import { entries, nextEntry } from "../life/audit";
import { StoredMcim } from "../mcim/mcim";
import { readU32, writeU32 } from "../octets/octets";
import { sha256 } from "../platform/keys";
import { commit, get, has, lastTransaction, put } from "../store/log";
import { RECORD_BOOTS, RECORD_ROOT_CURRENT, RECORD_ROOT_PENDING, RECORD_TRE_ID } from "../store/records";
import { State } from "../store/state";
import { TreInfo } from "../tre-info";

export function bootCounter(): u32 {
	const octets = get(RECORD_BOOTS);
	return octets.length == 4 ? readU32(octets, 0) : 0;
}

/** Counts this boot, durably; 0, or the error. */
export function countBoot(): u32 {
	const octets = new Uint8Array(4);
	writeU32(octets, 0, bootCounter() + 1);
	put(RECORD_BOOTS, octets);
	return commit();
}

/** Octets of a segment as the last `hello` agreed on. */
let segment: u32 = MAX_SEGMENT;

export function segmentSize(): i32 {
	return <i32>segment;
}

/** Is this the request that opens a session, and nothing but that? */
export function isHello(octets: Uint8Array): bool {
	const reader = new CborReader(octets);
	const named = reader.array() == requestElements(COMMAND_HELLO) && reader.uint() == COMMAND_HELLO;
	return named && new HelloRequest().read(reader);
}

export function hello(reader: CborReader, writer: CborWriter): u32 {
	const request = new HelloRequest();
	if (!request.read(reader)) return ERROR_MALFORMED_REQUEST;
	if (request.minVersion > PROTOCOL_VERSION || request.maxVersion < PROTOCOL_VERSION) return ERROR_VERSION_UNSUPPORTED;
	if (request.maxSegment < MIN_SEGMENT || request.maxMessage < MAX_RESPONSE) return ERROR_MALFORMED_REQUEST;
	segment = min(request.maxSegment, MAX_SEGMENT);
	writeHelloResponse(writer, PROTOCOL_VERSION, segment, min(request.maxMessage, MAX_MESSAGE), WINDOW, bootCounter());
	return 0;
}

export function info(reader: CborReader, writer: CborWriter): u32 {
	if (!reader.finished()) return ERROR_MALFORMED_REQUEST;
	const tre = new TreInfo();
	writeInfoResponse(
		writer,
		get(RECORD_TRE_ID),
		tre.type,
		tre.version,
		tre.target,
		tre.entropy,
		tre.suites,
		tre.algorithms,
		tre.forms,
		tre.modules,
	);
	return 0;
}

function rootHash(record: u32): Uint8Array {
	return has(record) ? sha256(get(record)) : new Uint8Array(0);
}

/** The audit trail: without secrets, and so open to everybody. */
export function log(reader: CborReader, writer: CborWriter): u32 {
	const request = new LogRequest();
	if (!request.read(reader)) return ERROR_MALFORMED_REQUEST;
	writeLogResponse(writer, nextEntry(), entries(request.from));
	return 0;
}

export function status(reader: CborReader, writer: CborWriter): u32 {
	if (!reader.finished()) return ERROR_MALFORMED_REQUEST;
	const state = State.load();
	const active = StoredMcim.load(state.activeSlot);
	const pending = StoredMcim.load(state.pendingSlot);
	const none = new Uint8Array(0);
	writeStatusResponse(
		writer,
		state.life,
		bootCounter(),
		lastTransaction(),
		state.serial,
		rootHash(RECORD_ROOT_CURRENT),
		rootHash(RECORD_ROOT_PENDING),
		state.changed ? state.nonceB : none,
		active == null ? none : active.imsi,
		active == null ? none : active.mcimId,
		pending == null ? none : pending.imsi,
		pending == null ? none : pending.mcimId,
	);
	return 0;
}
