import type { Protection } from "./chip.ts";
import { protectionOfRegister, stm32f4 } from "./stm32f4.ts";

/** What a debugger asks of a chip before anything is erased, by its family. */
export interface Family {
	/** The word that says what it is, and which part of it. */
	readonly idRegister: number;
	readonly idMask: number;
	/** The word that says what is protected. */
	readonly optionRegister: number;
	protectionOf(value: number): Protection;
	/** What takes its read protection off, and erases all of it. */
	readonly unlock: string;
}

/** UICR.APPROTECT in its lowest octet: erased, or what hardware of revision F and later wants (nRF52840 PS, clause 4.8.3). */
const OPEN: readonly number[] = [0xff, 0x5a];

export const families: Readonly<Record<"stm32f4" | "nrf52", Family>> = {
	stm32f4: {
		...stm32f4,
		protectionOf: protectionOfRegister,
		unlock: "stm32flash -k PORT, or OpenOCD's stm32f2x unlock 0",
	},
	nrf52: {
		/** FICR.INFO.PART: 0x52840. */
		idRegister: 0x1000_0100,
		idMask: 0xf_ffff,
		optionRegister: 0x1000_1208,
		protectionOf: (value) => ({ isReadProtected: !OPEN.includes(value & 0xff), writeProtected: [] }),
		unlock: "OpenOCD's nrf52_recover",
	},
};
