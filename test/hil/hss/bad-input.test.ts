import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { ccm, idResponse } from "../../../hil/network/gsup/ccm.ts";
import { extensions, IpaDeframer, type IpaFrame, ipaFrame, streams } from "../../../hil/network/gsup/ipa.ts";
import { decodeGsup, encodeGsup, type Gsup } from "../../../hil/network/gsup/message.ts";
import { causes, domains } from "../../../hil/network/gsup/tables.ts";
import { generator } from "../../../hil/rig/sampling.ts";
import { gsupCaptures } from "../../support/gsup-captures.ts";
import { BARRED, newSubscriber, OwnBench, TestVlr } from "../../support/hlr-bench.ts";
import { times } from "../../support/long-form.ts";
import { Mutator } from "../../support/mutate.ts";

const subscriber = newSubscriber(1);
/** No captured request is for this one. */
const victim = newSubscriber(987_654_321);
const { imsi } = subscriber;

const gsupFrame = (message: Uint8Array): Buffer =>
	ipaFrame({ stream: streams.osmocom, payload: Buffer.concat([Uint8Array.of(extensions.gsup), message]) });
const request = (more: Partial<Gsup> = {}): Buffer =>
	encodeGsup({ procedure: "SendAuthInfo", imsi, vectors: 1, ...more, kind: "request" });

const peers: RawPeer[] = [];

/** A peer that sends what it likes; it answers pings as long as it reads. */
class RawPeer {
	readonly frames: IpaFrame[] = [];
	closed = false;
	readonly socket: Socket;

	constructor(address: string, name?: string) {
		const [host, port] = address.split(":") as [string, string];
		this.socket = connect(Number(port), host);
		peers.push(this);
		const deframer = new IpaDeframer();
		this.socket.on("data", (octets) => {
			for (const frame of deframer.push(octets)) {
				const isPing = frame.stream === streams.ccm && frame.payload[0] === ccm.ping;
				if (isPing) this.socket.write(ipaFrame({ stream: streams.ccm, payload: Buffer.of(ccm.pong) }));
				else this.frames.push(frame);
			}
		});
		this.socket.on("error", () => undefined);
		this.socket.on("close", () => {
			this.closed = true;
		});
		if (name !== undefined) this.socket.write(ipaFrame({ stream: streams.ccm, payload: idResponse(name) }));
	}

	get messages(): Buffer[] {
		return this.frames
			.filter(({ stream, payload }) => stream === streams.osmocom && payload[0] === extensions.gsup)
			.map(({ payload }) => payload.subarray(1));
	}

	async until(what: string, fits: () => boolean): Promise<void> {
		for (let n = 0; n < 1000; n++) {
			if (fits()) return;
			await sleep(10);
		}
		throw new Error(`${what} did not come about`);
	}
}

