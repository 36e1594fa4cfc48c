import { expect, test } from "vitest";
import { lifeStates } from "../../firmware/contract/states.ts";
import { loadArtefacts } from "../../firmware/emulator/artefacts.ts";
import { defaultGeometry } from "../../firmware/emulator/flash.ts";
import { FlashMemory } from "../../firmware/emulator/flash-memory.ts";
import { Machine } from "../../firmware/emulator/machine.ts";
import { makeRoot } from "../../hil/network/shared/certificates.ts";
import { flashWith, recordsOf, withFingerprints } from "../support/forged-store.ts";
import { DirectTre } from "../support/machine.ts";
import { changeBootstrap, mcimObject, type Personalised, personalise, TestOperator } from "../support/operators.ts";
import { asClient } from "../support/whole-life.ts";

const rootKey = new Uint8Array(32).fill(0x5a);

async function delivered(): Promise<{ tre: DirectTre; ro: TestOperator; owned: Personalised }> {
	const tre = new DirectTre(new FlashMemory(), rootKey);
	const ro = await TestOperator.make("ro.example");
	return { tre, ro, owned: await personalise(asClient(tre), await makeRoot("pva.example", "rsa"), ro) };
}

/** What stands in the store, on a flash of its own. */
const copyOf = (flash: FlashMemory): FlashMemory => flashWith(recordsOf(flash.octets), defaultGeometry);

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
	const client = asClient(first);
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
	const lifeNow = () => new DirectTre(copyOf(first.flash), rootKey).call("status", {}).state;
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
	const client = asClient(first);
	await client.call("acceptBootstrap", changeBootstrap(owned, sho1, ro));
	await client.call("acceptMcim", await mcimObject(client, owned, sho1));
	await client.call("activate", {});
	const boot = () => new DirectTre(first.flash, rootKey).call("status", {}).state;
	expect([boot(), boot(), boot()]).toEqual([lifeStates.trial, lifeStates.trial, lifeStates.idle]);
});

test("G7: with 511 fingerprints one more K is taken; with 512 a change is refused by name at its bootstrap", async () => {
	const { tre: first, ro, owned } = await delivered();
	const sho1 = await TestOperator.make("sho-1.example");
	const held = (count: number) => flashWith(withFingerprints(recordsOf(first.flash.octets), count), defaultGeometry);
	const almost = asClient(new DirectTre(held(511), rootKey));
	const device = { ...owned };
	await almost.call("acceptBootstrap", changeBootstrap(device, sho1, ro));
	await almost.call("acceptMcim", await mcimObject(almost, device, sho1));
	const full = new DirectTre(held(512), rootKey);
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
		if (n % 250 === 0) expect(new DirectTre(copyOf(tre.flash), rootKey).call("authenticate", request).outcome).toBe(1);
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
