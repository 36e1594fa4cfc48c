import { createInterface } from "node:readline/promises";
import { inWords } from "../../firmware/local/program.ts";
import { type FlashBoard, flashBoard } from "../flash/board.ts";
import { builtBundle, onlyBuiltBundle, readBundle } from "../flash/bundle.ts";
import type { Flashed } from "../flash/flash.ts";
import { type Piece, type Plan, planOf, updatePlanOf } from "../flash/plan.ts";
import { FlashBroken, FlashRefused } from "../flash/refused.ts";
import type { WayName } from "../flash/way-names.ts";
import { ways, wayTo } from "../flash/ways/all.ts";
import { accessTo, freeSlot } from "../flash/ways/update.ts";
import { holderOfPort } from "../link/lock.ts";
import type { Parity } from "../link/port.ts";
import { TreClient } from "../tre/client.ts";
import { ProgressLine } from "./progress-line.ts";

export interface FlashCommand {
	readonly firmware?: string;
	readonly via?: WayName;
	readonly board?: string;
	readonly port?: string;
	readonly baud: number;
	readonly parity: Parity;
	readonly compare: boolean;
	readonly blank?: boolean;
	readonly yes?: boolean;
	readonly dryRun?: boolean;
	readonly json?: boolean;
}

/** What the TRE says of itself behind its own port. */
interface Greeting {
	readonly version: string;
	readonly target: string;
	readonly state: string;
	readonly bootCounter: number;
}

const say = (text: string): void => void process.stdout.write(`${text}\n`);
const HELLO_MS = 60_000;
const hex = (address: number): string => `0x${address.toString(16).padStart(8, "0")}`;
const numbers = (sectors: readonly number[]): string =>
	sectors.length > 1 ? `sectors ${sectors[0]} to ${sectors.at(-1)}` : `sector ${sectors[0]}`;

const DIES =
	"its device root key and store: its TRE_id and all of its subscriptions are gone then, and nothing brings them back";

async function planFor(target: string, way: WayName, options: FlashCommand): Promise<Plan> {
	const { firmware, board, baud, blank = false } = options;
	const wanted: FlashBoard | undefined = board === undefined ? undefined : flashBoard(board);
	const bundle = readBundle(firmware ?? (wanted ? builtBundle(wanted.name) : onlyBuiltBundle()));
	const flashed = wanted ?? flashBoard(bundle.board);
	if (way !== "update") return planOf(flashed, bundle, blank);
	if (blank)
		throw new FlashRefused(
			"way-not-here",
			"an update leaves device root key and store alone",
			"take a way that writes the flash; a TRE in service is wiped by its factory's right: hil wipe",
		);
	return updatePlanOf(flashed, bundle, await freeSlot(accessTo(target, baud), target));
}

const pieceObject = ({ what, address, octets, area, digest, onlyIfOther }: Piece) => ({
	...{ what, address, octets: octets.length, sectors: area.sectors, sha256: digest },
	onlyIfOther,
});

/** A plan for machines. */
const planObject = (plan: Plan, way: WayName) => ({
	...{ event: "plan", board: plan.board.name, version: plan.version, isForDevelopment: plan.isForDevelopment, way },
	pieces: plan.pieces.map(pieceObject),
	erased: plan.cleared.map(({ what, address, sectors }) => ({ what, address, sectors })),
	kept: plan.kept.map(({ what, address, sectors }) => ({ what, address, sectors })),
});

/** A plan for people. */
function planLines(plan: Plan, way: WayName): readonly string[] {
	const key = plan.isForDevelopment ? ", signed with the key that everybody has" : "";
	const row = (does: string, what: string, where: string): string => `${does.padEnd(8)}${what.padEnd(18)}${where}`;
	return [
		`${plan.board.name}, version ${plan.version}${key}; ${way}: ${ways[way].does}`,
		...plan.pieces.map(({ what, address, octets, area, digest, onlyIfOther }) =>
			row(
				"write",
				what,
				`${hex(address)}  ${octets.length} octets, ${numbers(area.sectors)}, SHA-256 ${digest.slice(0, 16)}…${onlyIfOther ? ", where it is another one" : ""}`,
			),
		),
		...plan.cleared.map(({ what, address, sectors }) => row("erase", what, `${hex(address)}  ${numbers(sectors)}`)),
		...plan.kept.map(({ what, address, sectors }) => row("keep", what, `${hex(address)}  ${numbers(sectors)}`)),
	];
}

