import { execFileSync, spawnSync } from "node:child_process";
import { createHash, sign } from "node:crypto";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { boards as boardTable, buildBoard } from "../../../firmware/build/board-firmware.mjs";
import type { CommandName } from "../../../firmware/contract/commands.ts";
import { makeRoot } from "../../../hil/network/shared/certificates.ts";
import { QemuMonitor } from "../../../hil/rig/qemu-monitor.ts";
import type { TreClient } from "../../../host/tre/client.ts";
import type { Request, Response } from "../../../host/tre/codec.ts";
import { Device } from "../../support/device.ts";
import { symbol, toolsFor } from "../../support/elf.ts";
import { compileMilenage } from "../../support/milenage-module.ts";
import type { BoardTarget } from "../../support/targets.ts";
import { type LivingTre, wholeLife } from "../../support/whole-life.ts";
import { median } from "./statistics.ts";

const root = resolve(".");
const here = resolve("test/bench/boards");
const nameOf = (target: BoardTarget): string => target.slice("qemu:".length);

/** An instruction is a nanosecond of virtual time. */
const COUNTED = "-icount shift=0";

/** The firmware of a board with other sources in place of some, built under build/bench. */
function measuring(
	target: BoardTarget,
	what: string,
	sources: readonly string[],
	wrap: readonly string[] = [],
): Promise<string> {
	const folder = join(root, "build", "bench", what);
	mkdirSync(folder, { recursive: true });
	return buildBoard(root, nameOf(target), "qemu", () => undefined, { folder, sources, wrap });
}

/** Instructions of ours and of plain C on the same Mbed TLS. */
export interface Compared {
	readonly what: string;
	readonly ours: number;
	readonly plain: number;
}

