import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { assemblyScriptCodec } from "./assemblyscript.ts";
import { cddl } from "./cddl.ts";
import { imageHeader } from "./image-header.ts";
import { readable } from "./readable.ts";
import { typeScriptCodec } from "./typescript.ts";

/** Writes all forms of the contract; run from the repository's root. */
export const outputs = {
	"firmware/contract/generated/contract.txt": readable,
	"firmware/contract/generated/contract.cddl": cddl,
	"firmware/contract/generated/messages.ts": typeScriptCodec,
	"firmware/contract/generated/image.h": imageHeader,
	"firmware/contract/as/codec.ts": assemblyScriptCodec,
} as const;

if (process.argv[1]?.endsWith("generate/main.js")) {
	for (const [path, make] of Object.entries(outputs)) {
		mkdirSync(resolve(path, ".."), { recursive: true });
		const text = make();
		const changed = !existsSync(path) || readFileSync(path, "utf8") !== text;
		if (changed) writeFileSync(path, text);
		process.stdout.write(`${changed ? "written   " : "unchanged "} ${path}\n`);
	}
}
