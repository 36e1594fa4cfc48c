import { type ChildProcess, spawn } from "node:child_process";
import { chownSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";

const NOBODY = 65_534;
const PATIENCE = 500;

const freePort = (): Promise<number> =>
	new Promise((resolve) => {
		const server = createServer().listen(0, "127.0.0.1", () => {
			const { port } = server.address() as AddressInfo;
			server.close(() => resolve(port));
		});
	});

/** pgbouncer in front of a cluster, as hosters put it there. */
export class PgBouncer {
	readonly #folder = mkdtempSync(join(tmpdir(), "pgbouncer-"));
	#child: ChildProcess | undefined;
	#port = 0;

	get url(): string {
		return `postgres://tre@127.0.0.1:${this.#port}/postgres`;
	}

	/** `pool`: whether a client keeps its session for itself. */
	async start(clusterUrl: string, pool: "session" | "transaction"): Promise<void> {
		const { hostname, port } = new URL(clusterUrl);
		this.#port = await freePort();
		const path = join(this.#folder, "pgbouncer.ini");
		const lines = [
			...["[databases]", `postgres = host=${hostname} port=${port} dbname=postgres user=tre`, "[pgbouncer]"],
			...["listen_addr = 127.0.0.1", `listen_port = ${this.#port}`, "unix_socket_dir =", "auth_type = any"],
			...[`pool_mode = ${pool}`, `logfile = ${join(this.#folder, "log")}`, `pidfile = ${join(this.#folder, "pid")}`],
		];
		writeFileSync(path, `${lines.join("\n")}\n`);
		chownSync(this.#folder, NOBODY, NOBODY);
		chownSync(path, NOBODY, NOBODY);
		const asNobody = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
		this.#child = spawn("/usr/sbin/pgbouncer", ["-q", path], { stdio: "ignore", cwd: "/", ...asNobody });
		for (let n = 0; n < PATIENCE; n++) {
			await sleep(20);
			const client = new pg.Client({ connectionString: this.url });
			client.on("error", () => undefined);
			const answered = await client.connect().then(
				() => true,
				() => false,
			);
			await client.end().catch(() => undefined);
			if (answered) return;
		}
		throw new Error("pgbouncer does not start");
	}

	async dispose(): Promise<void> {
		const child = this.#child;
		if (child && child.exitCode === null) {
			const ended = new Promise((resolve) => child.once("close", resolve));
			child.kill("SIGTERM");
			await ended;
		}
		rmSync(this.#folder, { recursive: true, force: true });
	}
}
