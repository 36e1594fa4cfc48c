import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { SerialPort } from "serialport";
import { deliver } from "../../support/delivered.ts";
import { median } from "./statistics.ts";

/** Octets on the wire of an AUTHENTICATE and of its answer, frames and all. */
const REQUEST = 48;
const RESPONSE = 60;

interface Yardstick {
	round(): Promise<void>;
	close(): Promise<void>;
}

async function yardstick(): Promise<Yardstick> {
	const folder = mkdtempSync(join(tmpdir(), "yardstick-"));
	const args = [resolve("test/bench/echo.mjs"), join(folder, "file"), String(REQUEST), String(RESPONSE)];
	const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
	const [path] = await new Promise<string[]>((done) => {
		createInterface({ input: child.stdout }).once("line", (line) => done([line]));
	});
	const port = new SerialPort({ path: path as string, baudRate: 115_200, autoOpen: false });
	await new Promise<void>((done, failed) => port.open((error) => (error ? failed(error) : done())));
	const request = Buffer.alloc(REQUEST, 0xaa);
	let waiting: (() => void) | undefined;
	let received = 0;
	port.on("data", (octets: Buffer) => {
		received += octets.length;
		if (received >= RESPONSE) waiting?.();
	});
	return {
		round: () =>
			new Promise((done) => {
				received = 0;
				waiting = done;
				port.write(request);
			}),
		close: async () => {
			await new Promise<void>((done) => port.close(() => done()));
			child.kill("SIGTERM");
			await new Promise((done) => child.once("exit", done));
			rmSync(folder, { recursive: true, force: true });
		},
	};
}

export interface AuthenticateMeasure {
	/** Rate of AUTHENTICATE against that of bare round trips plus an fdatasync each: 1 is as fast. */
	readonly ratio: number;
	readonly authenticateMs: number;
	readonly bareMs: number;
}

/** AUTHENTICATE with durable SQN, emulator over a pty, against bare pty round trips plus one fdatasync. */
export async function authenticateAgainstBare(rounds: number, each: number): Promise<AuthenticateMeasure> {
	const there = await deliver();
	const bare = await yardstick();
	try {
		const vectors = Array.from({ length: rounds * each + 20 }, () => there.ro.vector(there.owned.imsi)).map(
			({ rand, autn }) => ({ rand: Buffer.from(rand, "hex"), autn: Buffer.from(autn, "hex") }),
		);
		const authenticate = async (): Promise<void> => {
			const vector = vectors.shift();
			if (!vector || (await there.tre.call("authenticate", vector)).outcome !== 0) throw new Error("AKA failed");
		};
		for (let n = 0; n < 20; n++) await Promise.all([authenticate(), bare.round()]);
		const times: { inside: number; bare: number }[] = [];
		const timed = async (run: () => Promise<void>): Promise<number> => {
			const started = performance.now();
			for (let n = 0; n < each; n++) await run();
			return (performance.now() - started) / each;
		};
		for (let n = 0; n < rounds; n++)
			times.push({ inside: await timed(authenticate), bare: await timed(() => bare.round()) });
		return {
			ratio: median(times.map((time) => time.bare / time.inside)),
			authenticateMs: median(times.map((time) => time.inside)),
			bareMs: median(times.map((time) => time.bare)),
		};
	} finally {
		await bare.close();
		await there.dispose();
	}
}