/** Whoever makes a device blank has been told what dies. */
async function agree({ yes }: FlashCommand): Promise<void> {
	if (yes) return;
	if (!process.stdin.isTTY)
		throw new FlashRefused("not-agreed", `--blank erases ${DIES}`, "nobody is here to ask; say --yes if that is meant");
	const asking = createInterface({ input: process.stdin, output: process.stderr });
	try {
		const answer = await asking.question(`--blank erases ${DIES}. Type blank to go on: `);
		if (answer.trim() !== "blank")
			throw new FlashRefused("not-agreed", "nothing was erased", "type blank, or leave --blank away");
	} finally {
		asking.close();
	}
}

/** Asks the TRE that was flashed. Throws FlashBroken where another one answers than was written. */
async function greet(port: string, baudRate: number, plan: Plan): Promise<Greeting> {
	const tre = await TreClient.open(port, { deadlineMs: HELLO_MS, baudRate });
	try {
		const { version, target } = await tre.call("info", {});
		const { state, bootCounter } = await tre.status();
		if (version !== plan.version)
			throw new FlashBroken(`the TRE on ${port} says version ${version}, and ${plan.version} was written`);
		return { version, target, state, bootCounter };
	} finally {
		await tre.close();
	}
}

/** Where the boot stage is no piece of it, and stays. */
const ofUpdate = ({ kept }: Plan): boolean => kept.some(({ what }) => what === "boot stage");

function doneLines(
	plan: Plan,
	done: Flashed,
	port: string | undefined,
	greeting: Greeting | undefined,
): readonly string[] {
	const kept = ofUpdate(plan)
		? "boot stage, device root key and store are no part of an update"
		: done.kept.length > 0
			? `${done.kept.join(" and ")} are as they were`
			: "device root key and store were not read";
	return [
		`${done.chip}: ${done.written.join(" and ")} written and compared${done.same.length > 0 ? `; ${done.same.join(", ")} was the same` : ""}`,
		plan.isBlanking ? "device root key and store are erased" : kept,
		ofUpdate(plan) && !greeting
			? "it has said hello behind its restart, and confirmed itself"
			: greeting
				? `the TRE on ${port} says hello: version ${greeting.version}, ${greeting.state}, boot ${greeting.bootCounter}`
				: "nobody has asked the TRE whether it runs: --port PORT does (its own serial port, which is seldom the loader's)",
	];
}

/** `tre flash`. Throws FlashRefused or FlashBroken. */
export async function flashCommand(target: string, options: FlashCommand): Promise<void> {
	const { json, port, baud, parity, blank, dryRun, compare } = options;
	const name = options.via ?? wayTo(target);
	const plan = await planFor(target, name, options);
	if (dryRun || !json)
		for (const line of json ? [JSON.stringify(planObject(plan, name))] : planLines(plan, name)) say(line);
	if (dryRun) return;
	const holder = port === undefined || port.startsWith("tcp://") ? undefined : holderOfPort(port);
	if (holder !== undefined)
		throw new FlashRefused(
			"target-unfit",
			`${port} is in use by ${holder}`,
			"stop that, so that the TRE can be asked afterwards",
		);
	if (blank) await agree(options);
	const done = await ways[name].flash(
		{ target, baudRate: baud, parity },
		plan,
		{ isKeptCompared: compare, isBoardNamed: options.board !== undefined },
		new ProgressLine(json === true).tell,
	);
	const greeting = port === undefined ? undefined : await greet(port, baud, plan);
	if (json)
		say(
			JSON.stringify({
				...{ event: "flashed", board: plan.board.name, version: plan.version, way: name },
				...done,
				hello: greeting ?? null,
			}),
		);
	else for (const line of doneLines(plan, done, port, greeting)) say(line);
}

/** What a machine is told of a command that did not come to its end. */
export const failureObject = (error: unknown) => ({
	event: error instanceof FlashRefused ? "refused" : "broken",
	code: error instanceof FlashRefused ? error.code : null,
	message: inWords(error),
});
