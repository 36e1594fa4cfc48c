import { sign } from "node:crypto";
import { beforeAll, describe, expect, test } from "vitest";
import { lifeStates } from "../../../firmware/contract/states.ts";
import { loadArtefacts } from "../../../firmware/emulator/artefacts.ts";
import { defaultGeometry } from "../../../firmware/emulator/flash.ts";
import { FlashMemory } from "../../../firmware/emulator/flash-memory.ts";
import { Machine } from "../../../firmware/emulator/machine.ts";
import type { Identity } from "../../../hil/network/shared/certificates.ts";
import type { TreError } from "../../../host/tre/errors.ts";
import { readFlash } from "../../support/flash-image.ts";
import { personalisedFlash } from "../../support/keyed-flash.ts";
import { DirectTre } from "../../support/machine.ts";
import {
	authenticate,
	change,
	changeBootstrap,
	mcimObject,
	type Personalised,
	type TestOperator,
} from "../../support/operators.ts";
import { asClient } from "../../support/whole-life.ts";
import { FadingFlash } from "../hostile/fading-flash.ts";

/** A flash some sectors of which cannot be erased any more. */
class WornFlash extends FlashMemory {
	broken: readonly number[] = [];

	override erase(sector: number): void {
		if (this.broken.includes(sector)) throw new Error("the sector does not erase");
		super.erase(sector);
	}
}

const codeOf = (run: () => unknown): string => {
	try {
		run();
		return "done";
	} catch (error) {
		return (error as TreError).code;
	}
};

