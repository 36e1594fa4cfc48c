import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { BENCH, world } from "../../../hil/lab/world.ts";
import type { Gsup } from "../../../hil/network/gsup/message.ts";
import { domains } from "../../../hil/network/gsup/tables.ts";
import { OperatorStore } from "../../../hil/network/operator/store.ts";
import { generator } from "../../../hil/rig/sampling.ts";
import { ElementProcess } from "../../support/element-process.ts";
import { newSubscriber, sqnIn, TestVlr } from "../../support/hlr-bench.ts";
import { full } from "../../support/long-form.ts";
import { PostgresCluster } from "../../support/postgres.ts";

/** What is killed, on which database, with which HLR/AuC. */
const victims = [
	{ victim: "operator", database: "SQLite", hlr: "own" },
	{ victim: "operator", database: "PostgreSQL", hlr: "own" },
	{ victim: "PostgreSQL", database: "PostgreSQL", hlr: "own" },
	{ victim: "operator", database: "SQLite", hlr: "osmo-hlr" },
	{ victim: "operator", database: "PostgreSQL", hlr: "osmo-hlr" },
	{ victim: "osmo-hlr", database: "SQLite", hlr: "osmo-hlr" },
	{ victim: "osmo-hlr", database: "PostgreSQL", hlr: "osmo-hlr" },
	{ victim: "PostgreSQL", database: "PostgreSQL", hlr: "osmo-hlr" },
] as const;

/** Where in attach and AKA. */
const moments = [
	"before the vectors are asked for",
	"while they are asked for",
	"when they have come",
	"while the location is updated",
	"when the subscriber data are there, before they are acknowledged",
	"when the location is updated",
] as const;

type Case = (typeof victims)[number] & { readonly moment: (typeof moments)[number] };
const cases: readonly Case[] = victims.flatMap((one) => moments.map((moment) => ({ ...one, moment })));

/** A seeded sample in the short form: each victim once, at another moment. */
const random = generator(20);
const sample: readonly Case[] = full
	? cases
	: victims.map((one) => ({
			...one,
			moment: moments[Math.floor(random() * moments.length)] as (typeof moments)[number],
		}));

const cluster = new PostgresCluster();

/** One operator's process, and a visited network that attaches one card again and again. */
class Home {
	readonly folder = mkdtempSync(join(tmpdir(), "kill-"));
	readonly subscriber = newSubscriber(1);
	readonly sqns: number[] = [];
	vlr!: TestVlr;
	#child!: ElementProcess;
	readonly #case: Case;
	/** SEQ by IND, as a card keeps them (TS 33.102 Annex C). */
	readonly #card = new Map<number, number>();

	constructor(one: Case) {
		this.#case = one;
	}

