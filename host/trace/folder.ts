import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { lineTraced } from "./line.ts";
import { objectPart } from "./objects.ts";
import { sessionParts } from "./session.ts";
import { shortMessageParts } from "./short-message.ts";
import { Signers } from "./signers.ts";
import type { Part, Traced } from "./traced.ts";

/** A kind of file in an evidence folder (DESIGN section 10), in the order in which its messages go. */
interface Kind {
	readonly pattern: RegExp;
	from(name: string): string;
	to(name: string): string;
	parts(path: string, signers: Signers): readonly Part[];
}

const isClient = (name: string): boolean => name.includes("client");
const text = (path: string): string => readFileSync(path, "utf8");

const kinds: readonly Kind[] = [
	{
		pattern: /(?:^|\.)push\.hex$/,
		from: () => "DRF",
		to: () => "M2ME",
		parts: (path, signers) => shortMessageParts(text(path), signers),
	},
	{
		pattern: /^\d+-(?:client|server)\.(?:wbxml|xml)$/,
		from: (name) => (isClient(name) ? "M2ME" : "DPF"),
		to: (name) => (isClient(name) ? "DPF" : "M2ME"),
		parts: (path, signers) => sessionParts(path.endsWith(".xml") ? "xml" : "wbxml", readFileSync(path), signers),
	},
	{
		pattern: /^receipt-.*\.xml$/,
		from: () => "TRE",
		to: () => "SHO",
		parts: (path, signers) => [objectPart(text(path), signers)],
	},
];

const inOrder = (a: string, b: string): number => a.localeCompare(b, "en", { numeric: true });

/** The files of a folder and those in it, those of a DM session in its place. */
function filesIn(folder: string): readonly string[] {
	return readdirSync(folder, { withFileTypes: true, recursive: true })
		.filter((entry) => entry.isFile())
		.map((entry) => join(entry.parentPath, entry.name));
}

/** A message in both forms is one message: the octets that went over the wire count. */
const isCopy = (path: string, all: ReadonlySet<string>): boolean =>
	/\d-(?:client|server)\.xml$/.test(path) && all.has(path.replace(/xml$/, "wbxml"));

function tracedFile(folder: string, path: string, signers: Signers): Traced | undefined {
	const name = path.slice(path.lastIndexOf("/") + 1);
	const kind = kinds.find(({ pattern }) => pattern.test(name));
	if (!kind) return undefined;
	const file = relative(folder, path);
	const heading = { file, from: kind.from(name), to: kind.to(name) };
	try {
		return { ...heading, parts: kind.parts(path, signers) };
	} catch (error) {
		// Evidence of what went wrong is read as well: what one file does not say, the next one may.
		return { ...heading, parts: [{ clause: "?", what: `cannot be read: ${(error as Error).message}`, fields: [] }] };
	}
}

export class NoEvidence extends Error {}

/** Everything that was sent, as an evidence folder keeps it: initial, then change by change; the serial line last. */
export function traceFolder(folder: string): readonly Traced[] {
	if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory())
		throw new NoEvidence(`there is no folder ${folder}; give the folder of a run's --evidence`);
	const signers = new Signers(join(folder, "certs"));
	const all = new Set(filesIn(folder));
	const stage = (path: string): string => {
		const [first = ""] = relative(folder, path).split("/");
		return first === "initial" ? "" : first;
	};
	const rank = (path: string): number =>
		kinds.findIndex(({ pattern }) => pattern.test(path.slice(path.lastIndexOf("/") + 1)));
	const messages = [...all]
		.filter((path) => !isCopy(path, all))
		.sort((a, b) => inOrder(stage(a), stage(b)) || rank(a) - rank(b) || inOrder(a, b))
		.flatMap((path) => tracedFile(folder, path, signers) ?? []);
	const [to, from] = ["to-tre.bin", "from-tre.bin"].map((name) => join(folder, "serial", name)) as [string, string];
	const line = existsSync(to) && existsSync(from) ? lineTraced(readFileSync(to), readFileSync(from)) : [];
	if (messages.length + line.length === 0)
		throw new NoEvidence(`nothing in ${folder} is a message; give the folder of a run's --evidence`);
	return [...messages, ...line];
}
