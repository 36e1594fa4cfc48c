/** What a board's `board.json` says. */
export interface BoardShape {
	/** As `-mcpu` takes it, or `-march` on RISC-V. */
	readonly core: string;
	/** The folder, of another board or of a family, whose files it has where it has none of its own. */
	readonly like?: string;
	readonly uartIrq: number;
	/** Slowest and fastest rate of its UART. */
	readonly baud: readonly [number, number];
	readonly variants: readonly string[];
	readonly models?: readonly string[];
	/** Octets that an image may take. */
	readonly budget?: { readonly flash: number; readonly ram: number };
	/** The chip whose ROM loads the firmware, in a form of its own: `tre.esp.bin`. */
	readonly image?: string;
	/** Its memory map, where a boot stage is in it. */
	readonly flash?: { readonly bootStage?: string };
	/** Where QEMU has such a machine. */
	readonly qemu?: {
		/** Which of QEMU's programs, where it is not that for Arm. */
		readonly program?: string;
		readonly machine: string;
		/** Which of the machine's serial ports the firmware uses. */
		readonly serial: number;
		/** Octets of a memory that QEMU keeps in a file. */
		readonly memory?: number;
		readonly arguments?: readonly string[];
	};
}

export interface BuildOptions {
	readonly baud?: number;
	readonly model?: string;
	/** In place of build/boards. */
	readonly folder?: string;
	/** Sources that stand in for those of the same name, and others beside them. */
	readonly sources?: readonly string[];
	/** Functions whose callers get `__wrap_NAME` instead, which may call `__real_NAME`. */
	readonly wrap?: readonly string[];
}

export function boards(root: string): Readonly<Record<string, BoardShape>>;
export function buildBoard(
	root: string,
	board: string,
	variant: string,
	progress: (text: string) => void,
	options?: BuildOptions,
): Promise<string>;
