import { GdbChip } from "../gdb/chip.ts";
import { GdbFailed } from "../gdb/mi.ts";
import { FlashRefused } from "../refused.ts";
import { requireTool, tools } from "../tools.ts";
import { chipWay, notOnBoard, type Way } from "./way.ts";

const TCP = "tcp://";

export const gdb: Way = chipWay(
	{
		does: "a GDB server: QEMU's, OpenOCD's, that of a probe",
		target: "tcp://HOST:PORT of the server",
		tools: [tools.gdb],
		takes: (target) => /^tcp:\/\/\S+:\d+\/?$/.test(target),
	},
	async ({ target }, board) => {
		if (!board.flashing.gdb) throw notOnBoard(board, "a GDB server");
		await requireTool(tools.gdb);
		try {
			return await GdbChip.open(target.slice(TCP.length).replace(/\/$/, ""), board);
		} catch (error) {
			if (!(error instanceof GdbFailed)) throw error;
			throw new FlashRefused(
				"target-silent",
				`GDB gets to no chip by ${target}: ${error.message}`,
				"start its server, for instance: openocd -f interface/stlink.cfg -f target/stm32f4x.cfg",
			);
		}
	},
);
