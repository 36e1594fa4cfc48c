import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { chmodSync, chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";

const VERSIONS = "/usr/lib/postgresql";
const NOBODY = 65_534;
/** Tries, with 20 ms between them at least: a loaded machine takes its time. */
const PATIENCE = 3000;

const freePort = (): Promise<number> =>
	new Promise((resolve) => {
		const server = createServer().listen(0, "127.0.0.1", () => {
			const { port } = server.address() as AddressInfo;
			server.close(() => resolve(port));
		});
	});

/** A PostgreSQL cluster of the test's own, under a user without privileges. */
export class PostgresCluster {
	readonly #folder: string;
	#port = 0;
	#child: ChildProcess | undefined;

	/** `folder`: an empty one, where it is to lie; gone with the cluster. */
	constructor(folder = mkdtempSync(join(tmpdir(), "postgres-"))) {
		this.#folder = folder;
	}

	get url(): string {
		return `postgres://tre@127.0.0.1:${this.#port}/postgres`;
	}

	async start(): Promise<void> {
		const [version = ""] = readdirSync(VERSIONS).sort().reverse();
		const program = (name: string) => join(VERSIONS, version, "bin", name);
		const data = join(this.#folder, "data");
		const asNobody = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
		if (!existsSync(data)) {
			chmodSync(this.#folder, 0o700);
			if ("uid" in asNobody) chownSync(this.#folder, NOBODY, NOBODY);
			this.#port = await freePort();
			const words = ["-D", data, "-U", "tre", "--auth=trust", "--encoding=UTF8", "--locale=C"];
			execFileSync(program("initdb"), words, { stdio: "ignore", cwd: "/", ...asNobody });
		}
		const words = ["-D", data, "-p", String(this.#port), "-c", "listen_addresses=127.0.0.1", "-k", this.#folder];
		this.#child = undefined;
		for (let n = 0; n < PATIENCE; n++) {
			// Children of a postmaster that was killed may hold its memory for a while: a new one ends at once then.
			if (this.#child === undefined || this.#child.exitCode !== null)
				this.#child = spawn(program("postgres"), words, { stdio: "ignore", cwd: "/", ...asNobody });
			await sleep(20);
			if (await this.#answers()) return;
		}
		throw new Error("PostgreSQL does not start");
	}

	/** The postmaster is killed, and what it started with it: whoever is connected loses the connection. */
	async kill(): Promise<void> {
		const child = this.#child;
		if (!child || child.exitCode !== null) return;
		const ended = new Promise((resolve) => child.once("close", resolve));
		child.kill("SIGKILL");
		await ended;
		// Its children notice, and end; until then the data folder is taken.
		for (let n = 0; n < 500 && (await this.#answers()); n++) await sleep(20);
	}

	async query(text: string): Promise<Record<string, unknown>[]> {
		const client = new pg.Client({ connectionString: this.url });
		await client.connect();
		try {
			return (await client.query(text)).rows as Record<string, unknown>[];
		} finally {
			await client.end();
		}
	}

	async dispose(): Promise<void> {
		const child = this.#child;
		if (child && child.exitCode === null && child.signalCode === null) {
			const ended = new Promise((resolve) => child.once("close", resolve));
			child.kill("SIGINT");
			await ended;
		}
		rmSync(this.#folder, { recursive: true, force: true });
	}

	async #answers(): Promise<boolean> {
		const client = new pg.Client({ connectionString: this.url, connectionTimeoutMillis: 1000 });
		client.on("error", () => undefined);
		try {
			await client.connect();
			await client.query("SELECT 1");
			return true;
		} catch {
			return false;
		} finally {
			await client.end().catch(() => undefined);
		}
	}
}
