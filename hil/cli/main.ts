#!/usr/bin/env node
import { Argument, type Command, InvalidArgumentError, Option } from "commander";
import { makeProgram, numberOf, tellEnd, withExample } from "../../firmware/local/program.ts";
import { encryptions } from "../factory/encryption.ts";
import { updatePolicies } from "../factory/updates.ts";

type Lab = typeof import("./lab.ts");

/** What a command needs is loaded when it runs: help and refusals need none of it. */
const inLab =
	<Name extends keyof Lab>(name: Name) =>
	async (...args: Parameters<Lab[Name]>): Promise<void> => {
		const run = (await import("./lab.ts"))[name] as (...args: Parameters<Lab[Name]>) => Promise<void> | void;
		await run(...args);
	};

const program = withExample(
	makeProgram("hil", "hardware-in-the-loop bench: operators, visited network, PVA and rigs around a TRE"),
	"hil run                      # the scenarios that there are",
	"hil up && hil factory ./tre0 # a lab of one's own, and a device in it",
);

const share = numberOf("a share from 0 to 1", (value) => value >= 0 && value <= 1);
const count = numberOf("a number from 1", (value) => Number.isInteger(value) && value >= 1);

/** A device by its TRE_id, or enough of it. */
const treId = (text: string): string => {
	if (!/^[0-9a-f]{4,32}$/.test(text))
		throw new InvalidArgumentError("it is a TRE_id, or its first four hex digits at the least; hil status lists them.");
	return text;
};

const playing = (name: string, does: string): Command =>
	program
		.command(name)
		.description(does)
		.option("--evidence <dir>", "write what happened into a new or empty folder, in forms that standard tools read")
		.option("--target <name>", "what it is played on: emulator, qemu:BOARD, board:NAME", "emulator")
		.option("--map <file>", "hardware map, for board:NAME")
		.option("--keep", "keep the lab's folder with databases, keys and flash")
		.option("--json", "one JSON object a step, then the result");

withExample(
	playing("story", "the complete story of the 3GPP text: one device, three operators").action(async (options) =>
		(await import("./run.ts")).runScenario("story", options),
	),
	"hil story --evidence ./evidence",
);
withExample(
	playing("run", "play a scenario on a target, in a lab of its own")
		.argument("[name]", "without it, the scenarios that there are")
		.action(async (name, options) => (await import("./run.ts")).runScenario(name, options)),
	"hil run no-coverage --target qemu:stm32f405",
);

const ofLab = (name: string, does: string): Command =>
	program
		.command(name)
		.description(does)
		.option("--lab <dir>", "folder of the lab", "build/lab")
		.option("--json", "for machines");

/** A command of a lab with an example of its arguments. */
const shown = (command: Command, args = ""): Command =>
	withExample(command, ["hil", command.name(), args].filter(Boolean).join(" "));

shown(ofLab("up", "start operators, visited network and PVA and keep them up").action(inLab("up")));
shown(ofLab("status", "each device, and where its change stands").action(inLab("status")));
shown(ofLab("down", "stop the lab; its state stays in its folder").action(inLab("down")));
shown(
	ofLab("factory", "personalise the TRE on a port (B.2.2.1)")
		.argument("<port>")
		.addOption(
			new Option("--encryption <key>", "encryption key pair: rsa (suites 1 and 2) or p256 (suite 3)")
				.choices(Object.keys(encryptions))
				.default("rsa"),
		)
		.addOption(
			new Option(
				"--updates <who>",
				"what the device takes in the field: any that its factory signed, or only offered ones",
			)
				.choices([...updatePolicies])
				.default("any"),
		)
		.option("--dev", "takes a TRE with emulated entropy, too (a board in QEMU): for development only")
		.action(inLab("factory")),
	"./tre0",
);
shown(
	ofLab("wipe", "end the life of the TRE on a port, with the PVA's signature").argument("<port>").action(inLab("wipe")),
	"./tre0",
);
shown(ofLab("attach", "run the M2ME on a port until Ctrl-C").argument("<port>").action(inLab("attach")), "./tre0");
shown(
	ofLab("step", "attach, do the M2ME's next step on a port, and say where the TRE stands; code 3: nothing to do")
		.argument("<port>")
		.action(inLab("step")),
	"./tre0",
);
shown(
	ofLab("register", "register a device at its next operator (B.2.3.2)")
		.argument("<treId>", "or its beginning", treId)
		.argument("<shoId>")
		.option("--code <code>", "release code to show instead of the kept one")
		.action(inLab("register")),
	"5f0c sho-1.example",
);
shown(
	ofLab("withdraw", "change one's mind: withdraw a registration, at the new SHO or at the one that serves the device")
		.argument("<treId>", "or its beginning", treId)
		.argument("<shoId>")
		.action(inLab("withdraw")),
	"5f0c sho-1.example",
);
shown(
	ofLab("application", "bootstrap an M2M application's DM account into a device, over the operator that serves it")
		.argument("<treId>", "or its beginning", treId)
		.argument("<file>", "the account as JSON (docs/oma-cp.md), or - for standard input")
		.action(inLab("application")),
	"5f0c account.json",
);
shown(
	ofLab("offer", "offer a firmware to a device, over the operator that serves it: its TRE takes that, and no other")
		.argument("<treId>", "or its beginning", treId)
		.argument("[bundle]", "what npm run firmware leaves: tre.bundle; for an emulated TRE build/emulator.bundle")
		.option("--withdraw", "takes back what was offered, in place of a bundle")
		.action(inLab("offer")),
	"5f0c build/emulator.bundle",
);
shown(
	ofLab("coverage", "take an operator's coverage at the visited network away, or give it back")
		.argument("<shoId>")
		.addArgument(new Argument("<on|off>").choices(["on", "off"]))
		.action(inLab("coverage")),
	"sho-1.example off",
);
shown(
	ofLab("air", "what the air does to short messages from now on; without options it is clear")
		.option("--loss <share>", "of them that get lost, 0 to 1", share, 0)
		.option("--duplicate <share>", "of them that come twice", share, 0)
		.option("--reorder <share>", "of them that come after the next one", share, 0)
		.action(inLab("air")),
	"--loss 0.2 --reorder 0.1",
);

program
	.command("restarts")
	.description("kill and restart each element before and after each step of the story")
	.addOption(new Option("--scenario <name>", "what is disturbed").choices(["story", "firmware"]).default("story"))
	.option("--sample <n>", "a seeded sample instead of all of them (hours)", count)
	.option("--seed <n>", "of the sample", count, 1)
	.option("--width <n>", "stories at a time", count, 2)
	.option("--json", "one JSON object a story")
	.action(async (options) => (await import("./restarts.ts")).printRestarts(options))
	.addHelpText("after", "\nExample:\n  hil restarts --sample 20 --seed 7");

// A reader that goes away (`| head`) ends the command as a signal does, children included.
process.stdout.on("error", () => process.kill(process.pid, "SIGTERM"));

if (process.argv.length === 2) program.outputHelp();
else
	program.parseAsync().catch((error: Error) => {
		tellEnd("hil", error);
		process.exit(1);
	});
