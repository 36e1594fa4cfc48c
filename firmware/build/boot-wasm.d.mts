/** Compiles the sources in `room` (those of `firmware/boot`, or a copy with a mistake in it) into a module. */
export function compileBootWasm(root: string, room: string, folder: string, output: string): Promise<void>;
