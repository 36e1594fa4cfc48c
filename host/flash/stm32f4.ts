/** Flash of an STM32F4 as its option bytes protect it (RM0090 clause 3.7 and 3.8). */
export interface Protection {
	/** Level 1 or 2: a debugger or loader does not get at the flash. */
	readonly isReadProtected: boolean;
	/** Numbers of sectors that are neither erased nor written. */
	readonly writeProtected: readonly number[];
}

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
