/** States of a TAP controller (IEEE 1149.1): where TMS low and TMS high lead. */
const next = {
	reset: ["idle", "reset"],
	idle: ["idle", "selectData"],
	selectData: ["captureData", "selectInstruction"],
	captureData: ["shiftData", "exit1Data"],
	shiftData: ["shiftData", "exit1Data"],
	exit1Data: ["pauseData", "updateData"],
	pauseData: ["pauseData", "exit2Data"],
	exit2Data: ["shiftData", "updateData"],
	updateData: ["idle", "selectData"],
	selectInstruction: ["captureInstruction", "reset"],
	captureInstruction: ["shiftInstruction", "exit1Instruction"],
	shiftInstruction: ["shiftInstruction", "exit1Instruction"],
	exit1Instruction: ["pauseInstruction", "updateInstruction"],
	pauseInstruction: ["pauseInstruction", "exit2Instruction"],
	exit2Instruction: ["shiftInstruction", "updateInstruction"],
	updateInstruction: ["idle", "selectData"],
} as const satisfies Record<string, readonly [string, string]>;

/** What a data register holds: a number of so many bits. */
export interface Register {
	readonly value: number;
	readonly bits: number;
}

/** One TAP: its registers, whose bits go in at the top and come out at the bottom. */
export interface Tap {
	readonly instructionBits: number;
	/** What it selects after a reset. */
	readonly afterReset: number;
	capture(instruction: number): Register;
	update(instruction: number, value: number): void;
}

interface Station {
	readonly tap: Tap;
	instruction: number;
	/** Of the register that is shifted. */
	bits: number;
}

/** TAPs in a chain; the first one is nearest to TDO. */
export class Chain {
	readonly #stations: readonly Station[];
	#state: keyof typeof next = "reset";
	/** All that has come out and is to come out, as it passes TDO. */
	#bits: number[] = [0];
	#out = 0;

	constructor(taps: readonly Tap[]) {
		this.#stations = taps.map((tap) => ({ tap, instruction: tap.afterReset, bits: 1 }));
	}

	get tdo(): number {
		return this.#bits[this.#out] ?? 0;
	}

	reset(): void {
		this.#state = "reset";
		for (const station of this.#stations) station.instruction = station.tap.afterReset;
	}

	/** A rising edge of TCK. */
	clock(tms: number, tdi: number): void {
		const state = this.#state;
		if (state === "shiftData" || state === "shiftInstruction") {
			this.#bits.push(tdi);
			this.#out++;
		} else if (state === "captureData") this.#capture(({ tap, instruction }) => tap.capture(instruction));
		else if (state === "captureInstruction") this.#capture(({ tap }) => ({ value: 1, bits: tap.instructionBits }));
		this.#state = next[state][tms === 0 ? 0 : 1];
		if (this.#state === "reset") this.reset();
		else if (this.#state === "updateInstruction")
			this.#update((station, value) => {
				station.instruction = value;
			});
		else if (this.#state === "updateData")
			this.#update(({ tap, instruction }, value) => tap.update(instruction, value));
	}

	#capture(registerOf: (station: Station) => Register): void {
		this.#bits = [];
		this.#out = 0;
		for (const station of this.#stations) {
			const { value, bits } = registerOf(station);
			station.bits = bits;
			for (let n = 0; n < bits; n++) this.#bits.push(Math.floor(value / 2 ** n) % 2);
		}
	}

	#update(take: (station: Station, value: number) => void): void {
		let at = this.#out;
		for (const station of this.#stations) {
			let value = 0;
			for (let n = 0; n < station.bits; n++) value += (this.#bits[at + n] ?? 0) * 2 ** n;
			at += station.bits;
			take(station, value);
		}
	}
}

/** A TAP that has its identity and nothing else. */
export const boundaryScan = (instructionBits: number, id: number): Tap => ({
	instructionBits,
	afterReset: 1,
	capture: (instruction) => (instruction === 1 ? { value: id, bits: 32 } : { value: 0, bits: 1 }),
	update: () => undefined,
});
