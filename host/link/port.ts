import { statSync } from "node:fs";
import { connect } from "node:net";
import { SerialPort } from "serialport";
import { inWords } from "../../firmware/local/program.ts";
import { AddressError, readAddress } from "../wire/address.ts";
import { lockPort } from "./lock.ts";

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

/** A TRE has none; the ROM loader of a chip may want one. A TCP port has that of the bridge behind it. */
export type Parity = "none" | "even";

const TCP = "tcp://";
/** Silence after which the other end of a connection is asked whether it is still there. */
const KEEP_ALIVE_MS = 15_000;
/** A bridge that does not take a connection in that time is not there. */
const CONNECT_MS = 20_000;

function addressOf(name: string): { host: string; port: number } {
	try {
		return readAddress(name.slice(TCP.length).replace(/\/$/, ""));
	} catch (error) {
		if (!(error instanceof AddressError)) throw error;
		throw new PortError(`${name} names no port: it has the form tcp://HOST:PORT, and tcp://[ADDRESS]:PORT with IPv6`);
	}
}

async function openTcp(name: string, listener: PortListener): Promise<Port> {
	const { host, port } = addressOf(name);
	return new Promise((resolve, reject) => {
		const socket = connect({ host, port, noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS });
		socket.setTimeout(CONNECT_MS, () => socket.destroy(new Error("no answer in time")));
		socket.once("error", (error) => reject(new PortError(`${name}: ${inWords(error)}`)));
		socket.once("connect", () => {
			socket.setTimeout(0);
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

/** Says in words why a path cannot be a serial device; nothing where it may be one. */
function faultOf(name: string): string | undefined {
	const stat = statSync(name, { throwIfNoEntry: false });
	if (!stat) return "is not there; the port of a TRE is a serial device, or tcp://HOST:PORT";
	if (stat.isDirectory()) return "is a folder; the port of a TRE is a serial device, or tcp://HOST:PORT";
	if (!stat.isCharacterDevice()) return "is no serial device; the port of a TRE is one, or tcp://HOST:PORT";
	return undefined;
}

/** What the system says when it does not open a serial device, and what that means. */
const refusals: readonly (readonly [RegExp, string])[] = [
	[/Inappropriate ioctl/, "is no serial device; the port of a TRE is one, or tcp://HOST:PORT"],
	[/No such (device|file)/, "is not there any more; is the device plugged in?"],
	[/Permission denied/, "may not be opened by this user; run this as one of the device's group"],
	[/lock|busy|temporarily unavailable/, "is in use by another program; stop that, or name another port"],
];

function refusalOf({ message }: Error): string {
	const known = refusals.find(([pattern]) => pattern.test(message));
	return known ? known[1] : `cannot be opened: ${message.replace(/^(Error: )+/, "")}`;
}

async function openSerial(name: string, baudRate: number, parity: Parity, listener: PortListener): Promise<Port> {
	const fault = faultOf(name);
	if (fault !== undefined) throw new PortError(`${name} ${fault}`);
	return new Promise((resolve, reject) => {
		const lock = lockPort(name);
		const port = new SerialPort({ path: name, baudRate, parity, autoOpen: false, lock: true });
		port.open((error) => {
			if (error) {
				lock.release();
				reject(new PortError(`${name} ${refusalOf(error)}`));
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
export function openPort(
	name: string,
	listener: PortListener,
	baudRate = DEFAULT_BAUD_RATE,
	parity: Parity = "none",
): Promise<Port> {
	return name.startsWith(TCP) ? openTcp(name, listener) : openSerial(name, baudRate, parity, listener);
}
