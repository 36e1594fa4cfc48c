import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { defaultGeometry } from "../../../firmware/emulator/flash.ts";
import { FlashMemory } from "../../../firmware/emulator/flash-memory.ts";
import type { DirectTre } from "../../support/machine.ts";

const folder = resolve("test/vectors/store");

/** What a TRE says of itself, as JSON: octets in hex. */
export interface Facts {
	readonly status: Readonly<Record<string, unknown>>;
	readonly mcims: readonly unknown[];
	readonly log: string;
}

/** A flash that some firmware left behind, with throw-away keys, and what was true of it. */
export interface KeptImage {
	readonly writtenBy: string;
	readonly rootKey: string;
	/** Octets without the erased end, base64. */
	readonly flash: string;
	readonly facts: Facts;
	/** The subscription that authenticates; `seq` is the highest that was accepted, at index 1. */
	readonly credential: { readonly k: string; readonly opc: string; readonly seq: number };
	/** CertTRE for signatures, base64. */
	readonly certSign: string;
}

const plain = (value: unknown): unknown => (value instanceof Uint8Array ? Buffer.from(value).toString("hex") : value);
const plainly = (fields: object): Record<string, unknown> =>
	Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, plain(value)]));

export function factsOf(tre: DirectTre): Facts {
	return {
		status: plainly(tre.call("status", {})),
		mcims: Array.from({ length: 8 }, (_, slot) => plainly(tre.call("mcim", { slot }))),
		log: Buffer.from(tre.call("log", { from: 0 }).entries).toString("hex"),
	};
}

/** All images that are kept, by the format of their store and what they hold. */
export const keptImages = (): [string, KeptImage][] =>
	readdirSync(folder).flatMap((format) =>
		readdirSync(join(folder, format)).map((name): [string, KeptImage] => [
			`${format}/${name}`,
			JSON.parse(readFileSync(join(folder, format, name), "utf8")) as KeptImage,
		]),
	);

export function flashOf(image: KeptImage): FlashMemory {
	const flash = new FlashMemory(defaultGeometry);
	flash.octets.set(Buffer.from(image.flash, "base64"));
	return flash;
}

/** Keeps an image for ever; one that is there already is never written over. */
export function keepImage(name: string, octets: Uint8Array, image: Omit<KeptImage, "flash" | "writtenBy">): void {
	const format = `format-${Buffer.from(octets).readUInt32LE(12)}`;
	const path = join(folder, format, `${name}.json`);
	if (existsSync(path)) throw new Error(`${path} is kept already: a store that was ever written stays as it is`);
	let end = octets.length;
	while (end > 0 && octets[end - 1] === 0xff) end--;
	const { version } = JSON.parse(readFileSync(resolve("package.json"), "utf8")) as { version: string };
	const kept: KeptImage = {
		writtenBy: version,
		...image,
		flash: Buffer.from(octets.subarray(0, end)).toString("base64"),
	};
	mkdirSync(join(folder, format), { recursive: true });
	writeFileSync(path, `${JSON.stringify(kept, null, "\t")}\n`);
}
