import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, expect, test } from "vitest";
import type { BenchEvent } from "../../host/wire/report/events.ts";
import { Device } from "../support/device.ts";

const state = mkdtempSync(join(tmpdir(), "m2me-"));
afterAll(() => rmSync(state, { recursive: true, force: true }));

/** The first problem that the M2ME tells of. */
async function problemOn(port: string, ...more: string[]): Promise<string> {
	const args = [port, "--radio", "127.0.0.1:9", "--state", state, ...more];
	const child = spawn(process.execPath, [resolve("build/js/host/daemon/main.js"), ...args], {
		stdio: ["ignore", "pipe", "inherit"],
	});
	try {
		for await (const line of createInterface({ input: child.stdout })) {
			const event = JSON.parse(line) as BenchEvent;
			if (event.event === "problem") return event.what;
		}
		return "";
	} finally {
		child.kill("SIGTERM");
	}
}

test("a port that leads to another TRE than the M2ME's is left alone, and tried again", async () => {
	const [keyed, blank] = [Device.keyed(), new Device()];
	try {
		await Promise.all([keyed.start(), blank.start()]);
		expect(await problemOn(keyed.port)).toContain("no network at 127.0.0.1:9");
		const problem = await problemOn(blank.port);
		expect(problem).toMatch(/the TRE on this port is blank, and this M2ME belongs to [0-9a-f]{32}; .* next try in/);
	} finally {
		await Promise.all([keyed.dispose(), blank.dispose()]);
	}
});
