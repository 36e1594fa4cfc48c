import { HOST_WRITE_SECONDS, MAX_FINGERPRINTS, MCIM_SLOTS } from "../../firmware/contract/states.ts";
import { TreClient } from "../tre/client.ts";
import { readLog } from "../tre/log.ts";
import { readMcims } from "../tre/mcims.ts";

export interface ViewOptions {
	readonly json?: boolean;
	readonly baud: number;
}

/** Something of a TRE that can be looked at; none of it changes anything. */
export interface View {
	readonly does: string;
	/** The lines that people see, or the object for machines. */
	show(tre: TreClient): Promise<{ readonly lines: readonly string[]; readonly object: unknown }>;
}

const plain = (value: unknown): unknown => (value instanceof Uint8Array ? Buffer.from(value).toString("hex") : value);

const row = (name: string, value: unknown): string => `${name.padEnd(18)}${value === "" ? "–" : value}`;
const share = (part: number, whole: number): string => `${part} of ${whole} (${Math.round((100 * part) / whole)} %)`;

const info: View = {
	does: "show what the TRE on a port is",
	show: async (tre) => {
		const shown = Object.entries({ ...(await tre.call("info", {})), ...(await tre.status()) }).map(
			([name, value]) => [name, plain(value)] as const,
		);
		return { object: Object.fromEntries(shown), lines: shown.map(([name, value]) => row(name, value)) };
	},
};

const log: View = {
	does: "show what changed its trust or subscriptions",
	show: async (tre) => {
		const entries = await readLog(tre);
		const lines = entries.map(({ index, bootCounter, event, root, mcimId }) => {
			const isUpdate = event?.startsWith("update-") ?? false;
			const first = isUpdate && event !== "update-offered" ? "firmware" : "root";
			const second = isUpdate ? "bundle" : "MCIM";
			const parts = [root && `${first} ${root}…`, mcimId && `${second} ${mcimId}…`]
				.filter((one) => one !== "")
				.join(", ");
			return `${String(index).padStart(4)}  boot ${String(bootCounter).padEnd(6)}${(event ?? "unknown").padEnd(24)}${parts}`;
		});
		const nothing = ["Nothing has changed trust or subscriptions yet."];
		return { object: entries, lines: lines.length > 0 ? lines : nothing };
	},
};

const mcims: View = {
	does: "show the subscriptions in it",
	show: async (tre) => {
		const all = await readMcims(tre);
		const lines = all.map(
			({ slot, role, imsi, mcimId, issuer, version, parameters }) =>
				`${slot}  ${role.padEnd(8)} IMSI ${imsi.padEnd(15)}  MCIM ${mcimId.slice(0, 16)}… version ${version}  ` +
				`issuer ${issuer.slice(0, 16)}…  network parameters ${parameters ? `${parameters.slice(0, 16)}…` : "none"}`,
		);
		return { object: all, lines: lines.length > 0 ? lines : ["No subscription is stored."] };
	},
};

const store: View = {
	does: "show what fills its flash, and the wear",
	show: async (tre) => {
		const object = await tre.call("store", {});
		return {
			object,
			lines: [
				row("octets in use", share(object.used, object.size)),
				row("records", object.records),
				row("MCIMs", share(object.mcims, MCIM_SLOTS)),
				row("K held so far", share(object.fingerprints, MAX_FINGERPRINTS)),
				row("erase cycles", `at most ${object.eraseCycles} of each sector`),
			],
		};
	},
};

const wear: View = {
	does: "show how many writes to its flash this host may still cause",
	show: async (tre) => {
		const object = await tre.call("wear", {});
		return {
			object,
			lines: [
				row("writes left", `${object.left}, and one more each ${HOST_WRITE_SECONDS} s`),
				row("refused", `${object.refused} since it started`),
			],
		};
	},
};

const firmware: View = {
	does: "show which firmware runs, in which slot, and what it takes in its place",
	show: async (tre) => {
		const updates = await tre.call("updateStatus", {});
		const { what, version, digest, required } = await tre.call("updateOffer", {});
		const offer = what === "" ? null : { what, version, digest: plain(digest) };
		const object = { ...updates, offer, offersRequired: required };
		const offered = offer ? `${version} (bundle ${String(offer.digest).slice(0, 16)}…), and takes no other` : "nothing";
		if (object.slots === 0)
			return {
				object,
				lines: ["This firmware was not started by a boot stage: no update over the line, `tre flash` writes it."],
			};
		const trial = object.triesLeft > 0 ? `on trial, ${object.triesLeft} more starts` : "confirmed";
		return {
			object,
			lines: [
				row("version", `${object.version} (${trial})`),
				row("slot", "AB"[object.running] ?? object.running),
				row("security counter", object.securityCounter),
				row("takes", `security counter ${object.lowest} and above`),
				row("its SHO offers", required && !offer ? "nothing, and without an offer it takes nothing" : offered),
				row("being received", object.length > 0 ? `${share(object.next, object.length)}` : "nothing"),
			],
		};
	},
};

const TIMES = 50;

/** Asks many times for what changes nothing: what the line does to it. */
const link: View = {
	does: "try the line to the TRE on a port, and count what it loses",
	show: async (tre) => {
		const trips: number[] = [];
		for (let n = 0; n < TIMES; n++) {
			const begun = performance.now();
			await tre.status();
			trips.push(performance.now() - begun);
		}
		trips.sort((a, b) => a - b);
		const [least, middle, most] = [0, TIMES / 2, TIMES - 1].map((n) => Math.round((trips[n] as number) * 10) / 10);
		const { busyMs: _, ...counters } = tre.link.counters;
		return {
			object: { roundTripMs: { least, middle, most }, ...counters },
			lines: [
				row("round trips", `${TIMES}: ${least} ms at least, ${middle} ms in the middle, ${most} ms at most`),
				row("frames", `${counters.sent} sent (${counters.octetsSent} octets)`),
				row("", `${counters.received} received (${counters.octetsReceived} octets)`).replace("–", " "),
				row("damaged", counters.damaged),
				row("silences", `${counters.repeated}, after which something was sent again`),
			],
		};
	},
};

export const views: Readonly<Record<string, View>> = { info, log, mcims, link, store, wear, firmware };

/** Opens the TRE on a port and prints something of it. */
export async function print(view: View, port: string, { json, baud }: ViewOptions): Promise<void> {
	const tre = await TreClient.open(port, { deadlineMs: 10_000, baudRate: baud });
	try {
		const { lines, object } = await view.show(tre);
		process.stdout.write(json ? `${JSON.stringify(object)}\n` : lines.map((line) => `${line}\n`).join(""));
	} finally {
		await tre.close();
	}
}
