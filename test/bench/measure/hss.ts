import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { world } from "../../../hil/lab/world.ts";
import { ccm, idResponse } from "../../../hil/network/gsup/ccm.ts";
import { extensions, IpaDeframer, ipaFrame, streams } from "../../../hil/network/gsup/ipa.ts";
import { encodeGsup } from "../../../hil/network/gsup/message.ts";
import { procedures } from "../../../hil/network/gsup/tables.ts";
import { OsmoHlrProcess, osmoPorts } from "../../../hil/network/operator/hss/osmo/process.ts";
import type { Subscriber } from "../../../hil/network/operator/records.ts";
import { OperatorStore } from "../../../hil/network/operator/store.ts";
import { generator } from "../../../hil/rig/sampling.ts";
import { ElementProcess } from "../../support/element-process.ts";
import { newSubscriber } from "../../support/hlr-bench.ts";
import { PostgresCluster } from "../../support/postgres.ts";
import { median } from "./statistics.ts";

/** Where the databases lie. */
export type Medium = "disk" | "RAM";
const folders: Readonly<Record<Medium, string>> = { disk: tmpdir(), RAM: "/dev/shm" };

/** Of each kind of connection, the names under which they ask. */
const CONNECTIONS = 8;
const SAI_RESULT = procedures.SendAuthInfo.result;
const names = Array.from({ length: CONNECTIONS }, (_, n) => `VLR-${n}`);

/** An HLR/AuC under load. */
interface Target {
	readonly address: string;
	/** Octets that it has in memory. */
	memory(): number;
	stop(): Promise<void>;
}

const residentOf = (pid: number): number =>
	Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) * 1024;

function newFolder(medium: Medium): string {
	mkdirSync(folders[medium], { recursive: true });
	return mkdtempSync(join(folders[medium], "hss-"));
}

async function startOsmo(medium: Medium, subscribers: readonly Subscriber[]): Promise<Target> {
	const folder = newFolder(medium);
	const hlr = await OsmoHlrProcess.start(folder, subscribers, () => undefined);
	return {
		address: `${hlr.address}:${osmoPorts.gsup}`,
		memory: () => residentOf(hlr.pid as number),
		stop: async () => {
			await hlr.stop();
			rmSync(folder, { recursive: true, force: true });
		},
	};
}

const access = { staff: "0".repeat(32), networks: {} };

async function startOwn(medium: Medium, subscribers: readonly Subscriber[], url?: string): Promise<Target> {
	const folder = newFolder(medium);
	const store = await OperatorStore.open(folder, url);
	store.atomically(() => {
		for (const one of subscribers) store.subscribers.put(one.imsi, one);
	});
	await store.close();
	const registry = join(folder, "registry.json");
	writeFileSync(registry, JSON.stringify({ operators: [], pvas: [], vnos: [] }));
	const config = join(folder, "config.json");
	writeFileSync(config, JSON.stringify({ ...world.operators[0], access, agreements: names, folder, registry }));
	const operator = new ElementProcess("operator", config, { DATABASE_URL: url });
	const { gsup } = await operator.ready;
	return {
		address: gsup as string,
		memory: () => residentOf(operator.pid),
		stop: async () => {
			await operator.stop();
			rmSync(folder, { recursive: true, force: true });
		},
	};
}

/** One connection that keeps `depth` requests under way. */
function connection(
	address: string,
	name: string,
): Promise<{ socket: Socket; onAnswer: (run: () => void, fails: (error: Error) => void) => void }> {
	const [host, port] = address.split(":") as [string, string];
	const socket = connect(Number(port), host);
	const deframer = new IpaDeframer();
	let answered: () => void = () => undefined;
	let failed: (error: Error) => void = () => undefined;
	return new Promise((done, fail) => {
		socket.once("error", fail);
		socket.on("error", (error) => failed(error));
		socket.on("data", (octets) => {
			for (const { stream, payload } of deframer.push(octets)) {
				if (stream === streams.ccm && payload[0] === ccm.idGet) {
					socket.write(ipaFrame({ stream: streams.ccm, payload: idResponse(name) }));
					done({
						socket,
						onAnswer: (run, fails) => {
							answered = run;
							failed = fails;
						},
					});
				}
				if (stream !== streams.osmocom) continue;
				// An HLR that refuses is soon done: that would be no measurement.
				if (payload[1] === SAI_RESULT) answered();
				else socket.destroy(new Error(`a request was refused: ${payload.toString("hex")}`));
			}
		});
	});
}

