import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PowerGone } from "../flash-chip.ts";
import { DebugPort } from "./debug-port.ts";
import type { DebuggedChip } from "./debugged-chip.ts";
import { boundaryScan, Chain } from "./tap.ts";

const [ZERO, READ, QUIT] = ["0", "R", "Q"].map((letter) => letter.charCodeAt(0)) as [number, number, number];
/** `r` to `u`: TRST and SRST as two bits. */
const RESETS = "r".charCodeAt(0);

/** A chip's JTAG pins behind OpenOCD's remote_bitbang, one OpenOCD at a time. */
export class JtagAdapter {
	readonly #chip: DebuggedChip;
	readonly #chain: Chain;
	readonly #folder = mkdtempSync(join(tmpdir(), "jtag-"));
	readonly #server = createServer((socket) => this.#serve(socket));
	#socket: Socket | undefined;
	#tck = 0;

	constructor(chip: DebuggedChip) {
		this.#chip = chip;
		// The core is nearest to TDO, and boundary scan behind it.
		this.#chain = new Chain([new DebugPort(chip), boundaryScan(5, 0x0641_3041)]);
	}

	/** Resolves to a whole OpenOCD configuration of this adapter and its target. */
	async listen(): Promise<string> {
		await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
		const path = join(this.#folder, "model.cfg");
		writeFileSync(
			path,
			[
				"adapter driver remote_bitbang",
				"remote_bitbang host 127.0.0.1",
				`remote_bitbang port ${(this.#server.address() as AddressInfo).port}`,
				"transport select jtag",
				// No code runs in the model, so none that OpenOCD would load to write faster.
				"set WORKAREASIZE 0",
				...this.#chip.configuration,
				"reset_config none",
				// It has no clock of its own, whose speed these events set.
				"$_TARGETNAME configure -event reset-start {}",
				"$_TARGETNAME configure -event reset-init {}",
				"",
			].join("\n"),
		);
		return path;
	}

	/** The cable comes out, or the supply goes. */
	unplug(): void {
		this.#socket?.destroy();
	}

	async close(): Promise<void> {
		this.unplug();
		await new Promise((resolve) => this.#server.close(resolve));
		rmSync(this.#folder, { recursive: true, force: true });
	}

	#serve(socket: Socket): void {
		this.#socket = socket;
		socket.setNoDelay(true);
		socket.on("error", () => socket.destroy());
		socket.on("data", (octets: Buffer) => {
			try {
				this.#take(octets, socket);
			} catch (error) {
				if (!(error instanceof PowerGone)) throw error;
				socket.destroy();
			}
		});
	}

	#take(octets: Buffer, socket: Socket): void {
		const answers: number[] = [];
		for (const octet of octets) {
			const pins = octet - ZERO;
			if (pins >= 0 && pins <= 7) {
				const tck = pins & 4;
				if (tck && !this.#tck) this.#chain.clock((pins >> 1) & 1, pins & 1);
				this.#tck = tck;
			} else if (octet === READ) answers.push(ZERO + this.#chain.tdo);
			else if (octet === QUIT) socket.end();
			else this.#resetPins(octet - RESETS);
		}
		if (answers.length > 0) socket.write(Uint8Array.from(answers));
	}

	#resetPins(pins: number): void {
		if (pins < 0 || pins > 3) return;
		if (pins & 2) this.#chain.reset();
		if (pins & 1) this.#chip.reset();
	}
}
