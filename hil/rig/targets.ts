import { inClone } from "../../firmware/local/repository.ts";
import { runCommand } from "./command.ts";
import { readHardwareMap } from "./hardware-map.ts";
import { boardRig, emulatorRig, qemuRig, type Rig } from "./rig.ts";

/** Boards that QEMU has a machine for. */
export const qemuBoards = ["stm32f405", "mps2-an505", "mps2-an386", "netduino2", "riscv-virt"] as const;

/** A program that runs, or guards, a TRE; `module` is relative to the built tree's root. */
export interface TargetProgram {
	readonly module: string;
	readonly args: readonly string[];
}

/** What a scenario can be played on. */
export interface Target {
	readonly name: string;
	/** Its keys are not for the field. */
	readonly isForDevelopment: boolean;
	/** With the folder of the device, and the path that is to lead to its line. */
	program(folder: string, link: string): TargetProgram;
	/** The bundle that its TRE takes updates from; undefined where it takes none over the line, or none was built here. */
	readonly bundle?: string;
	/** What can be done to it from outside; `restart` kills its program and starts it again. */
	rig(folder: string, restart: () => Promise<void>): Rig;
	/** Makes the device blank, where it is not a new one. */
	prepare?(): Promise<void>;
}

export class NoSuchTarget extends Error {}

/** Bundles of what is emulated here and takes updates. */
const bundles: Readonly<Record<string, string>> = {
	emulator: "build/emulator.bundle",
	"qemu:stm32f405": "build/boards/stm32f405/qemu/tre.bundle",
};

const emulator = (name: string, board?: string): Target => ({
	name,
	isForDevelopment: true,
	...(bundles[name] === undefined ? {} : { bundle: inClone(bundles[name]) }),
	program: (folder, link) => ({
		module: "firmware/emulator/main.js",
		args: ["--json", "--state", folder, "--link", link, ...(board === undefined ? [] : ["--board", board])],
	}),
	rig: board === undefined ? emulatorRig : qemuRig,
});

/** A real board: its program resets it and says where it is. Its flash is its own. */
const board = (name: string, map: string): Target => {
	const entry = readHardwareMap(map, name);
	const { erase } = entry;
	return {
		name: `board:${name}`,
		isForDevelopment: entry.dev ?? false,
		program: (_folder, link) => ({
			module: "hil/rig/board.js",
			args: ["--map", map, "--name", name, "--link", link],
		}),
		rig: () => boardRig(name, entry),
		prepare: async () => {
			if (erase) await runCommand(erase);
		},
	};
};

const kinds = `emulator, ${qemuBoards.map((one) => `qemu:${one}`).join(", ")}, board:NAME of a hardware map`;

/** The target of a name: `emulator`, `qemu:BOARD`, or `board:NAME` of a hardware map. */
export function targetNamed(name: string, map?: string): Target {
	const [kind, which] = name.split(":") as [string, string | undefined];
	if (name === "emulator") return emulator(name);
	if (kind === "qemu" && qemuBoards.some((one) => one === which)) return emulator(name, which);
	if (kind === "board" && which !== undefined) {
		if (map === undefined) throw new NoSuchTarget(`${name} needs a hardware map: --map FILE (docs/boards.md)`);
		return board(which, map);
	}
	throw new NoSuchTarget(`no target "${name}"; there are: ${kinds}`);
}
