import { FlashRefused } from "../refused.ts";
import type { Way } from "./way.ts";

/** The TRE takes a signed image over its own port; what runs that is registered in place of this. */
export const update: Way = {
	does: "a signed update that the running TRE takes over its own serial port",
	target: "the TRE's serial device, or tcp://HOST:PORT",
	tools: [],
	takes: (target) => target.startsWith("tcp://") || target.includes("/"),
	flash: async () => {
		throw new FlashRefused(
			"way-not-here",
			"this version does not update a running TRE",
			"take a way that writes its flash: --via rom, openocd, dfu or gdb",
		);
	},
};
