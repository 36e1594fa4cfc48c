#!/usr/bin/env node
import { Command, Option } from "commander";
import { encryptions } from "../factory/station.ts";
import {
	air,
	application,
	attach,
	coverage,
	down,
	factory,
	register,
	status,
	step,
	up,
	wipe,
	withdraw,
} from "./lab.ts";
import { printRestarts } from "./restarts.ts";
import { runScenario } from "./run.ts";

const program = new Command("hil").description(
	"hardware-in-the-loop bench: operators, visited network, PVA and rigs around a TRE",
);

const playing = (name: string, does: string, more = {}): Command =>
	program
		.command(name, more)
		.description(does)
		.option("--evidence <dir>", "write what happened into a new or empty folder, in forms that standard tools read")
		.option("--target <name>", "what it is played on: emulator, qemu:BOARD, board:NAME", "emulator")
		.option("--map <file>", "hardware map, for board:NAME")
		.option("--keep", "keep the lab's folder with databases, keys and flash")
		.option("--json", "one JSON object a step, then the result");

playing("story", "the complete story of the 3GPP text: one device, three operators", {
	isDefault: true,
}).action((options) => runScenario("story", options));
playing("run", "play a scenario on a target, in a lab of its own")
	.argument("[name]", "without it, the scenarios that there are")
	.action(runScenario);

const ofLab = (name: string, does: string): Command =>
	program
		.command(name)
		.description(does)
		.option("--lab <dir>", "folder of the lab", "build/lab")
		.option("--json", "for machines");

ofLab("up", "start operators, visited network and PVA and keep them up").action(up);
ofLab("status", "each device, and where its change stands").action(status);
ofLab("down", "stop the lab; its state stays in its folder").action(down);
ofLab("factory", "personalise the TRE on a port (B.2.2.1)")
	.argument("<port>")
	.addOption(
		new Option("--encryption <key>", "encryption key pair: rsa (suites 1 and 2) or p256 (suite 3)")
			.choices(Object.keys(encryptions))
			.default("rsa"),
	)
	.option("--dev", "takes a TRE with emulated entropy, too (a board in QEMU): for development only")
	.action(factory);
ofLab("wipe", "end the life of the TRE on a port, with the PVA's signature").argument("<port>").action(wipe);
ofLab("attach", "run the M2ME on a port until Ctrl-C").argument("<port>").action(attach);
ofLab("step", "attach, do the M2ME's next step on a port, and say where the TRE stands; code 3: nothing to do")
	.argument("<port>")
	.action(step);
ofLab("register", "register a device at its next operator (B.2.3.2)")
	.argument("<treId>", "or its beginning")
	.argument("<shoId>")
	.option("--code <code>", "release code to show instead of the kept one")
	.action(register);
ofLab("withdraw", "change one's mind: withdraw a registration, at the new SHO or at the one that serves the device")
	.argument("<treId>", "or its beginning")
	.argument("<shoId>")
	.action(withdraw);
ofLab("application", "bootstrap an M2M application's DM account into a device, over the operator that serves it")
	.argument("<treId>", "or its beginning")
	.argument("<file>", "the account as JSON (docs/oma-cp.md), or - for standard input")
	.action(application);
ofLab("coverage", "take an operator's coverage at the visited network away, or give it back")
	.argument("<shoId>")
	.argument("<on|off>")
	.action(coverage);

ofLab("air", "what the air does to short messages from now on; without options it is clear")
	.option("--loss <share>", "of them that get lost, 0 to 1")
	.option("--duplicate <share>", "of them that come twice")
	.option("--reorder <share>", "of them that come after the next one")
	.action(air);

program
	.command("restarts")
	.description("kill and restart each element before and after each step of the story")
	.option("--sample <n>", "a seeded sample instead of all of them (hours)")
	.option("--seed <n>", "of the sample", "1")
	.option("--width <n>", "stories at a time", "2")
	.option("--json", "one JSON object a story")
	.action(printRestarts);

// A reader that goes away (`| head`) ends the command as a signal does, children included.
process.stdout.on("error", () => process.kill(process.pid, "SIGTERM"));

program.parseAsync().catch((error: Error) => {
	process.stderr.write(`hil: ${error.message}\n`);
	process.exit(1);
});
