import { readFileSync } from "node:fs";
import { resolve } from "node:path";

/** A frame that osmo-hlr sent or took, and what went on. */
export interface CapturedFrame {
	readonly about: string;
	readonly toHlr: boolean;
	readonly octets: Buffer;
}

/** Frames of `test/vectors/gsup`: whole IPA frames, in order. */
export function gsupCaptures(): readonly CapturedFrame[] {
	let about = "";
	return readFileSync(resolve("test/vectors/gsup/osmo-hlr-1.5.0.txt"), "utf8")
		.split("\n")
		.flatMap((line): CapturedFrame[] => {
			if (line.startsWith("# ") && !line.startsWith("# SQN=")) about = line.slice(2);
			const [, from, hex] = /^([CS])>[CS] ([0-9a-f]+)$/.exec(line) ?? [];
			return hex === undefined ? [] : [{ about, toHlr: from === "C", octets: Buffer.from(hex, "hex") }];
		});
}
