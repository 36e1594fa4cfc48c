import { spawn } from "node:child_process";
import { FlashRefused } from "./refused.ts";

/** A program of somebody else's. */
export interface Tool {
	readonly program: string;
	/** Debian's package. */
	readonly package: string;
	/** What this project knows it to work with, at the least. */
	readonly since: readonly [number, number];
	/** Its version stands in what `--version` says. */
	readonly version: RegExp;
}

export const tools = {
	openocd: { program: "openocd", package: "openocd", since: [0, 12], version: /^Open On-Chip Debugger (\d+)\.(\d+)/m },
	dfuUtil: { program: "dfu-util", package: "dfu-util", since: [0, 11], version: /^dfu-util (\d+)\.(\d+)/m },
	gdb: { program: "gdb-multiarch", package: "gdb-multiarch", since: [12, 1], version: /^GNU gdb .*?(\d+)\.(\d+)\D*$/m },
} as const satisfies Record<string, Tool>;

/** What is here of a tool. */
export type Found =
	| { readonly is: "missing" }
	| { readonly is: "old" | "there"; readonly version: string }
	/** It runs, and does not say its version as it used to. */
	| { readonly is: "strange" };

const output = (program: string): Promise<string | undefined> =>
	new Promise((resolve) => {
		const child = spawn(program, ["--version"], { stdio: ["ignore", "pipe", "pipe"] });
		let text = "";
		for (const stream of [child.stdout, child.stderr])
			stream.setEncoding("utf8").on("data", (part: string) => {
				text += part;
			});
		child.once("error", () => resolve(undefined));
		child.once("close", () => resolve(text));
	});

/** Judges what `--version` said. */
export function judge({ version, since }: Tool, said: string | undefined): Found {
	if (said === undefined) return { is: "missing" };
	const [, major, minor] = version.exec(said) ?? [];
	if (major === undefined || minor === undefined) return { is: "strange" };
	const isNew = Number(major) > since[0] || (Number(major) === since[0] && Number(minor) >= since[1]);
	return { is: isNew ? "there" : "old", version: `${major}.${minor}` };
}

/** Asks a tool which version it is. */
export const findTool = async (tool: Tool): Promise<Found> => judge(tool, await output(tool.program));

export const installLine = (...all: readonly Tool[]): string =>
	`sudo apt-get install --no-install-recommends ${all.map((tool) => tool.package).join(" ")}`;

/** Throws FlashRefused with the line that installs it. */
export async function requireTool(tool: Tool): Promise<void> {
	const found = await findTool(tool);
	if (found.is === "there") return;
	const what = {
		missing: `${tool.program} is not there`,
		old: `${tool.program} ${"version" in found ? found.version : ""} is older than ${tool.since.join(".")}`,
		strange: `${tool.program} does not say which version it is`,
	}[found.is];
	throw new FlashRefused("tool-missing", what, `install it: ${installLine(tool)}`);
}
