import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { Device } from "./device.ts";

declare module "vitest" {
	interface ProvidedContext {
		/** Folder of a device that has its keys and nothing else. */
		keyedDevice: string;
	}
}

/** Makes one pair of keys for the whole run: what happens before has tests of its own, and takes the longest. */
export default async function setup(project: TestProject): Promise<() => void> {
	const folder = mkdtempSync(join(tmpdir(), "tre-keyed-"));
	const device = new Device("emulator");
	await device.start();
	const tre = await device.open();
	await tre.call("makeKeys", {});
	await tre.close();
	await device.kill();
	for (const name of ["flash.bin", "root.key"]) cpSync(join(device.folder, name), join(folder, name));
	await device.dispose();
	project.provide("keyedDevice", folder);
	return () => rmSync(folder, { recursive: true, force: true });
}
