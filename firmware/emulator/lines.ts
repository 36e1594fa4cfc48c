import { closeSync, constants, openSync, write } from "node:fs";
import { createServer, type Socket } from "node:net";
import type { ReadStream } from "node:tty";
import * as nodePty from "@lydell/node-pty";

/** What stands in for the UART's wires. */
export interface Line {
	/** What a host opens: a device path or tcp://host:port. */
	readonly port: string;
	write(octets: Uint8Array): void;
	close(): Promise<void>;
}

type Receive = (octets: Uint8Array) => void;

interface Pty {
	readonly master: ReadStream;
	readonly slave: ReadStream;
	readonly fd: number;
	readonly ptsName: string;
}

/** `open` is there and documented in the source, but not in the package's types. */
const { open } = nodePty as unknown as { open(options: { encoding: null }): Pty };

const RETRY_MS = 1;
/** Octets that wait for a host. A UART keeps none: what a host does not read is lost, and it asks again. */
const MAX_UNREAD = 256 * 1024;

/** A pseudo-terminal; a host opens its device file as it opens a board's. */
export function ptyLine(receive: Receive): Line {
	const pty = open({ encoding: null });
	pty.slave.setRawMode(true);
	// node-pty's end of the terminal would read what is meant for a host, even when it is paused; a descriptor
	// that nobody reads keeps the terminal open between hosts.
	const held = openSync(pty.ptsName, constants.O_RDWR | constants.O_NOCTTY);
	pty.slave.destroy();
	pty.master.on("data", (octets: Buffer) => receive(octets));
	const queue: Uint8Array[] = [];
	let waiting = 0;
	let writing = false;
	const pump = (): void => {
		const octets = queue[0];
		if (octets === undefined || writing) return;
		writing = true;
		write(pty.fd, octets, (error, written) => {
			writing = false;
			if (error && (error as NodeJS.ErrnoException).code !== "EAGAIN") {
				queue.length = 0;
				waiting = 0;
				return;
			}
			waiting -= error ? 0 : written;
			const rest = octets.subarray(error ? 0 : written);
			if (rest.length > 0) queue[0] = rest;
			else queue.shift();
			if (error) setTimeout(pump, RETRY_MS);
			else pump();
		});
	};
	return {
		port: pty.ptsName,
		write: (octets) => {
			if (waiting + octets.length > MAX_UNREAD) return;
			waiting += octets.length;
			queue.push(octets);
			pump();
		},
		close: () =>
			new Promise((resolve) => {
				// It closes its descriptor; a second close would take somebody else's.
				pty.master.once("close", () => resolve());
				pty.master.destroy();
				closeSync(held);
			}),
	};
}

/** A TCP port on loopback, one host at a time, as ser2net serves a serial port. */
export function tcpLine(port: number, receive: Receive): Promise<Line> {
	let peer: Socket | undefined;
	const server = createServer((socket) => {
		if (peer) {
			socket.destroy();
			return;
		}
		peer = socket;
		socket.setNoDelay(true);
		socket.on("data", receive);
		socket.on("error", () => socket.destroy());
		socket.on("close", () => {
			peer = undefined;
		});
	});
	return new Promise((resolve, reject) => {
		server.once("error", reject);
		server.listen(port, "127.0.0.1", () => {
			const address = server.address();
			const bound = typeof address === "object" && address ? address.port : port;
			resolve({
				port: `tcp://127.0.0.1:${bound}`,
				write: (octets) => {
					if (peer && peer.writableLength + octets.length <= MAX_UNREAD) peer.write(octets);
				},
				close: () =>
					new Promise((done) => {
						peer?.destroy();
						server.close(() => done());
					}),
			});
		});
	});
}
