import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { runCommand } from "./command.ts";
import type { BoardEntry } from "./hardware-map.ts";
import { QemuMonitor } from "./qemu-monitor.ts";

/** Where a cut comes: so many operations of the flash from now on are whole, of the next one so many octets happen. */
export interface PowerCutAt {
	readonly operations: number;
	readonly octets: number;
}

/** What a rig does to a device from outside. Each is followed by a boot; the host's line may go and come back. */
export interface Rig {
	/** The reset line. */
	reset(): Promise<void>;
	/** The power goes without warning, and comes back. */
	cutPower(): Promise<void>;
	/** The same at a chosen operation of the flash, whenever that comes; resolves when it is planned. One at a time. */
	cutPowerAt(cut: PowerCutAt): Promise<void>;
	/** Is a cut planned that has not come yet? `cutPower` ends the plan. */
	isCutPlanned(): boolean;
}

/** What this rig cannot do, and what would let it. */
export class RigLacks extends Error {}

/** File in a device's folder that the emulator and the firmware in QEMU look for. */
const CUT = "cut";

const planCut =
	(folder: string) =>
	async ({ operations, octets }: PowerCutAt): Promise<void> => {
		writeFileSync(join(folder, `${CUT}.new`), `${operations} ${octets}\n`);
		renameSync(join(folder, `${CUT}.new`), join(folder, CUT));
	};

/** The plan is gone when the power is back. */
const isPlanned = (folder: string) => (): boolean => existsSync(join(folder, CUT));

/** What a supply's capacitors take to lose their charge. */
const OFF_MS = 2_000;

/** A TRE in a process, whose id its folder knows. `restart` kills it and starts it again. */
export const emulatorRig = (folder: string, restart: () => Promise<void>): Rig => ({
	reset: async () => {
		process.kill(Number.parseInt(readFileSync(join(folder, "lock"), "utf8"), 10), "SIGUSR2");
	},
	cutPower: restart,
	cutPowerAt: planCut(folder),
	isCutPlanned: isPlanned(folder),
});

/** A board in QEMU: its RAM outlives a reset, and no cut. */
export const qemuRig = (folder: string, restart: () => Promise<void>): Rig => ({
	reset: async () => {
		const monitor = await QemuMonitor.open(folder);
		await monitor.reset();
		monitor.close();
	},
	cutPower: restart,
	cutPowerAt: planCut(folder),
	isCutPlanned: isPlanned(folder),
});

/** A real board, by the commands of its hardware map. */
export const boardRig = (name: string, { reset, power }: BoardEntry): Rig => ({
	reset: () => runCommand(reset),
	cutPower: async () => {
		if (!power) throw new RigLacks(`the hardware map names no "power" of ${name}: commands that switch it off and on`);
		try {
			await runCommand(power.off);
			await sleep(OFF_MS);
		} finally {
			await runCommand(power.on);
		}
	},
	cutPowerAt: async () => {
		throw new RigLacks("the power of a real board cannot be cut at an operation of its flash; use an emulated target");
	},
	isCutPlanned: () => false,
});
