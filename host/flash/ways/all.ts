import { FlashRefused } from "../refused.ts";
import { type WayName, wayNames } from "../way-names.ts";
import { dfu } from "./dfu.ts";
import { gdb } from "./gdb.ts";
import { openocd } from "./openocd.ts";
import { rom } from "./rom.ts";
import { update } from "./update.ts";
import type { Way } from "./way.ts";

/** By the word of --via. */
export const ways: Readonly<Record<WayName, Way>> = { update, rom, openocd, dfu, gdb };

/** What a TARGET means where nobody says which way: a port is that of a running TRE, any other name is a probe. */
export function wayTo(target: string): WayName {
	if (dfu.takes(target)) return "dfu";
	if (update.takes(target) && !target.endsWith(".cfg")) return "update";
	if (openocd.takes(target)) return "openocd";
	throw new FlashRefused(
		"target-unfit",
		`"${target}" is nothing that this program flashes`,
		`TARGET is a serial device, tcp://HOST:PORT, a probe as stlink, or dfu; --via says which way: ${wayNames.join(", ")}`,
	);
}
