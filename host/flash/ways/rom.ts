import { RomChip } from "../rom/loader.ts";
import { chipWay, notOnBoard, type Way } from "./way.ts";

export const rom: Way = chipWay(
	{
		does: "the loader in the ROM of an STM32 (AN3155), over a serial port; BOOT0 is high when it resets",
		target: "a serial device that is wired to the loader's port, or tcp://HOST:PORT",
		tools: [],
		takes: (target) => target.startsWith("tcp://") || target.includes("/"),
	},
	async ({ target, baudRate, parity }, board) => {
		if (!board.flashing.rom) throw notOnBoard(board, "a ROM loader");
		return RomChip.open(target, baudRate, parity, board);
	},
);