export interface Load {
	readonly connections: 1 | 8;
	readonly depth: number;
	readonly vectors: 1 | 5;
	/** In all. */
	readonly requests: number;
}

/** Requests a second: SendAuthInfo for subscribers in random order. */
async function loadOf(address: string, subscribers: readonly Subscriber[], load: Load, seed: number): Promise<number> {
	const random = generator(seed);
	const peers = await Promise.all(names.slice(0, load.connections).map((name) => connection(address, name)));
	const next = (): Buffer => {
		const { imsi } = subscribers[Math.floor(random() * subscribers.length)] as Subscriber;
		const message = encodeGsup({ procedure: "SendAuthInfo", kind: "request", imsi, vectors: load.vectors });
		return ipaFrame({ stream: streams.osmocom, payload: Buffer.concat([Uint8Array.of(extensions.gsup), message]) });
	};
	let [sent, answered] = [0, 0];
	const started = performance.now();
	await new Promise<void>((done, fail) => {
		for (const { socket, onAnswer } of peers) {
			const send = () => {
				if (sent >= load.requests) return;
				sent++;
				socket.write(next());
			};
			onAnswer(() => {
				answered++;
				if (answered === load.requests) done();
				else send();
			}, fail);
			for (let n = 0; n < load.depth; n++) send();
		}
	});
	const seconds = (performance.now() - started) / 1000;
	for (const { socket } of peers) socket.destroy();
	// The same names come again.
	await new Promise((later) => setTimeout(later, 100));
	return load.requests / seconds;
}

export interface HssRow {
	readonly database: string;
	readonly subscribers: number;
	readonly load: string;
	/** Of this HSS. */
	readonly requests: number;
	readonly vectors: number;
	readonly osmo: number;
	/** This HSS's requests a second as a multiple of osmo-hlr's on the same medium, the median of rounds in turn. */
	readonly ratio: number;
	/** MiB. */
	readonly memory: number;
}

export interface HssPlan {
	readonly rounds: number;
	readonly sizes: readonly number[];
	readonly media: readonly Medium[];
	readonly loads: readonly Load[];
	readonly postgres: boolean;
}

/** This HSS beside osmo-hlr, round by round in turn. */
export async function hssBesideOsmo(plan: HssPlan): Promise<HssRow[]> {
	const rows: HssRow[] = [];
	for (const medium of plan.media.filter((one) => one === "disk" || existsSync(folders.RAM)))
		for (const size of plan.sizes) {
			const subscribers = Array.from({ length: size }, (_, n) => newSubscriber(n + 1));
			const endings: (() => Promise<void>)[] = [];
			try {
				const osmo = await startOsmo(medium, subscribers);
				endings.push(osmo.stop);
				const targets: [string, Target][] = [[`SQLite, ${medium}`, await startOwn(medium, subscribers)]];
				endings.push(...targets.map(([, own]) => own.stop));
				if (plan.postgres) {
					const cluster = new PostgresCluster(newFolder(medium));
					endings.push(() => cluster.dispose());
					await cluster.start();
					const own = await startOwn(medium, subscribers, cluster.url);
					endings.push(own.stop);
					targets.push([`PostgreSQL, ${medium}`, own]);
				}
				for (const [database, own] of targets)
					for (const load of plan.loads) rows.push(await compared(database, own, osmo, subscribers, load, plan.rounds));
			} finally {
				// What was started last ends first, also where something failed.
				for (const end of endings.reverse()) await end();
			}
		}
	return rows;
}

async function compared(
	database: string,
	own: Target,
	osmo: Target,
	subscribers: readonly Subscriber[],
	load: Load,
	rounds: number,
): Promise<HssRow> {
	const [ours, theirs]: [number[], number[]] = [[], []];
	for (let n = 0; n < rounds; n++) {
		ours.push(await loadOf(own.address, subscribers, load, n + 1));
		theirs.push(await loadOf(osmo.address, subscribers, load, n + 1));
	}
	const requests = median(ours);
	return {
		...{ database, subscribers: subscribers.length },
		load: `${load.connections} × ${load.depth}, ${load.vectors} vectors`,
		...{
			requests: Math.round(requests),
			vectors: Math.round(requests * load.vectors),
			osmo: Math.round(median(theirs)),
		},
		ratio: median(ours.map((one, n) => one / (theirs[n] as number))),
		memory: own.memory() / 2 ** 20,
	};
}
