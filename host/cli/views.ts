import { MAX_FINGERPRINTS, MCIM_SLOTS } from "../../firmware/contract/states.ts";
import { PortInUse } from "../link/lock.ts";
import { TreClient } from "../tre/client.ts";
import { readLog } from "../tre/log.ts";
import { readMcims } from "../tre/mcims.ts";

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
		const hint = `Is a TRE on ${port}? For an emulated one: npm run -s tre -- emulate --link ./tre0\n`;
		process.stderr.write(`tre ${command}: ${(error as Error).message}\n${error instanceof PortInUse ? "" : hint}`);
		return 1;
	}
	try {
		await run(tre, json);
		return 0;
	} finally {
		await tre.close();
	}
}

const printInfo = (args: readonly string[]): Promise<number> =>
	show("info", args, async (tre, json) => {
		const shown = Object.entries({ ...(await tre.call("info", {})), ...(await tre.status()) }).map(
			([name, value]) => [name, plain(value)] as const,
		);
		if (json) say(JSON.stringify(Object.fromEntries(shown)));
		else for (const [name, value] of shown) say(`${name.padEnd(16)}${value === "" ? "–" : value}`);
	});

const printLog = (args: readonly string[]): Promise<number> =>
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

const printMcims = (args: readonly string[]): Promise<number> =>
	show("mcims", args, async (tre, json) => {
		const mcims = await readMcims(tre);
		if (json) return say(JSON.stringify(mcims));
		if (mcims.length === 0) say("No subscription is stored.");
		for (const { slot, role, imsi, mcimId, issuer, version, parameters } of mcims) {
			say(
				`${slot}  ${role.padEnd(8)} IMSI ${imsi.padEnd(15)}  MCIM ${mcimId.slice(0, 16)}… version ${version}  ` +
					`issuer ${issuer.slice(0, 16)}…  network parameters ${parameters ? `${parameters.slice(0, 16)}…` : "none"}`,
			);
		}
	});

const share = (part: number, whole: number): string => `${part} of ${whole} (${Math.round((100 * part) / whole)} %)`;

const printStore = (args: readonly string[]): Promise<number> =>
	show("store", args, async (tre, json) => {
		const store = await tre.call("store", {});
		if (json) return say(JSON.stringify(store));
		say(`octets in use     ${share(store.used, store.size)}`);
		say(`records           ${store.records}`);
		say(`MCIMs             ${share(store.mcims, MCIM_SLOTS)}`);
		say(`K held so far     ${share(store.fingerprints, MAX_FINGERPRINTS)}`);
		say(`erase cycles      ${store.eraseCycles} of each sector`);
	});

const TIMES = 50;

/** Asks many times for what changes nothing: what the line does to it. */
const printLink = (args: readonly string[]): Promise<number> =>
	show("link", args, async (tre, json) => {
		const trips: number[] = [];
		for (let n = 0; n < TIMES; n++) {
			const begun = performance.now();
			await tre.status();
			trips.push(performance.now() - begun);
		}
		trips.sort((a, b) => a - b);
		const [least, middle, most] = [0, TIMES / 2, TIMES - 1].map((n) => Math.round((trips[n] as number) * 10) / 10);
		const { busyMs: _, ...counters } = tre.link.counters;
		if (json) return say(JSON.stringify({ roundTripMs: { least, middle, most }, ...counters }));
		say(`round trips       ${TIMES}: ${least} ms at least, ${middle} ms in the middle, ${most} ms at most`);
		say(`frames            ${counters.sent} sent (${counters.octetsSent} octets)`);
		say(`                  ${counters.received} received (${counters.octetsReceived} octets)`);
		say(`damaged           ${counters.damaged}`);
		say(`silences          ${counters.repeated}, after which something was sent again`);
	});

/** What can be looked at in the TRE on a port; none of it changes anything. */
export const views: Readonly<
	Record<string, { readonly does: string; print(args: readonly string[]): Promise<number> }>
> = {
	info: { does: "show what the TRE on a port is", print: printInfo },
	log: { does: "show what changed its trust or subscriptions", print: printLog },
	mcims: { does: "show the subscriptions in it", print: printMcims },
	link: { does: "try the line to the TRE on a port, and count what it loses", print: printLink },
	store: { does: "show what fills its flash, and the wear", print: printStore },
};
