import { beforeAll, describe, expect, test } from "vitest";
import { type CommandName, wire } from "../../../firmware/contract/commands.ts";
import { FlashMemory } from "../../../firmware/emulator/flash-memory.ts";
import { makeRoot } from "../../../hil/network/shared/certificates.ts";
import type { Request, Response } from "../../../host/tre/codec.ts";
import { UPDATE_CHUNK } from "../../../host/tre/update.ts";
import { keyedFlash } from "../../support/keyed-flash.ts";
import {
	change,
	changeBootstrap,
	offerBootstrap,
	type Personalised,
	personalise,
	signedOctets,
	TestOperator,
} from "../../support/operators.ts";
import { PageUse } from "../../support/page-use.ts";
import { sendUpdate, slotImages, UpdatableDevice } from "../../support/updatable-device.ts";
import { asClient, type LivingTre, wholeLife } from "../../support/whole-life.ts";

/** What has to be left when a command needs most: the heap of a device that is full is torn, and its blocks do not fit. */
const PAGE = 65_536;
const MARGIN = 6 * 1024;

/** A TRE under the eye of `PageUse`, with the highest address of each command. */
class MeasuredTre implements LivingTre {
	readonly peaks = new Map<string, number>();
	readonly #use = new PageUse();
	readonly #flash: FlashMemory;
	readonly #rootKey: Uint8Array;
	#tre: ReturnType<PageUse["tre"]>;

	constructor(flash: FlashMemory, rootKey: Uint8Array) {
		this.#flash = flash;
		this.#rootKey = rootKey;
		this.#tre = this.#use.tre(flash, rootKey);
		this.#note("boot");
	}

	static keyed(): MeasuredTre {
		const { image, rootKey } = keyedFlash();
		const flash = new FlashMemory();
		flash.octets.set(image);
		return new MeasuredTre(flash, rootKey);
	}

	call<Name extends CommandName>(name: Name, request: Request<Name>): Response<Name> {
		try {
			return this.#tre.call(name, request);
		} finally {
			this.#note(name);
		}
	}

	/** The error of a message, by number. */
	error(message: Uint8Array, name: string): number {
		const answer = this.#tre.exchange(message);
		this.#note(name);
		// [error]
		return answer[1] ?? 0;
	}

	boot(): void {
		this.#tre = this.#use.tre(this.#flash, this.#rootKey);
		this.#note("boot");
	}

	get highest(): number {
		return Math.max(...this.peaks.values());
	}

	#note(name: string): void {
		this.peaks.set(name, Math.max(this.peaks.get(name) ?? 0, this.#use.take()));
	}
}

const nap = (id: number) => ({ napId: `N${id}`, name: "n", apn: "a" });

describe("nothing is collected while a command runs: what it allocates has to fit the page", () => {
	let tre: MeasuredTre;
	let owned: Personalised;
	let ro: TestOperator;
	let sho1: TestOperator;

	beforeAll(async () => {
		tre = MeasuredTre.keyed();
		[ro, sho1] = [await TestOperator.make("ro.example"), await TestOperator.make("sho-1.example")];
		owned = await personalise(asClient(tre), await makeRoot("pva.example", "rsa"), ro);
	});

	test("every command of a whole life, done and refused", async () => {
		const life = MeasuredTre.keyed();
		await wholeLife(life);
		expect(life.peaks.size).toBeGreaterThan(22);
		expect(Object.fromEntries([...life.peaks].filter(([, peak]) => peak > PAGE - MARGIN))).toEqual({});
	});

	test("the largest change that fits a message: its access points are skipped, however many they are", async () => {
		let naps = 1;
		const sized = (count: number) =>
			changeBootstrap({ ...owned }, sho1, ro, { naps: Array.from({ length: count }, (_, id) => nap(id)) });
		while (sized(naps + 1).document.length + 600 < wire.maxMessage) naps++;
		expect(naps).toBeGreaterThan(15);
		tre.call("acceptBootstrap", sized(naps));
		expect(tre.highest).toBeLessThan(PAGE - MARGIN);
	});

	test.each([
		["characteristics", '<characteristic type="A"></characteristic>'],
		["empty parameters", '<parm name=""></parm>'],
		["parameters", '<parm name="" value=""></parm>'],
	])("a document that is nothing but %s", (_what, piece) => {
		const open = '<wap-provisioningdoc version="1.1"><characteristic type="NAPDEF">';
		const close = "</characteristic></wap-provisioningdoc>";
		const room = wire.maxMessage - 600 - open.length - close.length;
		const document = open + piece.repeat(Math.floor(room / piece.length)) + close;
		expect(() => tre.call("acceptBootstrap", signedOctets(document, ro))).toThrow("document-malformed");
		expect(tre.highest).toBeLessThan(PAGE - MARGIN);
	});

	test("an update in the largest pieces that a message holds, and the start that confirms it", async () => {
		const device = new UpdatableDevice();
		device.flash(await slotImages({ version: "1.0.0" }));
		const slots = await slotImages({ version: "1.1.0", size: 3 * UPDATE_CHUNK });
		const use = new PageUse();
		const start = () => use.tre(device.store, device.rootKey, device.boot.port(device.boot.select()));
		sendUpdate(start(), slots, UPDATE_CHUNK);
		expect(start().call("updateStatus", {})).toMatchObject({ version: "1.1.0", triesLeft: 0 });
		expect(use.highest).toBeGreaterThan(UPDATE_CHUNK);
		expect(use.highest).toBeLessThan(PAGE - MARGIN);
	});

	test("an offer of firmware, with the longest names that it may have, and longer ones", async () => {
		const device = MeasuredTre.keyed();
		const owner = await personalise(asClient(device), await makeRoot("pva.example", "rsa"), ro);
		const named = (length: number) =>
			offerBootstrap(owner, Object.assign(Object.create(ro), { shoId: "x".repeat(length) }), {
				version: "1.0.0",
				digest: Buffer.alloc(32),
			});
		device.call("acceptBootstrap", named(150));
		expect(() => device.call("acceptBootstrap", named(600))).toThrow(/^acceptBootstrap: envelope-/);
		expect(device.highest).toBeLessThan(PAGE - MARGIN);
	});

	test("changes, one after the other, leave the page as it was", async () => {
		const device = MeasuredTre.keyed();
		const client = asClient(device);
		const owner = await personalise(client, await makeRoot("pva.example", "rsa"), ro);
		await change(client, owner, ro, sho1);
		const first = device.highest;
		for (let round = 0; round < 3; round++) {
			await change(client, owner, sho1, ro);
			await change(client, owner, ro, sho1);
		}
		expect(device.highest).toBeLessThan(first + 1024);
	});
});
