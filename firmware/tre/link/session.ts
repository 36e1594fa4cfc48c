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
import { errorResponse, execute, isHello } from "../commands/dispatch";
import { segmentSize } from "../commands/session";
import * as board from "../platform/board";
import { CRC, encode, encoded, HEAD, received, takeOctet } from "./frame";

const NONE: i32 = -1;
/** One bit each in a bitmap of 32. */
const MAX_SEGMENTS: i32 = 32;
const LARGEST: i32 = <i32>MAX_SEGMENT;

const request = new Uint8Array(<i32>MAX_MESSAGE);
/** The first octets of a segment that may be a hello. */
const start = new Uint8Array(2);
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
	if (id == NONE) return;
	answered = id;
	responseLength = errorResponse(ERROR_TRAPPED, response);
	sendResponse(0);
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
	if (segment >= segments || length > size || (segment + 1 < segments && length != size)) return;
	if (segments > MAX_SEGMENTS || (segments - 1) * size + length > <i32>MAX_MESSAGE) {
		refuse(id);
		return;
	}
	if (id == answered && assembling != id && !startsHello(segment, octets, length)) {
		if (segment + 1 == segments) sendResponse(0);
		return;
	}
	if (id != assembling || segments != expected) {
		assembling = id;
		expected = segments;
		have = 0;
	}
	memory.copy(request.dataStart + segment * size, octets, length);
	have |= 1 << segment;
	if (segment + 1 == segments) requestLength = segment * size + length;
	if (popcnt(have) == segments) complete(id);
	else sendHave(id);
}

/** `hello` is one segment, and known by its first two octets. */
function startsHello(segment: i32, octets: usize, length: i32): bool {
	if (segment != 0 || length < 2) return false;
	start[0] = load<u8>(octets);
	start[1] = load<u8>(octets, 1);
	return isHello(start);
}

function refuse(id: i32): void {
	assembling = NONE;
	answered = id;
	responseLength = errorResponse(ERROR_MESSAGE_TOO_LARGE, response);
	sendResponse(0);
}

function complete(id: i32): void {
	assembling = NONE;
	executing = id;
	// The longest kept response may hold CK and IK; a shorter one would leave its end standing.
	memory.fill(response.dataStart, 0, responseLength);
	const length = execute(request.subarray(0, requestLength), response);
	executing = NONE;
	answered = id;
	responseLength = length;
	sendResponse(0);
	__collect();
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
