import { TreClient } from "../tre/client.ts";
import { readLog } from "../tre/log.ts";

const plain = (value: unknown): unknown => (value instanceof Uint8Array ? Buffer.from(value).toString("hex") : value);

const say = (text: string): void => void process.stdout.write(`${text}\n`);

/** Opens the TRE on the port that the arguments name, and shows something of it; resolves to the exit code. */
async function show(
	command: string,
	args: readonly string[],
	run: (tre: TreClient, json: boolean) => Promise<void>,
): Promise<number> {
	const json = args.includes("--json");
	const port = args.find((arg) => !arg.startsWith("--"));
	if (port === undefined) {
		process.stderr.write(`usage: tre ${command} PORT [--json]\n`);
		return 2;
	}
	let tre: TreClient;
	try {
		tre = await TreClient.open(port, { deadlineMs: 10_000 });
	} catch (error) {
		process.stderr.write(
			`tre ${command}: ${(error as Error).message}\nIs a TRE on ${port}? For an emulated one: npm run -s tre -- emulate --link ./tre0\n`,
		);
		return 1;
	}
	try {
		await run(tre, json);
		return 0;
	} finally {
		await tre.close();
	}
}

/** TRE info and status of the TRE on a port. */
export const printInfo = (args: readonly string[]): Promise<number> =>
	show("info", args, async (tre, json) => {
		const shown = Object.entries({ ...(await tre.call("info", {})), ...(await tre.status()) }).map(
			([name, value]) => [name, plain(value)] as const,
		);
		if (json) say(JSON.stringify(Object.fromEntries(shown)));
		else for (const [name, value] of shown) say(`${name.padEnd(16)}${value === "" ? "–" : value}`);
	});

/** The audit trail of the TRE on a port. */
export const printLog = (args: readonly string[]): Promise<number> =>
	show("log", args, async (tre, json) => {
		const entries = await readLog(tre);
		if (json) return say(JSON.stringify(entries));
		if (entries.length === 0) say("Nothing has changed trust or subscriptions yet.");
		for (const { index, bootCounter, event, root, mcimId } of entries) {
			const parts = [root && `root ${root}…`, mcimId && `MCIM ${mcimId}…`].filter((one) => one !== "").join(", ");
			say(
				`${String(index).padStart(4)}  boot ${String(bootCounter).padEnd(6)}${(event ?? "unknown").padEnd(24)}${parts}`,
			);
		}
	});
