import { readFileSync } from "node:fs";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { image as layout } from "../../../firmware/contract/image.ts";
import { BootStage } from "../../../firmware/emulator/boot-stage.ts";
import { FlashMemory } from "../../../firmware/emulator/flash-memory.ts";
import { PowerCut } from "../../../firmware/emulator/power.ts";
import { times } from "../../support/long-form.ts";
import { slotImages } from "../../support/updatable-device.ts";

const bootStage = new WebAssembly.Module(new Uint8Array(readFileSync("build/boot.wasm")));
const HALF = 4096;
const RECORD = 16;

/** A flash whose next program is torn: of the bits that were to fall, only those of a mask have. */
class TearingFlash extends FlashMemory {
	tears: Uint8Array | undefined;

	constructor() {
		super({ sectorSize: HALF, sectorCount: 2 + 2 * 64 });
	}

	override program(address: number, octets: Uint8Array): void {
		const tears = this.tears;
		super.program(address, tears ? octets.map((octet, n) => octet | (tears[n % tears.length] ?? 0)) : octets);
		if (!tears) return;
		this.tears = undefined;
		throw new PowerCut("the power is off");
	}
}

type Record = { readonly slot: number; readonly confirmed: boolean; readonly tries: number } | undefined;

type Operation =
	| { readonly kind: "choose"; readonly slot: number; readonly confirmed: boolean }
	| { readonly kind: "confirm" | "start" };

/** What the last record says after an operation that was whole. */
function nextOf(record: Record, operation: Operation): Record {
	switch (operation.kind) {
		case "choose":
			return { slot: operation.slot, confirmed: operation.confirmed, tries: 3 };
		case "confirm":
			return record && { ...record, confirmed: true };
		case "start":
			return record && !record.confirmed && record.tries > 0 ? { ...record, tries: record.tries - 1 } : record;
	}
}

/** Both slots are good: what starts is what the record asks for. */
const startsOf = (record: Record): number => {
	if (!record) return 0;
	return record.confirmed || record.tries > 0 ? record.slot : 1 - record.slot;
};

function readRecord(boot: BootStage): Record {
	const packed = boot.port(0).record();
	return packed === -1 ? undefined : { slot: packed & 0xff, confirmed: (packed & 0x100) !== 0, tries: packed >> 16 };
}

const operation: fc.Arbitrary<Operation> = fc.oneof(
	fc.record({ kind: fc.constant("choose" as const), slot: fc.integer({ min: 0, max: 1 }), confirmed: fc.boolean() }),
	fc.record({ kind: fc.constantFrom("confirm" as const, "start" as const) }),
);

describe("boot records against a model of them", () => {
	let slots: readonly Buffer[];
	let flash: TearingFlash;
	let boot: BootStage;

	beforeAll(async () => {
		slots = await slotImages({ version: "1.0.0", size: 64 });
		flash = new TearingFlash();
		boot = new BootStage(bootStage, flash);
		boot.flash(slots[0] as Buffer, layout.HEADER_SIZE);
		flash.program(boot.place(1), slots[1] as Buffer);
	});

	function apply(one: Operation): void {
		if (one.kind === "choose") expect(boot.port(0).choose(one.slot, one.confirmed ? 1 : 0)).toBe(0);
		else if (one.kind === "confirm") boot.port(0).confirm();
		else boot.select();
	}

	const blank = (): void => void flash.octets.fill(0xff, 0, 2 * HALF);

	test("whole operations do what the model does, also when a sector is full", { timeout: 600_000 }, () => {
		const filled = fc.integer({ min: 0, max: (2 * HALF) / RECORD - 1 });
		fc.assert(
			fc.property(filled, fc.array(operation, { maxLength: 12 }), (before, operations) => {
				blank();
				let record: Record;
				for (let n = 0; n < before % 520; n += 40) apply({ kind: "choose", slot: 0, confirmed: true });
				record = readRecord(boot);
				for (const one of operations) {
					const expected = one.kind === "start" ? startsOf(record) : undefined;
					if (one.kind === "start") expect(boot.select()).toBe(expected);
					else apply(one);
					record = nextOf(record, one);
					expect(readRecord(boot)).toEqual(record);
				}
			}),
			{ numRuns: times(30), seed: 5 },
		);
	});

	test("a word that was torn counts or does not, and nothing else; what comes behind it works", {
		timeout: 600_000,
	}, () => {
		const tears = fc.uint8Array({ minLength: 4, maxLength: 4 });
		fc.assert(
			fc.property(fc.array(operation, { maxLength: 4 }), operation, tears, fc.nat(2), (before, torn, mask, skip) => {
				blank();
				for (const one of before) apply(one);
				const record = readRecord(boot);
				let words = skip;
				const program = flash.program.bind(flash);
				// Which of the words of the operation is torn.
				flash.program = (address, octets) => {
					if (words-- === 0) flash.tears = mask;
					program(address, octets);
				};
				try {
					apply(torn);
				} catch (error) {
					if (!(error instanceof PowerCut)) throw error;
				} finally {
					flash.program = program;
					flash.tears = undefined;
				}
				const seen = readRecord(boot);
				expect([record, nextOf(record, torn)]).toContainEqual(seen);
				expect(boot.select()).toBe(startsOf(seen));
				apply({ kind: "choose", slot: 1, confirmed: true });
				expect(readRecord(boot)).toEqual({ slot: 1, confirmed: true, tries: 3 });
			}),
			{ numRuns: times(120), seed: 6 },
		);
	});

	test("two sectors take turns: more records than both hold, and the last one always counts", () => {
		blank();
		for (let n = 0; n < (2 * HALF) / RECORD + 5; n++) {
			const slot = n % 2;
			expect(boot.port(0).choose(slot, 1)).toBe(0);
			expect(readRecord(boot)).toMatchObject({ slot, confirmed: true });
		}
	});
});
