import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const forbidden = [
	["firmware/contract/new.ts", "../../host/tre/client.ts"],
	["firmware/emulator/new.ts", "../../hil/lab/lab.ts"],
	["firmware/tre/new.ts", "../../host/tre/client"],
	["firmware/tre/new.ts", "../emulator/flash"],
	["host/tre/new.ts", "../../hil/network/shared/registry.ts"],
	["host/cli/new.ts", "../../firmware/emulator/machine.ts"],
	["host/daemon/new.ts", "../../firmware/tre/main.ts"],
	["host/wire/new.ts", "../tre/client.ts"],
	["host/wire/syncml/new.ts", "../../omadm/session.ts"],
	["hil/cli/new.ts", "../../firmware/emulator/machine.ts"],
	["hil/stage/new.ts", "../../host/daemon/equipment.ts"],
	["hil/network/vno/new.ts", "../../../host/tre/client.ts"],
	["hil/network/operator/new.ts", "../../lab/lab.ts"],
	["hil/network/operator/drf/new.ts", "../../../scenarios/story.ts"],
	["hil/network/pva/new.ts", "../../rig/rig.ts"],
] as const;

const allowed = [
	["host/tre/new.ts", "../../firmware/contract/commands.ts"],
	["host/daemon/new.ts", "../tre/client.ts"],
	["hil/network/operator/new.ts", "../../../host/wire/dsig/signature.ts"],
	["hil/factory/new.ts", "../../host/tre/client.ts"],
	["hil/cli/new.ts", "../scenarios/story.ts"],
] as const;

/** hil → host → contract ← firmware/tre (DESIGN section 3): the linter that decides what lands holds them. */
describe("the arrows between the rooms", () => {
	const house = mkdtempSync(join(tmpdir(), "house-"));
	let complaints = "";
	const place = (file: string, imported: string): string => {
		const n = [...forbidden, ...allowed].findIndex(([one, other]) => one === file && other === imported);
		return file.replace("new.ts", `new-${n}.ts`);
	};

	beforeAll(() => {
		copyFileSync(resolve("biome.json"), join(house, "biome.json"));
		for (const [file, imported] of [...forbidden, ...allowed]) {
			const path = join(house, place(file, imported));
			mkdirSync(dirname(path), { recursive: true });
			writeFileSync(path, `import { thing } from "${imported}";\n\nexport const other = thing;\n`);
		}
		const args = ["lint", "--reporter=github", "--max-diagnostics=none", "."];
		complaints = spawnSync(resolve("node_modules/.bin/biome"), args, { cwd: house, encoding: "utf8" }).stdout;
	});
	afterAll(() => rmSync(house, { recursive: true, force: true }));

	const complained = (file: string, imported: string): boolean =>
		complaints
			.split("\n")
			.some((line) => line.includes("noRestrictedImports") && line.includes(`${place(file, imported)},`));

	test.each(forbidden)("%s may not import %s", (file, imported) => {
		expect(complained(file, imported), complaints).toBe(true);
	});

	test.each(allowed)("%s may import %s", (file, imported) => {
		expect(complained(file, imported)).toBe(false);
	});
});