/** MILENAGE, RSA and ECDSA through the crypto boundary of a board against plain C. */
export async function cryptoAgainstPlainC(target: BoardTarget): Promise<readonly Compared[]> {
	const sources = join(root, "build", "bench", `crypto-${nameOf(target)}`);
	mkdirSync(sources, { recursive: true });
	for (const file of ["crypto/main.c", "stopwatch.h"])
		cpSync(join(here, file), join(sources, file.replace(/.*\//, "")));
	const wasm = join(sources, "milenage.wasm");
	compileMilenage(wasm);
	execFileSync("wasm2c", [wasm, "--module-name=milenage", "-o", join(sources, "milenage.c")]);
	const output = await measuring(target, `crypto-elf-${nameOf(target)}`, [
		join(sources, "main.c"),
		join(sources, "milenage.c"),
	]);
	const folder = mkdtempSync(join(tmpdir(), "measure-"));
	try {
		await writeMaterial(folder);
		const { machine, memory } = boardTable(root)[nameOf(target)]?.qemu ?? { machine: "" };
		const store = `memory-backend-ram,id=store,size=${memory}`;
		const { status, stderr } = spawnSync(
			"qemu-system-arm",
			[
				...["-M", memory ? `${machine},memory-backend=store` : machine, ...(memory ? ["-object", store] : [])],
				...["-kernel", join(output, "tre.elf"), "-display", "none", "-monitor", "none", "-serial", "null"],
				...["-semihosting-config", "enable=on,target=native", ...COUNTED.split(" ")],
			],
			{ cwd: folder, encoding: "utf8", timeout: 600_000 },
		);
		if (status !== 0) throw new Error(`the measuring firmware failed (${status}): ${stderr}`);
		const rows = readFileSync(join(folder, "measured"), "utf8").trim().split("\n");
		return rows.map((row) => {
			const [what = "", ours, plain] = row.split(" ");
			return { what, ours: Number(ours), plain: Number(plain) };
		});
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
}

/** Certificates and signatures over one hash, as the firmware reads them. */
async function writeMaterial(folder: string): Promise<void> {
	const text = Buffer.from("measured");
	writeFileSync(join(folder, "hash"), createHash("sha256").update(text).digest());
	for (const kind of ["rsa", "ec"] as const) {
		const { certificate, key } = await makeRoot("sho.example", kind);
		writeFileSync(join(folder, `${kind}.der`), certificate);
		const signature = sign("sha256", text, { key, dsaEncoding: "ieee-p1363" });
		writeFileSync(join(folder, `${kind}.sig`), signature);
	}
}

/** A device on a board that says how many instructions its commands took. */
class CountedTre implements LivingTre {
	readonly counts = new Map<string, number[]>();
	readonly #device: Device;
	readonly #counter: number;
	#tre: TreClient | undefined;
	#monitor: QemuMonitor | undefined;

	constructor(device: Device, counter: number) {
		this.#device = device;
		this.#counter = counter;
	}

	async start(): Promise<void> {
		await this.#device.start();
		this.#monitor = await QemuMonitor.open(this.#device.folder);
		this.#tre = await this.#device.open({ repeatMs: 20_000 });
	}

	async stop(): Promise<void> {
		await this.#tre?.close();
		this.#monitor?.close();
		await this.#device.kill();
	}

	async boot(): Promise<void> {
		await this.stop();
		await this.start();
	}

	async memory(address: number, size: number): Promise<Buffer> {
		await this.#monitor?.saveMemory(address, size, "memory");
		return readFileSync(join(this.#device.folder, "memory"));
	}

	async #instructions(): Promise<number> {
		return Number((await this.memory(this.#counter, 8)).readBigUInt64LE());
	}

	async call<Name extends CommandName>(name: Name, request: Request<Name>): Promise<Response<Name>> {
		if (!this.#tre) throw new Error("the device is off");
		const before = await this.#instructions();
		try {
			return await this.#tre.call(name, request);
		} finally {
			const count = (await this.#instructions()) - before;
			this.counts.set(name, [...(this.counts.get(name) ?? []), count]);
		}
	}
}

/** Instructions of each command of a life on a board, refused ones among them, and how deep stack and heap got. */
export interface CountedLife {
	readonly commands: readonly {
		readonly command: string;
		readonly times: number;
		readonly least: number;
		readonly median: number;
		readonly most: number;
	}[];
	readonly stack: { readonly used: number; readonly size: number };
	readonly heap: { readonly used: number; readonly size: number };
}

const PAINT = 0x5ac35ac3;

/** Instructions from the reset until the TRE waits for a host. */
export interface Boot {
	readonly target: BoardTarget;
	readonly instructions: number;
	/** Of these, what the boot stage took to check header, signature and digest; none where there is no boot stage. */
	readonly bootStage?: number;
}

const RECORDED = `${COUNTED},rr=record,rrfile=replay.bin`;
/** The tick of an idle TRE takes fewer in a quarter of a second. */
const IDLE = 100_000;
const LOOK_MS = 250;

/** QEMU itself counts, from the first instruction on; the TRE has started when it does no more than tick. */
async function instructionsToIdle(target: BoardTarget, more: readonly string[]): Promise<number> {
	const device = new Device(target);
	device.more = [...more, "--qemu", RECORDED];
	await device.start();
	const monitor = await QemuMonitor.open(device.folder);
	try {
		for (let before = -IDLE; ; ) {
			const { icount } = (await monitor.execute("query-replay")) as { icount: number };
			if (icount > 0 && icount - before < IDLE) return icount;
			before = icount;
			await sleep(LOOK_MS);
		}
	} finally {
		monitor.close();
		await device.dispose();
	}
}

/** The start of a blank device. */
export async function bootOf(target: BoardTarget): Promise<Boot> {
	const instructions = await instructionsToIdle(target, []);
	if (boardTable(root)[nameOf(target)]?.flash?.bootStage === undefined) return { target, instructions };
	const elf = join(root, "build", "boards", nameOf(target), "qemu", "tre.elf");
	const alone = await instructionsToIdle(target, ["--firmware", elf]);
	return { target, instructions, bootStage: instructions - alone };
}

/** Of a stack that grows downwards from its end. */
function depthOf(stack: Buffer): number {
	let untouched = 0;
	while (untouched < stack.length && stack.readUInt32LE(untouched) === PAINT) untouched += 4;
	return stack.length - untouched;
}

/** Up to the last octet that is not as painted: the allocator takes the first gap that fits. */
function extentOf(heap: Buffer): number {
	let end = heap.length;
	while (end >= 4 && heap.readUInt32LE(end - 4) === PAINT) end -= 4;
	return end;
}

export async function countedLife(target: BoardTarget): Promise<CountedLife> {
	const metered = ["machine_start", "machine_receive"];
	const output = await measuring(target, `life-${nameOf(target)}`, [join(here, "meter.c")], metered);
	const elf = join(output, "tre.elf");
	const device = new Device(target);
	device.more = ["--firmware", elf, "--qemu", COUNTED];
	const tre = new CountedTre(device, symbol(elf, "bench_instructions"));
	await tre.start();
	let [stack, heap] = [0, 0];
	const [bottom, top] = ["__stack_start", "__stack_end"].map((name) => symbol(elf, name)) as [number, number];
	const [heapAt, heapSize] = [symbol(elf, "tre_heap"), sizeOf(elf, "tre_heap")];
	const look = async (): Promise<void> => {
		stack = Math.max(stack, depthOf(await tre.memory(bottom, top - bottom)));
		heap = Math.max(heap, extentOf(await tre.memory(heapAt, heapSize)));
	};
	try {
		// Each boot begins with a fresh stack.
		await wholeLife({
			call: async (name, request) => {
				try {
					return await tre.call(name, request);
				} finally {
					await look();
				}
			},
			boot: () => tre.boot(),
		});
	} finally {
		await tre.stop();
		await device.dispose();
	}
	const commands = [...tre.counts].map(([command, counts]) => ({
		...{ command, times: counts.length },
		...{ least: Math.min(...counts), median: median(counts), most: Math.max(...counts) },
	}));
	return { commands, stack: { used: stack, size: top - bottom }, heap: { used: heap, size: heapSize } };
}

function sizeOf(elf: string, name: string): number {
	const table = execFileSync(`${toolsFor(elf)}nm`, ["-S", elf], { encoding: "utf8" });
	const [, size] = new RegExp(`^[0-9a-f]{8} ([0-9a-f]{8}) \\w ${name}$`, "m").exec(table) ?? [];
	if (size === undefined) throw new Error(`${elf} has no object ${name}`);
	return Number.parseInt(size, 16);
}
