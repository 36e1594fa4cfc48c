import { TreClient } from "../tre/client.ts";

const plain = (value: unknown): unknown => (value instanceof Uint8Array ? Buffer.from(value).toString("hex") : value);

/** Shows TRE info and status of the TRE on a port. */
export async function printInfo(args: readonly string[]): Promise<number> {
	const json = args.includes("--json");
	const port = args.find((arg) => !arg.startsWith("--"));
	if (port === undefined) {
		process.stderr.write("usage: tre info PORT [--json]\n");
		return 2;
	}
	let tre: TreClient;
	try {
		tre = await TreClient.open(port, { deadlineMs: 10_000 });
	} catch (error) {
		process.stderr.write(
			`tre info: ${(error as Error).message}\nIs a TRE on ${port}? For an emulated one: npm run -s tre -- emulate --link ./tre0\n`,
		);
		return 1;
	}
	try {
		const shown = Object.fromEntries(
			Object.entries({ ...(await tre.call("info", {})), ...(await tre.status()) }).map(([name, value]) => [
				name,
				plain(value),
			]),
		);
		if (json) process.stdout.write(`${JSON.stringify(shown)}\n`);
		else
			for (const [name, value] of Object.entries(shown))
				process.stdout.write(`${name.padEnd(16)}${value === "" ? "–" : value}\n`);
		return 0;
	} finally {
		await tre.close();
	}
}
