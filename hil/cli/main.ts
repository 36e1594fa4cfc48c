#!/usr/bin/env node
import { Command } from "commander";
import { benchStory } from "./bench.ts";
import { printRestarts } from "./restarts.ts";
import { printStory } from "./story.ts";

const program = new Command("hil").description(
	"hardware-in-the-loop bench: operators, visited network, PVA and rigs around a TRE",
);

program
	.command("story", { isDefault: true })
	.description("the complete story of the 3GPP text: one emulated device, three operators")
	.option("--evidence <dir>", "write what happened into a new or empty folder, in forms that standard tools read")
	.option("--keep", "keep the lab's folder with databases, keys and flash")
	.option("--json", "one JSON object a step, then the result")
	.action(printStory);

program
	.command("bench")
	.description("benchmarks, as ratios in one run")
	.argument("[what]", "story: where its time goes", "story")
	.option("--json", "for machines")
	.action(benchStory);

program
	.command("restarts")
	.description("kill and restart each element after each step of the story")
	.option("--sample <n>", "a seeded sample instead of all of them (hours)")
	.option("--seed <n>", "of the sample", "1")
	.option("--json", "one JSON object a story")
	.action(printRestarts);

program.parseAsync().catch((error: Error) => {
	process.stderr.write(`hil: ${error.message}\n`);
	process.exit(1);
});
