import { existsSync } from "node:fs";
import { connect } from "node:net";
import { SerialPort } from "serialport";
import { PortLock } from "./lock.ts";

export const DEFAULT_BAUD_RATE = 115_200;

/** An open way to a TRE: a serial device, or a TCP socket as ser2net serves one. */
export interface Port {
	readonly name: string;
	write(octets: Uint8Array): void;
	close(): Promise<void>;
}

export interface PortListener {
	onData(octets: Uint8Array): void;
	/** The port is gone, by itself or by `close`. */
	onClose(reason: string): void;
}

export class PortError extends Error {}

function openTcp(name: string, listener: PortListener): Promise<Port> {
	const url = new URL(name);
	return new Promise((resolve, reject) => {
		const socket = connect(Number(url.port), url.hostname);
		socket.setNoDelay(true);
		socket.once("error", (error) => reject(new PortError(`${name}: ${error.message}`)));
		socket.once("connect", () => {
			socket.on("data", (octets) => listener.onData(octets));
			socket.on("error", () => socket.destroy());
			socket.on("close", () => listener.onClose(`${name} was closed`));
			resolve({
				name,
				write: (octets) => void socket.write(octets),
				close: () =>
					new Promise((done) => {
						if (socket.destroyed) done();
						else socket.once("close", () => done()).destroy();
					}),
			});
		});
	});
}

function openSerial(name: string, baudRate: number, listener: PortListener): Promise<Port> {
	return new Promise((resolve, reject) => {
		if (!existsSync(name)) {
			reject(new PortError(`${name} is not there`));
			return;
		}
		const lock = PortLock.take(name);
		const port = new SerialPort({ path: name, baudRate, autoOpen: false, lock: true });
		port.open((error) => {
			if (error) {
				lock.release();
				reject(new PortError(`${name}: ${error.message}`));
				return;
			}
			port.on("data", (octets: Buffer) => listener.onData(octets));
			port.on("error", (fault) => listener.onClose(fault.message));
			port.on("close", () => {
				lock.release();
				listener.onClose(`${name} was closed`);
			});
			resolve({
				name,
				write: (octets) => void port.write(Buffer.from(octets)),
				close: () => new Promise((done) => (port.isOpen ? port.close(() => done()) : done())),
			});
		});
	});
}

/** Opens `/dev/…` with serialport, or `tcp://host:port`. */
export function openPort(name: string, listener: PortListener, baudRate = DEFAULT_BAUD_RATE): Promise<Port> {
	return name.startsWith("tcp://") ? openTcp(name, listener) : openSerial(name, baudRate, listener);
}
