/** What a board's `board.json` says. */
export interface BoardShape {
	/** As `-mcpu` takes it. */
	readonly core: string;
	readonly uartIrq: number;
	/** Slowest and fastest rate of its UART. */
	readonly baud: readonly [number, number];
	readonly variants: readonly string[];
	readonly models?: readonly string[];
	/** Octets that an image may take. */
	readonly budget?: { readonly flash: number; readonly ram: number };
	readonly qemu: { readonly machine: string; readonly serial: number; readonly memory?: number };
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
