import { type ChildProcess, execFile, spawn } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import Sqlite from "libsql";
import { makeFolder } from "../../../../../firmware/local/own-folder.ts";
import { StartFailed } from "../../../shared/element.ts";

const run = promisify(execFile);

/** Fixed in osmo-hlr: only the address can be chosen. */
export const osmoPorts = { gsup: 4222, ctrl: 4259 } as const;

const PROGRAM = "osmo-hlr";
const READY_MS = 20_000;
const POLL_MS = 10;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 10_000;
const STOP_MS = 5_000;
const START_ATTEMPTS = 20;
/** A connection that is taken and says nothing. */
const SILENCE_MS = 1_000;
/** One that ran so long was well. */
const LASTED_MS = 10_000;

/** A subscription as osmo-hlr keeps it: MILENAGE with OPc, hex. */
export interface OsmoSubscriber {
	readonly imsi: string;
	readonly k: string;
	readonly opc: string;
	readonly msisdn?: string;
}

/** osmo-hlr is not there, or does not start; the message says what to do. */
export class OsmoHlrError extends StartFailed {}

const configOf = (address: string, database: string): string =>
	[
		"log stderr",
		" logging filter all 1",
		" logging color 0",
		" logging print category 1",
		" logging timestamp 0",
		" logging level set-all error",
		"line vty",
		" no login",
		` bind ${address}`,
		"ctrl",
		` bind ${address}`,
		"hlr",
		` database ${database}`,
		" gsup",
		`  bind ip ${address}`,
		"  ipa-name HLR",
		"",
	].join("\n");

const MILENAGE = 5;
/** Bits of IND, as TS 33.102 C.1.1.1 and the TRE have them. */
export const IND_BITS = 5;

/** Writes subscriptions into osmo-hlr's database, in one transaction; SQN of those that are there stays. */
function provisionBySql(path: string, subscribers: readonly OsmoSubscriber[]): void {
	const db = new Sqlite(path);
	try {
		db.pragma("busy_timeout = 5000");
		const subscriber = db.prepare(
			"INSERT INTO subscriber (imsi, msisdn, nam_ps, nam_cs) VALUES (?, ?, 1, 1) ON CONFLICT (imsi) DO UPDATE SET msisdn = excluded.msisdn",
		);
		const credential = db.prepare(
			`INSERT INTO auc_3g (subscriber_id, algo_id_3g, k, opc, sqn, ind_bitlen) SELECT id, ${MILENAGE}, ?, ?, 0, ${IND_BITS} FROM subscriber WHERE imsi = ? ON CONFLICT (subscriber_id) DO UPDATE SET k = excluded.k, opc = excluded.opc, op = NULL`,
		);
		db.exec("BEGIN IMMEDIATE");
		for (const { imsi, k, opc, msisdn } of subscribers) {
			subscriber.run(imsi, msisdn ?? null);
			credential.run(k, opc, imsi);
		}
		db.exec("COMMIT");
	} finally {
		db.close();
	}
}

/** A loopback address where osmo-hlr's ports are free, the same one as before where there was one. */
async function addressFor(folder: string): Promise<string> {
	const path = join(folder, "address");
	if (existsSync(path)) return readFileSync(path, "utf8");
	for (let n = 0; n < 64; n++) {
		const octet = () => 1 + Math.floor(Math.random() * 254);
		const address = `127.${64 + (octet() % 64)}.${octet()}.${octet()}`;
		if (!(await isFree(address))) continue;
		writeFileSync(path, address, { flush: true });
		return address;
	}
	throw new OsmoHlrError(`no loopback address has port ${osmoPorts.gsup} free`);
}

const isFree = (address: string): Promise<boolean> =>
	new Promise((resolve) => {
		const server = createServer();
		server.once("error", () => resolve(false));
		server.listen(osmoPorts.gsup, address, () => server.close(() => resolve(true)));
	});

const answers = (address: string): Promise<boolean> =>
	new Promise((resolve) => {
		const socket = connect(osmoPorts.gsup, address);
		const settle = (ok: boolean) => {
			socket.destroy();
			resolve(ok);
		};
		socket.once("error", () => settle(false));
		socket.once("close", () => settle(false));
		socket.setTimeout(SILENCE_MS, () => settle(false));
		// It speaks first.
		socket.once("data", () => settle(true));
	});

/** An osmo-hlr of one operator, started again when it ends by itself. */
export class OsmoHlrProcess {
	readonly address: string;
	readonly #folder: string;
	readonly #onEnd: (why: string) => void;
	#child: ChildProcess | undefined;
	#stopped = false;
	#failing: string | undefined;
	#pause = FIRST_PAUSE_MS;
	/** When it answered last. */
	#since = 0;

