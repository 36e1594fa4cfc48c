import { patiently } from "../../link/patience.ts";
import { TreClient } from "../../tre/client.ts";
import { isTreError } from "../../tre/errors.ts";
import { type TreAccess, type UpdateStep, updateTre } from "../../tre/update.ts";
import type { Tell } from "../flash.ts";
import { type Plan, slotNames } from "../plan.ts";
import { FlashRefused } from "../refused.ts";
import type { Way } from "./way.ts";

/** An erase of a slot takes its time, and so does the check of an image at the start. */
const DEADLINE_MS = 30_000;

/** The way to a running TRE, on its own port. */
export function accessTo(port: string, baudRate: number): TreAccess {
	const open = (): Promise<TreClient> => TreClient.open(port, { deadlineMs: DEADLINE_MS, baudRate });
	return { open, reopen: () => patiently(open) };
}

/** The slot that an update of the TRE on a port goes to. Throws FlashRefused where it takes none. */
export async function freeSlot({ open }: TreAccess, port: string): Promise<0 | 1> {
	const tre = await open();
	try {
		const { slots, running } = await tre.call("updateStatus", {});
		if (slots > 0) return running === 0 ? 1 : 0;
	} catch (error) {
		if (!isTreError(error, "unknown-command")) throw error;
	} finally {
		await tre.close();
	}
	throw new FlashRefused(
		"target-unfit",
		`the TRE on ${port} was not started by a boot stage, and takes no update`,
		"write its flash: --via rom, openocd, dfu or gdb",
	);
}

const telling =
	(plan: Plan, tell: Tell) =>
	(step: UpdateStep): void => {
		const what = plan.pieces[0]?.what ?? "image";
		if (step.kind === "sending") tell({ doing: "writing", what, done: step.done, total: step.total });
		else if (step.kind === "clearing")
			tell({ doing: "erasing", what, done: 0, total: plan.pieces[0]?.area.length ?? 0 });
	};

/** The TRE itself takes a signed image over its own port, and tries it. */
export const update: Way = {
	does: "a signed update that the running TRE takes over its own serial port",
	target: "the TRE's serial device, or tcp://HOST:PORT",
	tools: [],
	takes: (target) => target.startsWith("tcp://") || target.includes("/"),
	flash: async ({ target, baudRate }, plan, _options, tell) => {
		const { slot, from, to } = await updateTre(
			accessTo(target, baudRate),
			plan.bundle.slots.map(({ octets }) => octets),
			telling(plan, tell),
		);
		const written = slotNames[slot === 0 ? 0 : 1];
		return {
			chip: `the TRE on ${target} (${from} before, ${to} now, confirmed)`,
			...{ written: [written], same: [], cleared: [], kept: [] },
		};
	},
};
