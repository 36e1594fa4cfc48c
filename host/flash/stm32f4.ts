import type { Protection } from "./chip.ts";

/** Registers and option bytes of the family; the part of a word that says what it is. */
export const stm32f4 = {
	/** DBGMCU_IDCODE: the device in the low twelve bits. */
	idRegister: 0xe004_2000,
	idMask: 0xfff,
	/** FLASH_OPTCR */
	optionRegister: 0x4002_3c14,
	/** RDP and USER in the first halfword, nWRP in that at offset 8. */
	optionBytes: 0x1fff_c000,
	OPTION_BYTES: 16,
} as const;

const SECTORS = 12;
const LEVEL_0 = 0xaa;

const protectionOf = (rdp: number, unprotected: number): Protection => ({
	isReadProtected: rdp !== LEVEL_0,
	writeProtected: Array.from({ length: SECTORS }, (_, n) => n).filter((n) => ((unprotected >> n) & 1) === 0),
});

/** Of FLASH_OPTCR: RDP in bits 15 to 8, nWRP in bits 27 to 16. */
export const protectionOfRegister = (value: number): Protection => protectionOf((value >>> 8) & 0xff, value >>> 16);

/** Of the sixteen option bytes. */
export const protectionOfBytes = (octets: Uint8Array): Protection =>
	protectionOf(octets[1] ?? 0, (octets[8] ?? 0) | ((octets[9] ?? 0) << 8));
