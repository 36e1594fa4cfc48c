/** The text is not what wasm2c 1.0.32 writes for a module with one memory of one page and without tables. */
export class UnknownTranslation extends Error {}

/** The thin C of wasm2c's; throws `UnknownTranslation` where anything is not understood. */
export function thinC(source: string): string;
