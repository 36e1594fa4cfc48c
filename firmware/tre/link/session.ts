import {
	ERROR_MESSAGE_TOO_LARGE,
	ERROR_TRAPPED,
	FRAME_HAVE_REQUEST,
	FRAME_HAVE_RESPONSE,
	FRAME_REQUEST,
	FRAME_RESPONSE,
	MAX_MESSAGE,
	MAX_RESPONSE,
	MAX_SEGMENT,
} from "../../contract/as/codec";
import { errorResponse, execute } from "../commands/dispatch";
import { isHello, segmentSize } from "../commands/session";
import { passTime } from "../life/trial";
import * as board from "../platform/board";
import { CRC, encode, encoded, HEAD, received, takeOctet } from "./frame";

const NONE: i32 = -1;
/** One bit each in a bitmap of 32. */
const MAX_SEGMENTS: i32 = 32;
const LARGEST: i32 = <i32>MAX_SEGMENT;

const request = new Uint8Array(<i32>MAX_MESSAGE);
/** What may be a hello: no CBOR of one is longer. */
const start = new Uint8Array(22);
const response = new Uint8Array(<i32>MAX_RESPONSE);
const content = new Uint8Array(HEAD + LARGEST + CRC);

/** The request being put together, and which of its segments have arrived. */
let assembling: i32 = NONE;
let expected: i32 = 0;
let have: u32 = 0;
let requestLength: i32 = 0;

/** The last request that was executed; its response is kept for repetitions. */
let answered: i32 = NONE;
let responseLength: i32 = 0;

let executing: i32 = NONE;

/** Request id in execution, -1 between commands: the runner asks after a trap. */
export function executingId(): i32 {
	return executing;
}

/** Answers the request in which the previous instance trapped. */
export function reportTrap(id: i32): void {
	if (id != NONE) refuse(id, ERROR_TRAPPED);
}

/** Takes octets off the line; whole requests are executed and answered. */
export function receive(from: usize, length: i32): void {
	for (let i = 0; i < length; i++) {
		const size = takeOctet(load<u8>(from + i));
		if (size > 0) takeContent(received(), size);
	}
}

function takeContent(at: usize, size: i32): void {
	const kind = load<u8>(at);
	const id = <i32>load<u16>(at, 1);
	const segment = <i32>load<u8>(at, 3);
	const segments = <i32>load<u8>(at, 4);
	if (kind == FRAME_REQUEST) takeSegment(id, segment, segments, at + HEAD, size - HEAD);
	else if (kind == FRAME_HAVE_RESPONSE && id == answered && size == HEAD + 4) sendResponse(load<u32>(at + HEAD));
}

function takeSegment(id: i32, segment: i32, segments: i32, octets: usize, length: i32): void {
	const size = segmentSize();
	const last = segment + 1 == segments;
	if (segment >= segments || length > size || (!last && length != size)) return;
	if (id == answered && !(segments == 1 && opensSession(octets, length))) {
		if (last) sendResponse(0);
		return;
	}
	// A segment that is not the last one says only how many octets there are at the least.
	if (segments > MAX_SEGMENTS || (segments - 1) * size + (last ? length : 1) > <i32>MAX_MESSAGE) {
		refuse(id, ERROR_MESSAGE_TOO_LARGE);
		return;
	}
	if (id != assembling || segments != expected) {
		assembling = id;
		expected = segments;
		have = 0;
	}
	memory.copy(request.dataStart + segment * size, octets, length);
	have |= 1 << segment;
	if (last) requestLength = segment * size + length;
	if (popcnt(have) == segments) complete(id);
	else sendHave(id);
}

/** Is this a whole `hello`? It is never taken for a repetition. */
function opensSession(octets: usize, length: i32): bool {
	if (length > start.length) return false;
	memory.copy(start.dataStart, octets, length);
	const opens = isHello(start.subarray(0, length));
	__collect();
	return opens;
}

/** The kept response may hold CK and IK; a shorter one would leave its end standing. */
function forgetResponse(): void {
	memory.fill(response.dataStart, 0, responseLength);
	responseLength = 0;
}

function refuse(id: i32, error: u32): void {
	forgetResponse();
	respond(id, errorResponse(error, response));
}

function complete(id: i32): void {
	executing = id;
	forgetResponse();
	// Time that has passed counts before what comes now.
	passTime();
	const length = execute(request.subarray(0, requestLength), response);
	executing = NONE;
	respond(id, length);
	__collect();
}

/** `length` octets of the response stand there; they are kept for repetitions. */
function respond(id: i32, length: i32): void {
	assembling = NONE;
	answered = id;
	responseLength = length;
	sendResponse(0);
}

function send(kind: u8, id: i32, segment: i32, segments: i32, length: i32): void {
	content[0] = kind;
	content[1] = <u8>id;
	content[2] = <u8>(id >> 8);
	content[3] = <u8>segment;
	content[4] = <u8>segments;
	const size = encode(content, HEAD + length);
	board.uart_write(encoded(), size);
	memory.fill(encoded(), 0, size);
	memory.fill(content.dataStart, 0, HEAD + length + CRC);
}

function sendHave(id: i32): void {
	store<u32>(content.dataStart + HEAD, have);
	send(FRAME_HAVE_REQUEST, id, 0, expected, 4);
}

/** Sends the segments of the kept response that the other end does not have (bit n: segment n). */
function sendResponse(others: u32): void {
	const size = segmentSize();
	const segments = max((responseLength + size - 1) / size, 1);
	for (let i = 0; i < segments; i++) {
		if ((others >> i) & 1) continue;
		const length = min(size, responseLength - i * size);
		memory.copy(content.dataStart + HEAD, response.dataStart + i * size, length);
		send(FRAME_RESPONSE, answered, i, segments, length);
	}
}
