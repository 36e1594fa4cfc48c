import { OpenocdChip } from "../openocd/chip.ts";
import { OpenocdFailed } from "../openocd/session.ts";
import { FlashRefused } from "../refused.ts";
import { requireTool, tools } from "../tools.ts";
import { chipWay, notOnBoard, type Way } from "./way.ts";

/** A name of OpenOCD's folder `interface`, and the serial number of the probe where there is more than one. */
const PROBE = /^([a-z][\w.-]*?)(?::([\w.-]+))?$/i;

/** What OpenOCD is started with; a configuration file is taken to name adapter and target both. */
export function openocdWords(
	target: string,
	targetFile: string,
	transports: Readonly<Record<string, string>> = {},
): readonly string[] {
	if (target.endsWith(".cfg")) return ["-f", target];
	const [, name = "", serial] = PROBE.exec(target) ?? [];
	const transport = transports[name];
	return [
		...["-f", `interface/${name}.cfg`],
		...(serial === undefined ? [] : ["-c", `adapter serial ${serial}`]),
		...(transport === undefined ? [] : ["-c", `transport select ${transport}`]),
		...["-f", targetFile],
	];
}

export const openocd: Way = chipWay(
	{
		does: "a debug probe that OpenOCD knows, on SWD or JTAG",
		target:
			"a probe by its file in OpenOCD's folder interface, as stlink, cmsis-dap or jlink; " +
			"with its serial number where there are several, as stlink:0670FF; or a configuration FILE.cfg of adapter and target",
		tools: [tools.openocd],
		takes: (target) => target.endsWith(".cfg") || PROBE.test(target),
	},
	async ({ target }, board) => {
		if (!board.flashing.openocd) throw notOnBoard(board, "OpenOCD");
		await requireTool(tools.openocd);
		try {
			const { target: file, transports } = board.flashing.openocd;
			return await OpenocdChip.open(openocdWords(target, file, transports), board);
		} catch (error) {
			if (!(error instanceof OpenocdFailed)) throw error;
			throw new FlashRefused(
				"target-silent",
				`OpenOCD gets to no chip by ${target}: ${error.message}`,
				"is the probe plugged in, wired to the board, and not in use by another program?",
			);
		}
	},
);
