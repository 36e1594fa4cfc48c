import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** A story told by the command that people use, with its evidence and its lab kept. */
export interface StoryRun {
	readonly evidence: string;
	readonly lab: string;
	readonly output: string;
	dispose(): void;
}

/** Runs `hil story` as `npm start` does. */
export async function runStory(): Promise<StoryRun> {
	const evidence = join(mkdtempSync(join(tmpdir(), "story-")), "evidence");
	const args = [resolve("build/js/hil/cli/main.js"), "story", "--evidence", evidence, "--keep"];
	const { stdout } = await run(process.execPath, args);
	const lab = /^Lab kept: (.+)$/m.exec(stdout)?.[1] ?? "";
	return {
		evidence,
		lab,
		output: stdout,
		dispose: () => {
			rmSync(join(evidence, ".."), { recursive: true, force: true });
			if (lab) rmSync(lab, { recursive: true, force: true });
		},
	};
}
