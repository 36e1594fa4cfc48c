/**
 * The protocol of an STM32's ROM loader (AN3155, USART), without a line: each exchange is a generator that says what it sends
 * and how many octets it waits for, and is given them.
 */

export interface Ask {
	readonly send: Uint8Array;
	/** Octets that are to come. */
	readonly take: number;
	/** Milliseconds in which they come. */
	readonly withinMs: number;
}

const ACK = 0x79;
const NACK = 0x1f;

/** Whether a loader says so to what it was sent first. */
export const isAnswer = (octet: number): boolean => octet === ACK || octet === NACK;

export const SYNC = 0x7f;
export const code = { get: 0x00, id: 0x02, read: 0x11, go: 0x21, write: 0x31, erase: 0x44 } as const;
/** What a loader has to have for this program. */
export const needed = [code.id, code.read, code.go, code.write, code.erase] as const;

/** Octets of one read or write. */
export const BLOCK = 256;

/** An answer comes at once; a bridge, or a machine that is busy, may take its time with it. */
const ANSWER_MS = 10_000;
/** A block is programmed in 256 × 0.1 ms at most, and its answer is behind a USB adapter. */
const PROGRAM_MS = 15_000;
/** 128 KiB by octets take 4 s at most (data sheet, table 41); loaders that check afterwards take longer. */
const ERASE_MS = 40_000;

/** The loader refused a command. */
export class Refused extends Error {
	readonly command: number;

	constructor(command: number, what: string) {
		super(`the ROM loader refuses ${what}`);
		this.command = command;
	}
}

/** What came is no answer of a loader. */
export class NoLoader extends Error {}

const xor = (octets: Uint8Array): number => octets.reduce((sum, octet) => sum ^ octet, 0);
const withSum = (...octets: number[]): Uint8Array => Uint8Array.from([...octets, xor(Uint8Array.from(octets))]);
const addressOctets = (address: number): Uint8Array =>
	withSum((address >>> 24) & 0xff, (address >>> 16) & 0xff, (address >>> 8) & 0xff, address & 0xff);

const named = (command: number): string =>
	Object.entries(code).find(([, value]) => value === command)?.[0] ?? `command 0x${command.toString(16)}`;

function* acknowledged(
	command: number,
	send: Uint8Array,
	what: string,
	withinMs = ANSWER_MS,
): Generator<Ask, void, Uint8Array> {
	const [answer] = yield { send, take: 1, withinMs };
	if (answer === NACK) throw new Refused(command, what);
	if (answer !== ACK) throw new NoLoader(`0x${(answer ?? 0).toString(16)} is no answer of a ROM loader`);
}

const begin = (command: number, what = `the command ${named(command)}`) =>
	acknowledged(command, Uint8Array.of(command, command ^ 0xff), what);

/** Octets behind an acknowledgement whose count is in the first of them, and the acknowledgement at their end. */
function* counted(): Generator<Ask, Uint8Array, Uint8Array> {
	const nothing = new Uint8Array();
	const [more = 0] = yield { send: nothing, take: 1, withinMs: ANSWER_MS };
	const octets = yield { send: nothing, take: more + 1, withinMs: ANSWER_MS };
	const [end] = yield { send: nothing, take: 1, withinMs: ANSWER_MS };
	if (end !== ACK) throw new NoLoader("the ROM loader's answer has no end");
	return octets;
}

/** The loader's version, and the commands that it has. */
export function* getCommands(): Generator<Ask, { version: number; commands: readonly number[] }, Uint8Array> {
	yield* begin(code.get);
	const [version = 0, ...commands] = yield* counted();
	return { version, commands };
}

/** Which chip it is. */
export function* getId(): Generator<Ask, number, Uint8Array> {
	yield* begin(code.id);
	return (yield* counted()).reduce((id, octet) => (id << 8) | octet, 0);
}

const hex = (address: number): string => `0x${address.toString(16).padStart(8, "0")}`;

/** At most `BLOCK` octets. A loader of a read-protected chip refuses the command itself. */
export function* readBlock(address: number, length: number): Generator<Ask, Uint8Array, Uint8Array> {
	yield* begin(code.read, "to read");
	yield* acknowledged(code.read, addressOctets(address), `to read at ${hex(address)}`);
	yield* acknowledged(code.read, Uint8Array.of(length - 1, (length - 1) ^ 0xff), `to read ${length} octets`);
	return yield { send: new Uint8Array(), take: length, withinMs: ANSWER_MS + length };
}

/** At most `BLOCK` octets, whole words at the address of one. */
export function* writeBlock(address: number, octets: Uint8Array): Generator<Ask, void, Uint8Array> {
	yield* begin(code.write, "to write");
	yield* acknowledged(code.write, addressOctets(address), `to write at ${hex(address)}`);
	const counted = withSum(octets.length - 1, ...octets);
	yield* acknowledged(code.write, counted, `what was to be written at ${hex(address)}`, PROGRAM_MS);
}

/** One sector (the extended command: sixteen bits each). */
export function* eraseSector(sector: number): Generator<Ask, void, Uint8Array> {
	yield* begin(code.erase, "to erase");
	const one = withSum(0, 0, sector >> 8, sector & 0xff);
	yield* acknowledged(code.erase, one, `to erase sector ${sector}`, ERASE_MS);
}

/** Leaves the loader for what begins at an address with its stack pointer and reset vector. */
export function* go(address: number): Generator<Ask, void, Uint8Array> {
	yield* begin(code.go);
	yield* acknowledged(code.go, addressOctets(address), `to start what is at ${hex(address)}`);
}