describe("parts of the flash are broken", () => {
	let rootKey: Buffer;
	let image: Uint8Array;
	let ro: TestOperator;
	let sho1: TestOperator;
	let pva: Identity;
	let delivered: Personalised;

	beforeAll(async () => {
		({ image, rootKey, ro, sho1, pva, owned: delivered } = await personalisedFlash());
	});

	const on = <Flash extends FlashMemory>(flash: Flash): Flash => {
		flash.octets.set(image);
		return flash;
	};

	/** A change to SHO[1], up to its trial; `imsi` is that of the MCIM on trial. */
	const intoTrial = async (tre: DirectTre): Promise<{ owned: Personalised; imsi: string }> => {
		const owned = { ...delivered };
		tre.call("acceptBootstrap", changeBootstrap(owned, sho1, ro));
		const object = await mcimObject(asClient(tre), owned, sho1);
		tre.call("acceptMcim", object);
		tre.call("activate", {});
		return { owned, imsi: object.mcim.imsi };
	};

	test("it takes what it is given and does not hold it: nothing is answered as done", async () => {
		const flash = on(new FadingFlash(defaultGeometry));
		const tre = new DirectTre(flash, rootKey);
		const owned = { ...delivered };
		for (const holds of [0, 1, 3, 7, 20, 60, 150]) {
			const request = changeBootstrap({ ...owned }, sho1, ro);
			const before = tre.call("status", {});
			flash.failAfter(holds);
			// The second one begins with a change of banks.
			for (let n = 0; n < 2; n++) expect(codeOf(() => tre.call("acceptBootstrap", request))).toBe("flash-failed");
			expect(tre.call("status", {})).toEqual(before);
			flash.powerUp();
			await authenticate(asClient(tre), ro, owned.imsi);
		}
		expect(tre.call("acceptBootstrap", changeBootstrap(owned, sho1, ro)).repeated).toBe(false);
		expect(new DirectTre(flash, rootKey).call("status", {}).state).toBe(lifeStates.bootstrapped);
	});

	test("a sector of the spare bank: the device serves on in the other one, and leaves it when it can", async () => {
		const flash = on(new WornFlash());
		let tre = new DirectTre(flash, rootKey);
		flash.broken = [5];
		const owned = { ...delivered };
		const former = secretsIn(flash);
		await change(asClient(tre), owned, ro, sho1);
		for (let n = 0; n < 50; n++) await authenticate(asClient(tre), sho1, owned.imsi);
		tre = new DirectTre(flash, rootKey);
		await authenticate(asClient(tre), sho1, owned.imsi);
		expect(former.some((octets) => Buffer.from(flash.octets).includes(octets))).toBe(true);
		flash.broken = [];
		tre = new DirectTre(flash, rootKey);
		await authenticate(asClient(tre), sho1, owned.imsi);
		expect(former.some((octets) => Buffer.from(flash.octets).includes(octets))).toBe(false);
	});

	/** The sealed K of MCIMs that stand in the flash. */
	const secretsIn = (flash: FlashMemory): Buffer[] =>
		readFlash(Buffer.from(flash.octets))
			.filter(({ key, octets }) => key >= 48 && key < 56 && octets.length > 0)
			.map(({ octets }) => Buffer.from(octets));

	test("G8: a wipe that cannot erase the old keys never ends in a blank device; it ends when it can", () => {
		const flash = on(new WornFlash());
		const tre = new DirectTre(flash, rootKey);
		const { nonce } = tre.call("wipeChallenge", {});
		const signed = Buffer.concat([Buffer.from(`TRE-WIPE-1${delivered.treId}`), nonce]);
		flash.broken = [0];
		expect(codeOf(() => tre.call("wipe", { algorithm: 1, signature: sign("sha256", signed, pva.key) }))).toBe(
			"trapped",
		);
		for (let boots = 0; boots < 3; boots++) {
			const booted = new DirectTre(flash, rootKey);
			expect(codeOf(() => booted.call("status", {}))).toBe("flash-failed");
			expect(codeOf(() => booted.call("makeKeys", {}))).toBe("flash-failed");
		}
		flash.broken = [];
		expect(new DirectTre(flash, rootKey).call("status", {}).state).toBe(lifeStates.blank);
		expect(secretsIn(flash)).toEqual([]);
	});

	test("G7: a damaged store is not mended by time: no tick writes over what could not be read", async () => {
		const flash = on(new FlashMemory());
		const tre = new DirectTre(flash, rootKey);
		const { imsi } = await intoTrial(tre);
		const before = flash.octets.slice();
		for (let n = 0; n < 4; n++) await authenticate(asClient(tre), sho1, imsi);
		// One octet of the first of them, with whole ones behind it.
		const at = flash.octets.findIndex((octet, n) => octet !== before[n]);
		flash.octets[at + 13] ^= 0x55;
		let now = 0;
		const machine = new Machine({ ...loadArtefacts(), flash, rootKey, uartWrite: () => undefined, seconds: () => now });
		const damaged = flash.octets.slice();
		for (now = 0; now < 10_000; now += 30) machine.tick();
		expect(Buffer.from(flash.octets).equals(damaged)).toBe(true);
		expect(codeOf(() => new DirectTre(flash, rootKey).call("status", {}))).toBe("store-damaged");
	});

	test("NOTE Y: a trial whose revert cannot be stored is over all the same, and reverts when it can", async () => {
		const flash = on(new WornFlash());
		const tre = new DirectTre(flash, rootKey);
		const { owned, imsi } = await intoTrial(tre);
		await authenticate(asClient(tre), sho1, imsi);
		let now = 0;
		const broken = new (class extends FlashMemory {
			fails = false;
			override program(address: number, octets: Uint8Array): void {
				if (this.fails) throw new Error("it does not program");
				super.program(address, octets);
			}
		})();
		broken.octets.set(flash.octets);
		const late = new DirectTre(broken, rootKey, undefined, { seconds: () => now });
		broken.fails = true;
		for (now = 0; now < 4000; now += 10) late.machine.tick();
		expect(codeOf(() => late.call("confirmConnectivity", {}))).toBe("trial-over");
		broken.fails = false;
		late.machine.tick();
		expect(late.call("status", {})).toMatchObject({ state: lifeStates.idle, activeImsi: owned.imsi, pendingImsi: "" });
	});
});
