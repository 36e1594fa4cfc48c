import { readFileSync } from "node:fs";
import { Command, InvalidArgumentError } from "commander";
import { inClone } from "./repository.ts";

/** Exit code of a call that makes no sense. */
const USAGE = 2;

/** Of this clone. */
export const version = (): string =>
	(JSON.parse(readFileSync(inClone("package.json"), "utf8")) as { version: string }).version;

/** A program of the command line, or one of its commands that is a program of its own: help, version, code 2 for wrong usage. */
export const makeProgram = (name: string, does: string): Command =>
	new Command(name)
		.description(does)
		.version(version())
		.showHelpAfterError()
		.exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : USAGE));

/** Puts an example behind the help of a command. */
export const withExample = (command: Command, ...lines: readonly string[]): Command =>
	command.addHelpText("after", `\nExample:\n${lines.map((line) => `  ${line}`).join("\n")}`);

/** What the system refuses, in words that say what to do. */
const refusals: Readonly<Record<string, (path: string) => string>> = {
	ENOENT: (path) => `${path} is not there`,
	EACCES: (path) => `no permission for ${path}; run this as its owner, or name another path`,
	EPERM: (path) => `no permission for ${path}; run this as its owner, or name another path`,
	EEXIST: (path) => `${path} is there already, and is something else; name another path`,
	ENOTDIR: (path) => `${path} leads through a file as if it were a folder; name another path`,
	EISDIR: (path) => `${path} is a folder; name a file`,
	ENOSPC: (path) => `the disk is full (${path}); make room, and try again`,
	EROFS: (path) => `${path} is on a file system that is read only; name another path`,
	EMFILE: () => "too many files are open; raise the limit (ulimit -n), and try again",
	EADDRINUSE: (address) => `${address} is in use by another program; stop that, or name another port`,
	EADDRNOTAVAIL: (address) => `${address} is no address of this machine`,
	ECONNREFUSED: (address) => `nothing listens on ${address}`,
	ENOTFOUND: (address) => `no host of the name ${address} is known`,
	ETIMEDOUT: (address) => `${address} does not answer`,
};

/** An error in one line, for people; what the system says is told in words. */
export function inWords(error: unknown): string {
	if (!(error instanceof Error)) return String(error);
	const { code, path, dest, address, port, hostname } = error as NodeJS.ErrnoException & Record<string, unknown>;
	const place = path ?? dest ?? hostname ?? (address === undefined ? undefined : `${address}:${port}`);
	const words = code !== undefined && Object.hasOwn(refusals, code) ? refusals[code] : undefined;
	return words && place !== undefined ? words(String(place)) : error.message;
}

/** A mistake of this program, not of whoever runs it. */
const isDefect = (error: unknown): boolean =>
	[TypeError, RangeError, ReferenceError, SyntaxError].some((kind) => error instanceof kind) &&
	(error as NodeJS.ErrnoException).code === undefined;

/** Says what ended a program on standard error; a defect with its stack, for whoever reports it. */
export function tellEnd(program: string, error: unknown): void {
	const words = isDefect(error) ? `this is a defect, please report it\n${(error as Error).stack}` : inWords(error);
	process.stderr.write(`${program}: ${words}\n`);
}

/** Reads a number of a command line; `what` says which there are. */
export const numberOf =
	(what: string, fits: (value: number) => boolean) =>
	(text: string): number => {
		const value = Number(text);
		if (text.trim() === "" || !fits(value)) throw new InvalidArgumentError(`it is ${what}.`);
		return value;
	};

export const readPort = numberOf(
	"the number of a port, 0 to 65535",
	(port) => Number.isInteger(port) && port >= 0 && port <= 65_535,
);
export const readBaud = numberOf(
	"a baud rate, 1200 to 4000000",
	(baud) => Number.isInteger(baud) && baud >= 1_200 && baud <= 4_000_000,
);