	get #url(): string | undefined {
		return this.#case.database === "PostgreSQL" ? cluster.url : undefined;
	}

	async open(): Promise<void> {
		const store = await OperatorStore.open(this.folder, this.#url);
		store.subscribers.put(this.subscriber.imsi, this.subscriber);
		await store.close();
		const registry = join(this.folder, "registry.json");
		writeFileSync(registry, JSON.stringify({ operators: [], pvas: [], vnos: [] }));
		mkdirSync(this.folder, { recursive: true });
		const access = { staff: "0".repeat(32), networks: {} };
		const config = { ...world.operators[0], access, hlr: this.#case.hlr, folder: this.folder, registry };
		writeFileSync(join(this.folder, "config.json"), JSON.stringify(config));
		await this.#start();
	}

	async #start(): Promise<void> {
		const environment = { DATABASE_URL: this.#url };
		this.#child = new ElementProcess("operator", join(this.folder, "config.json"), environment);
		const { gsup } = await this.#child.ready;
		this.vlr ??= new TestVlr(gsup as string, BENCH, { answerMs: 4_000 });
	}

	/** Without warning. */
	kill(): Promise<unknown> {
		if (this.#case.victim === "PostgreSQL") return cluster.kill();
		if (this.#case.victim === "operator") return this.#child.kill();
		// Its configuration is named on its command line.
		const { status } = spawnSync("pkill", ["-9", "-f", join(this.folder, "osmo-hlr", "hlr.cfg")]);
		if (status !== 0) throw new Error("there was no osmo-hlr to kill");
		return Promise.resolve();
	}

	async revive(): Promise<void> {
		if (this.#case.victim === "PostgreSQL") await cluster.start();
		if (this.#case.victim === "operator") await this.#start();
	}

	/** Keeps what vectors came, whenever they came; a card that would refuse one is shut out. */
	take(answer: Gsup): void {
		for (const one of answer.tuples ?? []) this.sqns.push(sqnIn(one, this.subscriber));
	}

	/** Does the card take the newest vector? */
	accepts(sqn: number): boolean {
		const [seq, ind] = [Math.floor(sqn / 32), sqn % 32];
		if (seq <= (this.#card.get(ind) ?? 0)) return false;
		this.#card.set(ind, seq);
		return true;
	}

	ask(vectors: number): Promise<Gsup> {
		const request = { procedure: "SendAuthInfo", imsi: this.subscriber.imsi, vectors, domain: domains.ps } as const;
		return this.vlr.request(request).then((answer) => {
			this.take(answer);
			return answer;
		});
	}

	locate(): Promise<Gsup> {
		return this.vlr.request({ procedure: "UpdateLocation", imsi: this.subscriber.imsi, domain: domains.ps });
	}

	/** As a visited network does: once more, until it works. */
	async patiently(run: () => Promise<Gsup>): Promise<Gsup> {
		for (let n = 0; n < 300; n++) {
			const answer = await run().catch(() => undefined);
			if (answer?.kind === "result") return answer;
			await sleep(50);
		}
		throw new Error("no result came any more");
	}

	/** Attach and AKA with the newest vector of what comes. */
	async attach(): Promise<void> {
		await this.patiently(() => this.ask(3));
		expect(this.accepts(this.sqns.at(-1) as number), "the card takes the newest vector").toBe(true);
		await this.patiently(() => this.locate());
	}

	async dispose(): Promise<void> {
		this.vlr?.close();
		await this.#child?.stop();
		rmSync(this.folder, { recursive: true, force: true });
	}
}

/** Goes to the moment, and kills there. */
async function killAt(home: Home, moment: Case["moment"]): Promise<void> {
	const later: Promise<unknown>[] = [];
	const quietly = (work: Promise<unknown>) => later.push(work.catch(() => undefined));
	if (moment !== moments[0] && moment !== moments[1]) await home.patiently(() => home.ask(2));
	if (moment === moments[1]) quietly(home.ask(5));
	if (moment === moments[3]) quietly(home.locate());
	if (moment === moments[4]) {
		let reached: () => void = () => undefined;
		const asked = new Promise<void>((resolve) => {
			reached = resolve;
		});
		const good = home.vlr.answer;
		home.vlr.answer = (message) => {
			reached();
			home.vlr.answer = good;
			return good(message);
		};
		quietly(home.locate());
		await asked;
	}
	if (moment === moments[5]) await home.patiently(() => home.locate());
	await home.kill();
	await home.revive();
	await Promise.all(later);
}

const told: string[] = [];

describe("kill -9 at each step of attach and AKA", () => {
	beforeAll(() => cluster.start(), 60_000);
	afterAll(async () => {
		await cluster.dispose();
		if (full) process.stdout.write(`kill matrix: ${told.length} of ${sample.length}\n${told.join("\n")}\n`);
	});

	test.each(sample.map((one) => [`${one.victim} (${one.hlr} on ${one.database}), ${one.moment}`, one] as const))(
		"%s",
		async (name, one) => {
			const home = new Home(one);
			try {
				await home.open();
				await home.attach();
				await killAt(home, one.moment);
				await home.attach();
				await home.attach();
				expect(new Set(home.sqns).size, "no SQN twice").toBe(home.sqns.length);
				told.push(`${name}: ${home.sqns.length} vectors, none twice`);
			} finally {
				await home.dispose();
			}
		},
		120_000,
	);
});
