import { expect, test } from "vitest";
import { lifeStates } from "../../firmware/contract/states.ts";
import { loadArtefacts } from "../../firmware/emulator/artefacts.ts";
import { FlashMemory } from "../../firmware/emulator/flash-memory.ts";
import { Machine } from "../../firmware/emulator/machine.ts";
import { makeRoot } from "../../hil/network/shared/certificates.ts";
import type { TreClient } from "../../host/tre/client.ts";
import { readFlash, writeFlash } from "../support/flash-image.ts";
import { DirectTre } from "../support/machine.ts";
import { changeBootstrap, mcimObject, type Personalised, personalise, TestOperator } from "../support/operators.ts";

const viaMachine = (direct: DirectTre): TreClient =>
	({
		call: async (name: never, request: never) => direct.call(name, request),
		status: async () => direct.call("status", {}),
	}) as unknown as TreClient;

const rootKey = new Uint8Array(32).fill(0x5a);

async function delivered(): Promise<{ tre: DirectTre; ro: TestOperator; owned: Personalised }> {
	const tre = new DirectTre(new FlashMemory(), rootKey);
	const ro = await TestOperator.make("ro.example");
	return { tre, ro, owned: await personalise(viaMachine(tre), await makeRoot("pva.example", "rsa"), ro) };
}

/** The latest value of each record, for a flash with records added. */
function withRecords(flash: FlashMemory, added: ReadonlyMap<number, Uint8Array>): FlashMemory {
	const records = new Map<number, Uint8Array>();
	for (const { key, octets } of readFlash(Buffer.from(flash.octets))) {
		if (octets.length > 0) records.set(key, octets);
		else records.delete(key);
	}
	for (const [key, octets] of added) records.set(key, octets);
	const forged = new FlashMemory();
	forged.octets.set(writeFlash(forged.octets.length, records));
	return forged;
}

test("an idle TRE does not trap: 20,000 ticks, blank and delivered", async () => {
	const { tre: made } = await delivered();
	for (const flash of [new FlashMemory(), made.flash]) {
		const traps: Error[] = [];
		let now = 0;
		const parts = { ...loadArtefacts(), flash, rootKey, uartWrite: () => undefined, seconds: () => now };
		const machine = new Machine({ ...parts, onTrap: (error) => traps.push(error) });
		for (now = 0; now < 20_000; now++) machine.tick();
		expect(traps).toEqual([]);
	}
});

test("NOTE Y: a trial reverts when its seconds have passed, and not before; the old MCIM authenticates again", async () => {
	const { tre: first, ro, owned } = await delivered();
	const sho1 = await TestOperator.make("sho-1.example");
	const client = viaMachine(first);
	await client.call("acceptBootstrap", changeBootstrap(owned, sho1, ro));
	await client.call("acceptMcim", await mcimObject(client, owned, sho1));
	await client.call("activate", {});
	let now = 0;
	const answers: Uint8Array[] = [];
	const parts = {
		...loadArtefacts(),
		flash: first.flash,
		rootKey,
		uartWrite: (octets: Uint8Array) => answers.push(octets),
	};
	const machine = new Machine({ ...parts, seconds: () => now });
	const lifeNow = () => new DirectTre(withRecords(first.flash, new Map()), rootKey).call("status", {}).state;
	for (now = 0; now < 3590; now += 10) machine.tick();
	expect(lifeNow()).toBe(lifeStates.trial);
	for (; now < 3610; now += 10) machine.tick();
	expect(lifeNow()).toBe(lifeStates.idle);
	const after = new DirectTre(first.flash, rootKey);
	expect(after.call("status", {})).toMatchObject({ activeImsi: owned.imsi, pendingImsi: "" });
	const vector = ro.vector(owned.imsi);
	const answer = after.call("authenticate", {
		rand: Buffer.from(vector.rand, "hex"),
		autn: Buffer.from(vector.autn, "hex"),
	});
	expect(answer.outcome).toBe(0);
});

test("NOTE Y: a trial reverts after its number of boots", async () => {
	const { tre: first, ro, owned } = await delivered();
	const sho1 = await TestOperator.make("sho-1.example");
	const client = viaMachine(first);
	await client.call("acceptBootstrap", changeBootstrap(owned, sho1, ro));
	await client.call("acceptMcim", await mcimObject(client, owned, sho1));
	await client.call("activate", {});
	const boot = () => new DirectTre(first.flash, rootKey).call("status", {}).state;
	expect([boot(), boot(), boot()]).toEqual([lifeStates.trial, lifeStates.trial, lifeStates.idle]);
});

test("G7: with 511 fingerprints one more K is taken; with 512 a change is refused by name at its bootstrap", async () => {
	const { tre: first, ro, owned } = await delivered();
	const sho1 = await TestOperator.make("sho-1.example");
	const fingerprints = (count: number) =>
		new Map(
			Array.from({ length: count - 1 }, (_, n) => [0x401 + n, Buffer.alloc(16, n + 1).fill(n >> 8, 0, 8)] as const),
		);
	const almost = viaMachine(new DirectTre(withRecords(first.flash, fingerprints(511)), rootKey));
	const device = { ...owned };
	await almost.call("acceptBootstrap", changeBootstrap(device, sho1, ro));
	await almost.call("acceptMcim", await mcimObject(almost, device, sho1));
	const full = new DirectTre(withRecords(first.flash, fingerprints(512)), rootKey);
	const before = full.call("status", {});
	expect(() => full.call("acceptBootstrap", changeBootstrap({ ...owned }, sho1, ro))).toThrow(/store-full/);
	expect(full.call("status", {})).toEqual(before);
});

test("three thousand AUTHENTICATEs compact the store again and again; each SQN stays spent", async () => {
	const { tre, ro, owned } = await delivered();
	for (let n = 0; n < 3000; n++) {
		const vector = ro.vector(owned.imsi);
		const request = { rand: Buffer.from(vector.rand, "hex"), autn: Buffer.from(vector.autn, "hex") };
		expect(tre.call("authenticate", request).outcome).toBe(0);
		if (n % 250 === 0)
			expect(new DirectTre(withRecords(tre.flash, new Map()), rootKey).call("authenticate", request).outcome).toBe(1);
	}
});

test("G8: a store whose bank headers are damaged is refused by name, never taken for a new device", async () => {
	const { tre } = await delivered();
	const damaged = new FlashMemory();
	damaged.octets.set(tre.flash.octets);
	for (const base of [0, damaged.octets.length / 2]) damaged.octets.fill(0, base, base + 4);
	const broken = new DirectTre(damaged, rootKey);
	expect(() => broken.call("status", {})).toThrow(/store-damaged/);
	expect(() => broken.call("makeKeys", {})).toThrow(/store-damaged/);
	expect(broken.call("info", {}).type).toBe("wasm");
});
