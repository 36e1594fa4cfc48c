/** Builds the firmware of a board: ELF, BIN and HEX, and says how large it is. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { parseArgs } from "node:util";
import { boards, buildBoard, chosenFirmware } from "../../firmware/build/board-firmware.mjs";
import { updateKey } from "../../firmware/build/update-key.mjs";
import { alone } from "./alone.mjs";
import { progress, root, setUp } from "./steps.mjs";

const USAGE = `usage: npm run firmware -- --board BOARD [options]

  --variant VARIANT   board (the hardware) or qemu; the board where nothing is said, QEMU where there is no other
  --model MODEL       what the board is otherwise: its LED, what powers its header
  --baud RATE         of the serial port (115200)
  --update-key FILE   the factory's private update key (PEM, P-256): signs the bundle, and is what the firmware takes updates of
  --dev               the update key of the repository, which everybody has; what is not for QEMU wants this or a key
  --keep-size         writes the size report into firmware/boards/BOARD, for the commit that changes it
  --json              the result for machines

boards:
`;

const KEYS =
	"--update-key FILE names the factory's key (openssl ecparam -name prime256v1 -genkey -noout -out update-key.pem makes one); --dev takes the one that everybody has";

/** Exit code of a call that makes no sense. */
const USAGE_CODE = 2;

const options = {
	board: { type: "string" },
	variant: { type: "string" },
	model: { type: "string" },
	baud: { type: "string" },
	"update-key": { type: "string" },
	dev: { type: "boolean" },
	"keep-size": { type: "boolean" },
	json: { type: "boolean" },
	help: { type: "boolean" },
};

const say = (text) => process.stdout.write(`${text}\n`);

function usage(boards) {
	const rows = Object.entries(boards).map(
		([name, { variants, models = [] }]) =>
			`  ${name.padEnd(14)} variants: ${variants.join(", ")}${models.length > 0 ? `; models: ${models.join(", ")}` : ""}`,
	);
	return `${USAGE}${rows.join("\n")}\n`;
}

/** What is asked for; throws where that makes no sense. */
function asked() {
	const { values } = parseArgs({ options });
	if (values.help) return values;
	if (values.board === undefined) throw new Error("--board says which board the firmware is for");
	const { board, model } = values;
	const baud = values.baud === undefined ? undefined : Number(values.baud);
	if (values["keep-size"] && (baud !== undefined || model !== undefined))
		throw new Error("--keep-size takes over the size of the firmware as it is without --model and --baud");
	const { variant } = chosenFirmware(root, board, { variant: values.variant, model, baud });
	if (values.dev && values["update-key"] !== undefined)
		throw new Error("--dev and --update-key are two keys; take one");
	if (variant === "board" && !values.dev && !values["keep-size"] && values["update-key"] === undefined)
		throw new Error(`whose updates shall this board take? ${KEYS}`);
	// A key that is none is told before anything is built.
	if (values["update-key"] !== undefined) updateKey(root, values["update-key"]);
	return { ...values, variant, baud };
}

/** Undefined where there is nothing to build: the usage has been said. */
function read() {
	try {
		const values = asked();
		if (!values.help) return values;
		process.stdout.write(usage(boards(root)));
	} catch (error) {
		process.stderr.write(`firmware: ${error.message}\n\n${usage(boards(root))}`);
		process.exitCode = USAGE_CODE;
	}
	return undefined;
}

async function main() {
	const values = read();
	if (!values) return;
	const { variant, baud } = values;
	const folder = await alone(root, progress, async () => {
		await setUp(["boards"]);
		return buildBoard(root, values.board, variant, progress, {
			...{ baud, model: values.model, updateKeyFile: values["update-key"] },
		});
	});
	if (values["keep-size"]) {
		const report = readFileSync(join(folder, "size.txt"));
		writeFileSync(join(root, "firmware", "boards", values.board, `size-${variant}.txt`), report);
	}
	const files = Object.fromEntries(
		["elf", "bin", "hex", "bundle"]
			.map((kind) => [kind, join(folder, `tre.${kind}`)])
			.filter(([, file]) => existsSync(file))
			.map(([kind, file]) => [kind, relative(process.cwd(), file)]),
	);
	const size = JSON.parse(readFileSync(join(folder, "size.json"), "utf8"));
	if (values.json) {
		say(JSON.stringify({ board: values.board, variant, ...files, size }));
		return;
	}
	say(readFileSync(join(folder, "size.txt"), "utf8"));
	for (const file of Object.values(files)) say(file);
}

main().catch((error) => {
	process.stderr.write(`firmware: ${error.message}\n`);
	process.exit(1);
});
