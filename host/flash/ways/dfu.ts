import { DfuChip, DfuFailed } from "../dfu/chip.ts";
import { FlashRefused } from "../refused.ts";
import { requireTool, tools } from "../tools.ts";
import { chipWay, notOnBoard, type Way } from "./way.ts";

const TARGET = /^dfu(?::([\w.-]+))?$/;

export const dfu: Way = chipWay(
	{
		does: "the DFU loader in the ROM, over the chip's own USB; BOOT0 is high when it resets",
		target: "dfu, or dfu:SERIAL where several loaders are on USB",
		tools: [tools.dfuUtil],
		takes: (target) => TARGET.test(target),
	},
	async ({ target }, board) => {
		if (!board.flashing.dfu) throw notOnBoard(board, "DFU");
		await requireTool(tools.dfuUtil);
		try {
			return await DfuChip.open({ ...board.flashing.dfu, serial: TARGET.exec(target)?.[1] }, board);
		} catch (error) {
			if (!(error instanceof DfuFailed)) throw error;
			throw new FlashRefused("target-silent", `dfu-util: ${error.message}`, "tre doctor says what is there");
		}
	},
);
