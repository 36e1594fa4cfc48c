import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { GsupClient } from "../../hil/network/gsup/client.ts";
import type { GsupLimits } from "../../hil/network/gsup/connection.ts";
import type { Gsup, Tuple } from "../../hil/network/gsup/message.ts";
import { credentialOf } from "../../hil/network/operator/hss/credential.ts";
import { GsupFront } from "../../hil/network/operator/hss/front.ts";
import { HomeStore } from "../../hil/network/operator/hss/home-store.ts";
import { milenage, xor } from "../../hil/network/operator/hss/milenage.ts";
import { OsmoHlrProcess, osmoPorts } from "../../hil/network/operator/hss/osmo/process.ts";
import { OwnHlr } from "../../hil/network/operator/hss/own-hlr.ts";
import { ShortMessageCentre } from "../../hil/network/operator/hss/smsc.ts";
import { amfOf } from "../../hil/network/operator/hss/vectors.ts";
import type { Subscriber } from "../../hil/network/operator/records.ts";
import { OperatorStore } from "../../hil/network/operator/store.ts";
import { Ports } from "../../hil/network/shared/ports.ts";

export const BARRED = "35000000000000";

/** A subscriber with keys of its own. */
export function newSubscriber(n: number): Subscriber {
	const [k, opc] = [randomBytes(16), randomBytes(16)].map((one) => one.toString("hex")) as [string, string];
	return { imsi: `00101${String(n).padStart(10, "0")}`, k, opc, msisdn: `88200${String(n).padStart(8, "0")}` };
}

/** SQN of a vector, which AUTN hides behind AK. */
export function sqnIn({ autn, rand }: Tuple, subscriber: Subscriber): number {
	const { k, opc } = credentialOf(subscriber);
	const { ak } = milenage(k, opc, rand, Buffer.alloc(6), amfOf(false));
	return Number(BigInt(`0x${xor((autn as Buffer).subarray(0, 6), ak).toString("hex")}`));
}

/** AUTS of a card that has come to this SQN (TS 33.102 clause 6.3.3). */
export function autsOf(subscriber: Subscriber, sqn: Uint8Array, rand: Uint8Array): Buffer {
	const { k, opc } = credentialOf(subscriber);
	const { akStar, macS } = milenage(k, opc, rand, sqn, amfOf(false));
	return Buffer.concat([xor(sqn, akStar), macS]);
}

/** The operator's GSUP front with its own HLR/AuC, on a real socket and a real database. */
export class OwnBench {
	readonly folder = mkdtempSync(join(tmpdir(), "own-hlr-"));
	readonly located: string[] = [];
	readonly received: { imsi: string; contentType: string; body: Buffer }[] = [];
	store!: OperatorStore;
	front!: GsupFront;
	address = "";
	#close: () => Promise<void> = async () => undefined;

	async start(subscribers: readonly Subscriber[], limits: Partial<GsupLimits> = {}): Promise<void> {
		this.store = await OperatorStore.open(this.folder);
		this.store.atomically(() => {
			for (const one of subscribers)
				if (!this.store.subscribers.get(one.imsi)) this.store.subscribers.put(one.imsi, one);
		});
		const home = new HomeStore(this.store);
		this.front = new GsupFront({
			hlr: new OwnHlr(home, { apn: "m2m.test", barredImeis: [BARRED] }),
			locations: home,
			centre: new ShortMessageCentre("+88299000000", async (imsi, contentType, body) => {
				this.received.push({ imsi, contentType, body });
			}),
			agreements: ["VLR-1", "VLR-2"],
			located: (imsi) => this.located.push(imsi),
			durable: () => this.store.durable(),
			limits,
		});
		const listening = await this.front.listen({ ports: new Ports(this.folder), service: "gsup" });
		this.address = listening.address;
		this.#close = () => listening.close();
	}

	/** Ends as a crash does: what is in memory is gone. */
	async stop(): Promise<void> {
		await this.#close();
		await this.store.close();
	}

	async dispose(): Promise<void> {
		await this.stop();
		rmSync(this.folder, { recursive: true, force: true });
	}
}

/** An osmo-hlr process with the same subscribers. */
export class OsmoBench {
	readonly #folder = mkdtempSync(join(tmpdir(), "osmo-hlr-"));
	#process: OsmoHlrProcess | undefined;

	async start(subscribers: readonly Subscriber[]): Promise<void> {
		this.#process = await OsmoHlrProcess.start(this.#folder, subscribers, () => undefined);
	}

	get address(): string {
		return `${this.#process?.address}:${osmoPorts.gsup}`;
	}

	get database(): string {
		return join(this.#folder, "hlr.db");
	}

	async dispose(): Promise<void> {
		await this.#process?.stop();
		rmSync(this.#folder, { recursive: true, force: true });
	}
}

/** A visited network as a test plays it: what it is asked is kept, and answered. */
export class TestVlr {
	readonly asked: Gsup[] = [];
	/** How it answers; well, where nothing is said. */
	answer: (message: Gsup) => Gsup = ({ procedure, imsi }) => ({ procedure, kind: "result", imsi });
	readonly #client: GsupClient;

	constructor(address: string, name: string, limits: Partial<GsupLimits> = {}) {
		const onRequest = async (message: Gsup): Promise<Gsup> => {
			this.asked.push(message);
			return this.answer(message);
		};
		this.#client = new GsupClient(() => address, name, { onRequest }, limits);
	}

	request(message: Omit<Gsup, "kind">): Promise<Gsup> {
		return this.#client.request({ ...message, kind: "request" });
	}

	close(): void {
		this.#client.close();
	}
}
