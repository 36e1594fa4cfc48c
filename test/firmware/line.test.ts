import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { wire } from "../../firmware/contract/commands.ts";
import { errors } from "../../firmware/contract/errors.ts";
import { lifeStates } from "../../firmware/contract/states.ts";
import { loadArtefacts } from "../../firmware/emulator/artefacts.ts";
import { FlashMemory } from "../../firmware/emulator/flash-memory.ts";
import { Machine } from "../../firmware/emulator/machine.ts";
import { Deframer, encodeFrame, type Frame } from "../../host/link/frame.ts";
import { decodeResponse, encodeRequest } from "../../host/tre/codec.ts";
import { personalisedFlash } from "../support/keyed-flash.ts";
import { times } from "../support/long-form.ts";
import { DirectTre } from "../support/machine.ts";
import { authenticate, changeBootstrap, mcimObject } from "../support/operators.ts";
import { asClient } from "../support/whole-life.ts";

const { request: REQUEST, response: RESPONSE } = wire.kinds;

/** The firmware, and what a test puts on its line, frame by frame. */
class Line {
	readonly machine: Machine;
	readonly #deframer = new Deframer();
	sent: Frame[] = [];
	now = 0;
	/** Seconds that pass with each answer. */
	pace = 0;

	constructor(flash = new FlashMemory(), rootKey: Uint8Array = new Uint8Array(32).fill(0x5a)) {
		this.machine = new Machine({
			...loadArtefacts(),
			...{ flash, rootKey, seconds: () => Math.floor(this.now) },
			uartWrite: (octets) => {
				this.now += this.pace;
				this.sent.push(...this.#deframer.push(octets));
			},
		});
	}

	put(octets: Uint8Array): void {
		this.machine.receive(octets);
	}

	hello(id: number, maxSegment: number = wire.maxSegment): void {
		const hello = { minVersion: 1, maxVersion: 1, maxSegment, maxMessage: wire.maxMessage };
		this.message(id, encodeRequest("hello", hello), maxSegment);
	}

	/** A whole message in segments of that size; answers the octets of the response to the last of them. */
	message(id: number, message: Uint8Array, size: number = wire.maxSegment): Buffer {
		this.sent = [];
		for (const frame of framesOf(id, message, size)) this.put(encodeFrame(frame));
		return this.answer(id);
	}

	answer(id: number): Buffer {
		const frames = this.sent.filter((frame) => frame.kind === RESPONSE && frame.id === id);
		const whole = frames.slice(-(frames.at(-1)?.segments ?? 0));
		return Buffer.concat(whole.map(({ octets }) => octets));
	}
}

function framesOf(id: number, message: Uint8Array, size: number): Frame[] {
	const segments = Math.max(1, Math.ceil(message.length / size));
	return Array.from({ length: segments }, (_, segment) => ({
		...{ kind: REQUEST, id, segment, segments },
		octets: message.subarray(segment * size, (segment + 1) * size),
	}));
}

const errorIn = (response: Buffer): number =>
	response[1] === 0x18 ? (response[2] as number) : (response[1] as number);

describe("one rule for the length of a message at both ends (documents.md, Frame)", () => {
	const line = new Line();

	const refusal = (length: number, size: number, id: number): number => {
		line.hello(id, size);
		return errorIn(line.message(id + 1, new Uint8Array(length), size));
	};

	test.each([
		[8160, 480],
		[8161, 480],
		[8191, 480],
		[8192, 480],
		[8192, 256],
		[8192, 400],
	])("%i octets in segments of %i are taken", (length, size) => {
		expect(refusal(length, size, 10)).toBe(errors["malformed-request"].number);
	});

	test("one more is refused, once", () => {
		line.hello(20);
		expect(errorIn(line.message(21, new Uint8Array(8193)))).toBe(errors["message-too-large"].number);
		expect(line.sent.filter(({ kind }) => kind === RESPONSE)).toHaveLength(1);
	});

	test("any length in segments of any size: taken up to 8,192 octets, refused beyond", () => {
		let id = 100;
		fc.assert(
			fc.property(
				fc.oneof(fc.integer({ min: 1, max: 9000 }), fc.integer({ min: 8100, max: 8300 })),
				fc.integer({ min: wire.minSegment, max: wire.maxSegment }),
				(length, size) => {
					id = (id + 2) & 0xffff;
					fc.pre(Math.ceil(length / size) <= 255);
					const expected =
						length > wire.maxMessage || Math.ceil(length / size) > 32 ? "message-too-large" : "malformed-request";
					expect(refusal(length, size, id)).toBe(errors[expected].number);
				},
			),
			{ numRuns: times(150) },
		);
	});
});

describe("other things that are said on the line", () => {
	test("a boot loader's banner, a console's text or a BREAK in front of a frame costs nothing", () => {
		const line = new Line();
		const hello = encodeRequest("hello", { minVersion: 1, maxVersion: 1, maxSegment: 480, maxMessage: 8192 });
		for (const [id, text] of [
			[1, "U-Boot 2026.10 (Nov 27 2026)\r\n"],
			[2, `${"x".repeat(3000)}\r\n`],
			[3, "\0\0\0"],
		] as const) {
			line.sent = [];
			line.put(Buffer.concat([Buffer.from(text), encodeFrame(framesOf(id, hello, 480)[0] as Frame)]));
			expect(line.answer(id).length).toBeGreaterThan(0);
		}
	});
});

describe("G5: within one boot the last request id is not executed again", () => {
	test("not behind a segment that begins as a hello does, and is none", async () => {
		const { image, rootKey, ro, sho1, owned } = await personalisedFlash();
		const flash = new FlashMemory();
		flash.octets.set(image);
		const line = new Line(flash, rootKey);
		line.hello(1);
		const bootstrap = encodeRequest("acceptBootstrap", changeBootstrap(owned, sho1, ro));
		const repeated = (response: Buffer) => {
			const answer = decodeResponse("acceptBootstrap", response);
			return "error" in answer ? answer.error : answer.response.repeated;
		};
		expect(repeated(line.message(2, bootstrap))).toBe(false);
		const segments = Math.ceil(bootstrap.length / wire.maxSegment);
		const disguise = new Uint8Array(wire.maxSegment);
		disguise.set([0x85, 0x01]);
		for (const head of [
			disguise,
			disguise.subarray(0, 2),
			Uint8Array.of(0x85, 0x01, 1, 1, 0x19, 1, 0xe0, 0x19, 0x20, 0),
		]) {
			line.put(
				encodeFrame({ kind: REQUEST, id: 2, segment: 0, segments: head.length === 480 ? segments : 1, octets: head }),
			);
			if (head.length === 10) continue;
			// The kept answer: a second execution would say that the bootstrap is repeated.
			expect(repeated(line.message(2, bootstrap))).toBe(false);
		}
		// The last of them was a whole hello: it is always executed.
		expect(decodeResponse("hello", line.answer(2))).toMatchObject({ response: { version: 1 } });
	});
});

describe("NOTE Y: the time of a trial", () => {
	let made: Awaited<ReturnType<typeof personalisedFlash>>;
	beforeAll(async () => {
		made = await personalisedFlash();
	});

	/** A device whose MCIM is installed, with a trial of so many seconds to come. */
	async function installed(
		seconds: number,
	): Promise<{ line: Line; tre: ReturnType<typeof asClient>; id: () => number }> {
		const flash = new FlashMemory();
		flash.octets.set(made.image);
		const line = new Line(flash, made.rootKey);
		let last = 0;
		const id = () => ++last;
		line.hello(id());
		const call = (name: never, request: never) => {
			const answer = decodeResponse(name, line.message(id(), encodeRequest(name, request)));
			if ("error" in answer) throw Object.assign(new Error(`error ${answer.error}`), { number: answer.error });
			return answer.response;
		};
		const tre = asClient({ call: call as never });
		const { ro, sho1 } = made;
		const owned = { ...made.owned };
		const trial = { seconds, boots: 9 };
		const change = { provUrl: "https://dpf.sho-1.example/dm", certificate: sho1.root.certificate, fallback: trial };
		const account = sho1.account(owned).object;
		await tre.call("acceptBootstrap", changeBootstrap(owned, sho1, ro, { change: { ...change, account } }));
		await tre.call("acceptMcim", await mcimObject(tre, owned, sho1, { trial }));
		return { line, tre, id };
	}

	const stateOf = async (tre: ReturnType<typeof asClient>) => (await tre.call("status", {})).state;

	test("what ran before `activate` does not count", async () => {
		const { line, tre } = await installed(100);
		line.now = 1000;
		await tre.call("activate", {});
		line.now = 1099;
		line.machine.tick();
		expect(await stateOf(tre)).toBe(lifeStates.trial);
		line.now = 1100;
		line.machine.tick();
		expect(await stateOf(tre)).toBe(lifeStates.idle);
	});

	test("passes on a line that is never silent: each answer takes its time, and no tick comes between them", async () => {
		const { line, tre, id } = await installed(5);
		await tre.call("activate", {});
		line.sent = [];
		line.pace = 0.5;
		const status = encodeRequest("status", {});
		const flood = Array.from({ length: 40 }, () => encodeFrame(framesOf(id(), status, 480)[0] as Frame));
		line.put(Buffer.concat(flood));
		const states = line.sent.map(({ octets }) => octets[2]);
		expect(states[0]).toBe(lifeStates.trial);
		// Half a second each: ten answers or a few more are the whole trial.
		expect(states.indexOf(lifeStates.idle)).toBeGreaterThan(5);
		expect(states.indexOf(lifeStates.idle)).toBeLessThan(14);
	});

	test("over is over: whoever confirms too late hears that, by name", async () => {
		const { line, tre } = await installed(5);
		await tre.call("activate", {});
		line.now = 6;
		const late = await tre.call("confirmConnectivity", {}).catch((error: { number: number }) => error.number);
		expect(late).toBe(errors["trial-over"].number);
		expect(await stateOf(tre)).toBe(lifeStates.idle);
		const again = await tre.call("confirmConnectivity", {}).catch((error: { number: number }) => error.number);
		expect(again).toBe(errors["trial-over"].number);
	});
});

describe("a host may cause only so many writes by its word alone", () => {
	test("256 at once, then one a minute; a reset gives nothing back but one; what is signed or authenticated still works", async () => {
		const { image, rootKey, ro, owned } = await personalisedFlash();
		const flash = new FlashMemory();
		flash.octets.set(image);
		let now = 0;
		const boot = () => new DirectTre(flash, rootKey, undefined, { seconds: () => now });
		let tre = boot();
		let n = 0;
		const write = (): string => {
			n++;
			try {
				tre.call("bindParameters", { role: 1, reference: Uint8Array.of(n >> 8, n & 0xff) });
				return "done";
			} catch (error) {
				return (error as { code: string }).code;
			}
		};
		const { left } = tre.call("wear", {});
		for (let count = 0; count < left; count++) expect(write()).toBe("done");
		const erased = tre.call("store", {}).eraseCycles;
		for (let count = 0; count < 500; count++) expect(write()).toBe("wear-limited");
		expect(tre.call("wear", {})).toEqual({ left: 0, refused: 500 });
		expect(tre.call("store", {}).eraseCycles).toBe(erased);
		now += 60;
		expect([write(), write()]).toEqual(["done", "wear-limited"]);
		tre = boot();
		expect([write(), write()]).toEqual(["done", "wear-limited"]);
		// The same reference again changes nothing, and costs nothing.
		tre.call("bindParameters", { role: 1, reference: Uint8Array.of((n - 1) >> 8, (n - 1) & 0xff) });
		await authenticate(asClient(tre), ro, owned.imsi);
	});
});
