import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";

interface Answer {
	readonly return?: unknown;
	readonly error?: { readonly desc: string };
	readonly event?: string;
}

/** QEMU's own monitor (QMP) of a board, by the device's folder: what a rig does that no wire of the board can. */
export class QemuMonitor {
	readonly #socket: Socket;
	readonly #waiting: ((answer: Answer) => void)[] = [];

	private constructor(socket: Socket) {
		this.#socket = socket;
		createInterface({ input: socket }).on("line", (line) => {
			const answer = JSON.parse(line) as Answer;
			if ("return" in answer || "error" in answer) this.#waiting.shift()?.(answer);
		});
		socket.on("close", () => {
			for (const give of this.#waiting.splice(0)) give({ error: { desc: "QEMU has closed its monitor" } });
		});
	}

	static async open(folder: string): Promise<QemuMonitor> {
		const socket = connect(join(folder, "qmp.sock"));
		await new Promise<void>((resolve, reject) => socket.once("connect", resolve).once("error", reject));
		const monitor = new QemuMonitor(socket);
		await monitor.execute("qmp_capabilities");
		return monitor;
	}

	/** Runs a command of QMP; throws with QEMU's words where it fails. */
	async execute(command: string, values: object = {}): Promise<unknown> {
		const answer = await new Promise<Answer>((resolve) => {
			this.#waiting.push(resolve);
			this.#socket.write(`${JSON.stringify({ execute: command, arguments: values })}\n`);
		});
		if (answer.error) throw new Error(`QEMU: ${command}: ${answer.error.desc}`);
		return answer.return;
	}

	/** The reset line of the board. */
	async reset(): Promise<void> {
		await this.execute("system_reset");
	}

	/** Writes octets of the board's memory, as its core sees it, into a file of the device's folder. */
	async saveMemory(address: number, size: number, file: string): Promise<void> {
		await this.execute("memsave", { val: address, size, filename: file });
	}

	close(): void {
		this.#socket.destroy();
	}
}