	private constructor(folder: string, address: string, onEnd: (why: string) => void) {
		this.#folder = folder;
		this.address = address;
		this.#onEnd = onEnd;
	}

	/**
	 * Creates its database, writes the subscriptions and starts it; resolves when it answers. `onEnd` hears of each end
	 * that nobody asked for.
	 */
	static async start(
		folder: string,
		subscribers: readonly OsmoSubscriber[],
		onEnd: (why: string) => void,
	): Promise<OsmoHlrProcess> {
		makeFolder(folder, 0o700);
		const hlr = new OsmoHlrProcess(folder, await addressFor(folder), onEnd);
		const database = join(folder, "hlr.db");
		writeFileSync(hlr.#config, configOf(hlr.address, database), { mode: 0o600 });
		try {
			await run(PROGRAM, ["-c", hlr.#config, "-l", database, "--db-check"]);
		} catch (error) {
			const missing = (error as NodeJS.ErrnoException).code === "ENOENT";
			throw new OsmoHlrError(
				missing
					? "osmo-hlr is not installed: apt-get install --no-install-recommends osmo-hlr"
					: `osmo-hlr does not open its database ${database}: ${(error as Error).message}`,
			);
		}
		provisionBySql(database, subscribers);
		await hlr.#startPatiently();
		return hlr;
	}

	/** Why it is not there at present; it is being started again. */
	get failing(): string | undefined {
		return this.#failing;
	}

	get pid(): number | undefined {
		return this.#child?.pid;
	}

	get #config(): string {
		return join(this.#folder, "hlr.cfg");
	}

	async stop(): Promise<void> {
		this.#stopped = true;
		const child = this.#child;
		if (!child || child.exitCode !== null || child.signalCode !== null) return;
		const ended = new Promise((resolve) => child.once("close", resolve));
		child.kill("SIGTERM");
		const late = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
		await ended;
		clearTimeout(late);
	}

	async #start(): Promise<void> {
		const args = ["-c", this.#config, "-l", join(this.#folder, "hlr.db")];
		// One that was orphaned by a kill needs a moment to go.
		for (let n = 0; !(await isFree(this.address)); n++) {
			if (n === 200) throw new OsmoHlrError(`something else answers at ${this.address}:${osmoPorts.gsup}`);
			await sleep(POLL_MS);
		}
		if (this.#stopped) throw new OsmoHlrError("it has been stopped");
		// It ends with this process, however that ends.
		const words = ["--pdeathsig", "TERM", PROGRAM, ...args];
		const child = spawn("setpriv", words, { cwd: this.#folder, stdio: ["ignore", "ignore", "pipe"] });
		this.#child = child;
		let said = "";
		child.stderr?.on("data", (text: Buffer) => {
			said = `${said}${text.toString("utf8")}`.slice(-2000);
		});
		let [ready, ended] = [false, false];
		child.once("error", (error) => {
			ended = true;
			said = error.message;
		});
		child.once("close", (code, signal) => {
			ended = true;
			if (ready && !this.#stopped) this.#restart(signal ?? `code ${code}`);
		});
		const patience = Date.now() + READY_MS;
		while (!(await answers(this.address))) {
			if (ended || Date.now() > patience) {
				child.kill("SIGKILL");
				const why = said.trim().split("\n").at(-1) ?? "";
				throw new OsmoHlrError(`osmo-hlr does not answer at ${this.address}: ${why}`);
			}
			await sleep(POLL_MS);
		}
		if (ended) throw new OsmoHlrError(`osmo-hlr has ended: ${said.trim().split("\n").at(-1) ?? ""}`);
		ready = true;
		this.#since = performance.now();
		this.#failing = undefined;
	}

	/** It waits for no lock on its database: whoever has just closed that may still hold one for a moment. */
	async #startPatiently(): Promise<void> {
		for (let attempt = 1; ; attempt++) {
			try {
				return await this.#start();
			} catch (error) {
				if (attempt === START_ATTEMPTS || this.#stopped) throw error;
				await sleep(FIRST_PAUSE_MS);
			}
		}
	}

	#restart(why: string): void {
		this.#failing = `osmo-hlr has ended: ${why}`;
		this.#onEnd(why);
		if (performance.now() - this.#since > LASTED_MS) this.#pause = FIRST_PAUSE_MS;
		setTimeout(() => {
			if (!this.#stopped) this.#start().catch((error: Error) => this.#stopped || this.#restart(error.message));
		}, this.#pause).unref();
		this.#pause = Math.min(this.#pause * 2, LONGEST_PAUSE_MS);
	}
}