describe("GSUP: bad input, and the next good request", () => {
	const own = new OwnBench();
	const limits = { identityMs: 300, pingMs: 400, answerMs: 500, maxRunning: 16, maxUnread: 64 * 1024 };

	beforeAll(() => own.start([subscriber, victim], limits));
	afterEach(async () => {
		for (const { socket } of peers.splice(0)) socket.destroy();
		for (let n = 0; n < 100 && own.front.peers() > 0; n++) await sleep(10);
	});
	afterAll(() => own.dispose());

	/** A good network, after all that. */
	const works = async (name = "VLR-2"): Promise<void> => {
		const vlr = new TestVlr(own.address, name);
		try {
			expect(await vlr.request({ procedure: "SendAuthInfo", imsi, vectors: 1 })).toMatchObject({ kind: "result" });
			const location = await vlr.request({ procedure: "UpdateLocation", imsi, domain: domains.ps });
			expect(location).toMatchObject({ kind: "result" });
		} finally {
			vlr.close();
			await sleep(30);
		}
	};

	test("every captured request, mutated and truncated: an answer of the same procedure, and nothing of another subscriber", async () => {
		const corpus = gsupCaptures()
			.filter(({ toHlr, octets }) => toHlr && octets[2] === streams.osmocom)
			.map(({ octets }) => octets.subarray(4));
		const random = generator(5);
		const mutator = new Mutator(random, [Buffer.from("0108", "hex"), Buffer.from("0280", "hex")]);
		const any = () => corpus[Math.floor(random() * corpus.length)] as Buffer;
		const peer = new RawPeer(own.address, "VLR-1");
		await peer.until("identity", () => peer.frames.length > 0);
		for (let n = 0; n < times(200); n++) {
			const before = peer.messages.length;
			peer.socket.write(gsupFrame(mutator.mutate(any(), any()).subarray(0, 4000)));
			peer.socket.write(gsupFrame(request()));
			await peer.until("an answer to the good one", () =>
				peer.messages.slice(before).some((one) => one[0] === 0x0a && decodeGsup(one).imsi === imsi),
			);
			expect(peer.closed).toBe(false);
			for (const one of peer.messages.slice(before))
				if ((one[0] as number) % 4 === 2 && one.length > 60) expect(decodeGsup(one).imsi).not.toBe(victim.imsi);
			peer.frames.splice(0);
		}
		peer.socket.destroy();
		await works();
	}, 600_000);

	test("a peer that says nothing of itself is asked once and sent away; its requests are refused", async () => {
		const peer = new RawPeer(own.address);
		peer.socket.write(gsupFrame(request()));
		await peer.until("a refusal", () => peer.messages.length > 0);
		expect(decodeGsup(peer.messages[0] as Buffer)).toMatchObject({ kind: "error", cause: causes.networkFailure });
		await peer.until("its end", () => peer.closed);
		await works();
	});

	test.each([
		["no unit id", Buffer.from([ccm.idResponse, 0, 3, 0, 0x41, 0])],
		["a name with a control character", idResponse("A\u0007B")],
		["a name of 100 letters", idResponse("A".repeat(100))],
		["a length that runs over the end", Buffer.from([ccm.idResponse, 0xff, 0xff, 0])],
		["an element of length 0", Buffer.from([ccm.idResponse, 0, 0, 0])],
	])("an identity with %s: sent away", async (_what, identity) => {
		const peer = new RawPeer(own.address);
		peer.socket.write(ipaFrame({ stream: streams.ccm, payload: identity }));
		await peer.until("its end", () => peer.closed);
		await works();
	});

	test("a name with a NUL or of 65 letters in SOURCE is refused, and one in its right form gives nobody another IND", async () => {
		const peer = new RawPeer(own.address, "VLR-1");
		for (const name of ["a\0b", "x".repeat(65), ""])
			peer.socket.write(
				gsupFrame(Buffer.concat([request(), Buffer.from([0x60, name.length + 1]), Buffer.from(`${name}\0`)])),
			);
		peer.socket.write(gsupFrame(request({ source: "ANOTHER" })));
		await peer.until("four answers", () => peer.messages.length === 4);
		expect(peer.messages.filter((one) => one[0] === 0x09)).toHaveLength(3);
		expect(own.store.peers.get("ANOTHER")).toBeUndefined();
	});

	test("what stands behind a name that was refused is not worked on", async () => {
		const first = new TestVlr(own.address, "VLR-1");
		await first.request({ procedure: "UpdateLocation", imsi, domain: domains.ps });
		const second = new RawPeer(own.address);
		const purge = encodeGsup({ procedure: "PurgeMS", kind: "request", imsi, domain: domains.ps });
		second.socket.write(
			Buffer.concat([ipaFrame({ stream: streams.ccm, payload: idResponse("VLR-1") }), gsupFrame(purge)]),
		);
		await second.until("its end", () => second.closed);
		expect(own.store.locations.get(imsi)).toEqual({ vno: "VLR-1" });
		first.close();
	});

	test("a frame that is too long, and unknown streams and extensions", async () => {
		const peer = new RawPeer(own.address, "VLR-1");
		peer.socket.write(ipaFrame({ stream: 0x42, payload: Buffer.alloc(10) }));
		peer.socket.write(ipaFrame({ stream: streams.osmocom, payload: Buffer.from([0x77, 1, 2]) }));
		peer.socket.write(ipaFrame({ stream: streams.osmocom, payload: Buffer.alloc(0) }));
		peer.socket.write(gsupFrame(request()));
		await peer.until("an answer", () => peer.messages.length === 1);
		peer.socket.write(Buffer.from("ffffee05", "hex"));
		await peer.until("its end", () => peer.closed);
		await works();
	});

	test("a network that there is no agreement with: cause 11, for every procedure", async () => {
		const vlr = new TestVlr(own.address, "VLR-X", { answerMs: 200 });
		for (const procedure of ["SendAuthInfo", "UpdateLocation", "PurgeMS", "CheckImei", "MoForwardSm"] as const)
			expect(await vlr.request({ procedure, imsi, smReference: 3 })).toMatchObject({
				...{ kind: "error", cause: causes.plmnNotAllowed, smReference: 3 },
			});
		// It has no answer, and none that refuses.
		await expect(vlr.request({ procedure: "AuthFailureReport", imsi })).rejects.toThrow(/no answer/);
		expect(await vlr.request({ procedure: "SendAuthInfo", imsi })).toMatchObject({ kind: "error" });
		vlr.close();
		await works();
	});

	test("a name that is in use: the second is sent away, the first goes on; a half-open first one makes room", async () => {
		const first = new TestVlr(own.address, "VLR-1");
		await first.request({ procedure: "SendAuthInfo", imsi, vectors: 1 });
		const second = new RawPeer(own.address, "VLR-1");
		await second.until("its end", () => second.closed);
		expect(await first.request({ procedure: "SendAuthInfo", imsi, vectors: 1 })).toMatchObject({ kind: "result" });
		first.close();
		await sleep(50);
		// One that reads nothing and answers no ping.
		const halfOpen = new RawPeer(own.address, "VLR-1");
		await halfOpen.until("identity", () => halfOpen.frames.length > 0);
		halfOpen.socket.pause();
		let served = false;
		for (let n = 0; n < 100 && !served; n++) {
			served = await works("VLR-1").then(
				() => true,
				() => false,
			);
			await sleep(50);
		}
		expect(served).toBe(true);
		halfOpen.socket.destroy();
	});

	test("a flood: at most so many at once are worked on, the others are refused with `congestion`", async () => {
		const peer = new RawPeer(own.address, "VLR-1");
		await peer.until("identity", () => peer.frames.length > 0);
		const flood = Buffer.concat(Array.from({ length: 500 }, () => gsupFrame(request())));
		peer.socket.write(flood);
		await peer.until("500 answers", () => peer.messages.length === 500);
		const answers = peer.messages.map(decodeGsup);
		expect(answers.filter(({ kind }) => kind === "result").length).toBeGreaterThanOrEqual(16);
		for (const { kind, cause } of answers) if (kind === "error") expect(cause).toBe(causes.congestion);
		peer.socket.destroy();
		await sleep(50);
		await works();
	});

	test("a reader that is too slow is dropped, and memory stays what it was", async () => {
		const peer = new RawPeer(own.address, "VLR-1");
		await peer.until("identity", () => peer.frames.length > 0);
		peer.socket.pause();
		const before = process.memoryUsage().heapUsed;
		for (let n = 0; n < 200 && !peer.closed && !peer.socket.destroyed; n++) {
			peer.socket.write(Buffer.concat(Array.from({ length: 50 }, () => gsupFrame(request({ vectors: 5 })))));
			await sleep(5);
			if (own.front.peers() === 0) break;
		}
		await peer.until("its end", () => own.front.peers() === 0);
		expect(process.memoryUsage().heapUsed - before).toBeLessThan(64 * 1024 * 1024);
		peer.socket.destroy();
		await works();
	});

	test("a network that never takes the subscriber data: its location is refused in time, and that of others works", async () => {
		const peer = new RawPeer(own.address, "VLR-1");
		peer.socket.write(
			gsupFrame(encodeGsup({ procedure: "UpdateLocation", kind: "request", imsi, domain: domains.ps })),
		);
		await peer.until("a refusal", () => peer.messages.some((one) => one[0] === 0x05));
		expect(own.store.locations.get(imsi)?.vno).not.toBe("VLR-1");
		peer.socket.destroy();
		await works();
	});

	test("barred equipment, and an IMEI that is none", async () => {
		const vlr = new TestVlr(own.address, "VLR-1");
		expect(await vlr.request({ procedure: "CheckImei", imsi, imei: `${BARRED}0` })).toMatchObject({ imeiResult: 1 });
		expect(await vlr.request({ procedure: "CheckImei", imsi })).toMatchObject({
			cause: causes.invalidMandatoryInformation,
		});
		vlr.close();
	});
});
