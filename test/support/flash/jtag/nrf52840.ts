import type { FlashChip } from "../flash-chip.ts";
import { DebuggedChip } from "./debugged-chip.ts";

const nvmc = { ready: 0x4001_e400, config: 0x4001_e504, erasePage: 0x4001_e508, eraseAll: 0x4001_e50c } as const;
const ficr = {
	pageSize: 0x1000_0010,
	pages: 0x1000_0014,
	part: 0x1000_0100,
	variant: 0x1000_0104,
	package: 0x1000_0108,
	ram: 0x1000_010c,
	flash: 0x1000_0110,
} as const;
const UICR = { base: 0x1000_1000, size: 0x308, protect: 0x1000_1208 } as const;
const [WRITE, ERASE] = [1, 2] as const;

/** An nRF52840 as a debugger sees it (its Product Specification, clauses 4.3 to 4.5): pages, and a controller that is always ready. */
export class Nrf52840 extends DebuggedChip {
	part = 0x5_2840;
	/** UICR.APPROTECT. */
	protection = 0xffff_ffff;
	/** What the controller was asked for and does not do. */
	readonly misuse: string[] = [];
	#config = 0;

	/** The file of OpenOCD for it knows SWD only; the flash driver is the same. */
	readonly configuration = [
		"jtag newtap nrf52 cpu -irlen 4 -expected-id 0x4ba00477",
		"jtag newtap nrf52 bs -irlen 5 -expected-id 0x06413041",
		"dap create nrf52.dap -chain-position nrf52.cpu",
		"set _TARGETNAME nrf52.cpu",
		"target create $_TARGETNAME cortex_m -dap nrf52.dap",
		"cortex_m reset_config sysresetreq",
		"flash bank nrf52.flash nrf5 0x00000000 0 1 1 $_TARGETNAME",
		"flash bank nrf52.uicr nrf5 0x10001000 0 1 1 $_TARGETNAME",
	];

	constructor(chip: FlashChip) {
		super(chip, 256 * 1024);
	}

	protected resetPeripherals(): void {
		this.#config = 0;
	}

	protected readPeripheral(address: number): number | undefined {
		switch (address) {
			case nvmc.ready:
				return 1;
			case nvmc.config:
				return this.#config;
			case ficr.pageSize:
				return 4096;
			case ficr.pages:
				return this.chip.octets.length / 4096;
			case ficr.part:
				return this.part;
			case ficr.variant:
				return 0x4141_4430;
			case ficr.package:
				return 0x2004;
			case ficr.ram:
				return 256;
			case ficr.flash:
				return this.chip.octets.length / 1024;
			case UICR.protect:
				return this.protection;
			default:
				return address >= UICR.base && address < UICR.base + UICR.size ? 0xffff_ffff : undefined;
		}
	}

	protected writePeripheral(address: number, value: number): boolean {
		if (address === nvmc.config) this.#config = value & 3;
		else if (address === nvmc.erasePage) this.#erase(value);
		else if (address === nvmc.eraseAll) this.misuse.push("erase all");
		else return false;
		return true;
	}

	#erase(address: number): void {
		if (this.#config !== ERASE) this.misuse.push("an erase that was not enabled");
		else this.chip.erase(address / 4096);
	}

	/** Whole words only. */
	protected program(address: number, octets: Buffer): void {
		if (this.#config !== WRITE || octets.length !== 4 || !this.chip.program(address, octets))
			this.misuse.push(`a write at 0x${address.toString(16)}`);
	}
}
