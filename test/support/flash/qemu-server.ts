import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { QemuMonitor } from "../../../hil/rig/qemu-monitor.ts";
import type { FlashBoard } from "../../../host/flash/board.ts";

const RETRY_MS = 20;

/** A port that is free now. */
export async function freePort(): Promise<number> {
	const server = createServer();
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	const { port } = server.address() as AddressInfo;
	await new Promise((resolve) => server.close(resolve));
	return port;
}

/** A machine in QEMU that stands still, and its GDB server; the TRE's serial port is a TCP port. */
export class QemuServer {
	readonly gdb: string;
	readonly serial: string;
	readonly folder = mkdtempSync(join(tmpdir(), "qemu-gdb-"));
	readonly #child: ChildProcess;
	readonly #ended: Promise<void>;
	#isGone = false;

	private constructor(gdbPort: number, serialPort: number, uart: number) {
		this.gdb = `tcp://127.0.0.1:${gdbPort}`;
		this.serial = `tcp://127.0.0.1:${serialPort}`;
		const unused = Array.from({ length: uart }, () => ["-serial", "null"]).flat();
		this.#child = spawn(
			"setpriv",
			[
				...["--pdeathsig", "KILL", "qemu-system-arm", "-M", "netduinoplus2", "-display", "none", "-monitor", "none"],
				...["-semihosting-config", "enable=on,target=native", "-qmp", "unix:qmp.sock,server=on,wait=off"],
				...[...unused, "-serial", `tcp:127.0.0.1:${serialPort},server=on,wait=off,nodelay=on`],
				...["-gdb", `tcp:127.0.0.1:${gdbPort}`, "-S"],
			],
			{ cwd: this.folder, stdio: "ignore" },
		);
		this.#ended = new Promise((resolve) => {
			this.#child.once("close", () => {
				this.#isGone = true;
				resolve();
			});
		});
	}

	static async start(uart = 5): Promise<QemuServer> {
		const server = new QemuServer(await freePort(), await freePort(), uart);
		while (!existsSync(join(server.folder, "qmp.sock"))) {
			if (server.#isGone) throw new Error("QEMU has ended");
			await sleep(RETRY_MS);
		}
		return server;
	}

	/** What is in the flash. */
	async flash({ flash }: FlashBoard, length: number): Promise<Buffer> {
		const monitor = await QemuMonitor.open(this.folder);
		try {
			await monitor.saveMemory(flash.base, length, "flash.dump");
			return readFileSync(join(this.folder, "flash.dump"));
		} finally {
			monitor.close();
		}
	}

	async close(): Promise<void> {
		this.#child.kill("SIGKILL");
		await this.#ended;
		rmSync(this.folder, { recursive: true, force: true });
	}
}

/** A wire to a TCP port that breaks when so many octets have gone over it. */
export class BreakingWire {
	/** Octets towards the port so far. */
	carried = 0;
	readonly #server: Server;
	readonly #sockets = new Set<Socket>();

	constructor(port: number, breaksAfter: number) {
		this.#server = createServer((near) => {
			const far = connect(port, "127.0.0.1");
			for (const [one, other] of [
				[near, far],
				[far, near],
			] as const) {
				this.#sockets.add(one);
				one.setNoDelay(true);
				one.on("error", () => one.destroy()).on("close", () => other.destroy());
			}
			far.on("data", (octets) => near.write(octets));
			near.on("data", (octets: Buffer) => {
				const part = octets.subarray(0, Math.max(0, breaksAfter - this.carried));
				this.carried += octets.length;
				far.write(part);
				if (part.length < octets.length) far.end(() => near.destroy());
			});
		});
	}

	async listen(): Promise<string> {
		await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
		return `tcp://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
	}

	async close(): Promise<void> {
		for (const socket of this.#sockets) socket.destroy();
		await new Promise((resolve) => this.#server.close(resolve));
	}
}
