import { setTimeout as sleep } from "node:timers/promises";
import { readNamed } from "../../firmware/local/named-file.ts";
import { TreClient } from "../../host/tre/client.ts";
import type { BenchEvent, StepNames } from "../../host/wire/report/events.ts";
import type { DeliveryNote } from "../factory/station.ts";
import type { UpdatePolicy } from "../factory/updates.ts";
import { Lab, setAir, setCoverage } from "../lab/lab.ts";
import type { WorldChanges } from "../lab/world.ts";
import type { OfferStatus, OperatorStatus } from "../network/operator/portal/portal.ts";
import { newReleaseCode } from "../network/operator/registration/release-code.ts";
import { getJson, postJson } from "../network/shared/http.ts";
import type { OperatorEntry } from "../network/shared/registry.ts";
import type { Air } from "../network/vno/air.ts";
import type { Rig } from "../rig/rig.ts";
import type { Target } from "../rig/targets.ts";
import { checkCredential, checkOneMcim, checkSpent, type SignedDocument } from "./device-checks.ts";
import { EventLog, ScenarioFailed, type StageListener } from "./events.ts";
import type { Evidence } from "./evidence.ts";

/** Longest wait for any one part; key generation on a loaded machine is the slowest. */
const PATIENCE_MS = 120_000;
const POLL_MS = 50;
const RETRY_MS = 500;

/** kill -9 and restart one process right before or right after the n-th step (from 1). */
export interface Disturbance {
	readonly element: string;
	readonly when: "before" | "after";
	readonly step: number;
}

/** One change of operator, as it went. */
export interface Change {
	readonly fromSho: string;
	readonly toSho: string;
	readonly imsiBefore: string;
	readonly imsiAfter: string;
}

export type RegistrationStatus = OperatorStatus["registrations"][number];

/** A device on the stage, and who serves it as far as the scenario knows. */
interface Cast {
	readonly port: string;
	readonly rig: Rig;
	readonly note: DeliveryNote;
	servedBy: string;
	imsi: string;
	/** Release codes by the SHO that asks for them. */
	readonly codes: Map<string, string>;
}

/**
 * A lab, one device and its M2ME, for a scenario to play on. What it says of operators it reads from
 * the operators, not from reports.
 */
export class Stage {
	readonly log: EventLog;
	readonly lab: Lab;
	readonly #evidence: Evidence;
	readonly #disturbance: Disturbance | undefined;
	readonly #folder: string;
	readonly #target: Target;
	readonly changes: Change[] = [];
	#note: DeliveryNote | undefined;
	#cast: Cast | undefined;
	#bootstrap: SignedDocument | undefined;
	#restart: Promise<void> = Promise.resolve();
	/** Changes and offers that were begun, for the evidence. */
	#begun = 0;
	#offered = 0;

	constructor(folder: string, target: Target, evidence: Evidence, listener: StageListener, disturbance?: Disturbance) {
		this.#folder = folder;
		this.#target = target;
		this.#evidence = evidence;
		this.#disturbance = disturbance;
		const disturb = (when: Disturbance["when"], count: number): void => {
			if (disturbance?.when === when && disturbance.step === count)
				this.#restart = this.lab.restart(disturbance.element).catch((error: Error) => {
					this.log.take({ event: "died", what: error.message }, disturbance.element);
				});
		};
		this.log = new EventLog(
			{
				onBegin: (count) => disturb("before", count),
				onStep: (step, count) => {
					listener.onStep(step, count);
					disturb("after", count);
				},
			},
			(event: Extract<BenchEvent, { event: "document" }>) => {
				if (event.name === "bootstrap.xml" && event.about?.kind === "change")
					this.#bootstrap = { document: event.content };
				if (event.name === "bootstrap.sig.xml" && event.about?.kind === "change" && this.#bootstrap)
					this.#bootstrap = { ...this.#bootstrap, signature: event.content };
				if (event.name === "delivery-note.json") this.#note = JSON.parse(event.content) as DeliveryNote;
				evidence.document(event);
			},
		);
		this.lab = new Lab(folder, (event, from) => this.log.take(event, from));
	}

	/** Operators, visited network and PVA up; a device made at the factory, on the air at the RO. */
	async open(changes: WorldChanges = {}, updates: UpdatePolicy = "any"): Promise<void> {
		this.lab.change(changes);
		await this.lab.start();
		const { operators } = this.lab.registry;
		this.#evidence.certificates(this.lab.registry);
		const { port, rig } = await this.lab.device("tre", this.#target);
		const note = await this.#manufacture(port, updates);
		this.lab.equipment(port, note.treId, this.#evidence.serial);
		const ro = operators[0];
		const initial = await this.until("the device uses the NAPDEF of the RO", async () => {
			const { devices } = await this.status(ro.shoId);
			return devices.find(({ treId, bootstrapped }) => treId === note.treId && bootstrapped);
		});
		const codes = new Map([[ro.shoId, note.releaseCode]]);
		this.#cast = { port, rig, note, servedBy: ro.shoId, imsi: initial.imsi, codes };
	}

	async stop(): Promise<void> {
		await this.#restart.catch(() => undefined);
		await this.lab.stop();
	}

	get treId(): string {
		return this.#note?.treId ?? "";
	}

	get device(): Cast {
		if (!this.#cast) throw new ScenarioFailed("no device was made");
		return this.#cast;
	}

	operator(shoId: string): OperatorEntry {
		const found = this.lab.registry.operators.find((entry) => entry.shoId === shoId);
		if (!found) throw new ScenarioFailed(`no operator ${shoId}`);
		return found;
	}

	status(shoId: string): Promise<OperatorStatus> {
		return getJson<OperatorStatus>(`${this.operator(shoId).portal}/status`, this.lab.tokens.staff(shoId));
	}

	/** What an operator holds of the device's registration. */
	async registration(shoId: string): Promise<RegistrationStatus | undefined> {
		return (await this.status(shoId)).registrations.find(({ treId }) => treId === this.treId);
	}

	/** B.2.3.2 step 1: the subscriber registers at the next operator's portal. */
	async register(toSho: string): Promise<void> {
		this.#evidence.begin(`change-${++this.#begun}`);
		const { servedBy, codes, note } = this.device;
		const what = "registered {TRE_id, CertTRE, SHO_id}";
		await this.told({ clause: "B.2.3.2", from: "subscriber", to: toSho, what }, async () => {
			const next = newReleaseCode();
			const { treId, certSign, certEncrypt } = note;
			await this.#post(`${this.operator(toSho).portal}/subscriptions`, {
				...{ treId, certSign, certEncrypt, shoId: servedBy },
				...{ releaseCode: codes.get(servedBy), nextRelease: next.hash },
			});
			codes.set(toSho, next.code);
		});
	}

	/** Octets of the bundle that this target takes updates from. */
	bundle(): Buffer {
		const { name, bundle } = this.#target;
		if (bundle === undefined) throw new ScenarioFailed(`${name} takes no updates over the line; play it on emulator`);
		return readNamed(bundle);
	}

	/** B.2.3.6: the operator that serves the device offers it the firmware of a bundle; resolves to how that ended. */
	async offer(bundle: Uint8Array): Promise<OfferStatus> {
		this.#evidence.begin(`offer-${++this.#offered}`);
		const { servedBy } = this.device;
		const body = { treId: this.treId, bundle: Buffer.from(bundle).toString("base64") };
		const url = `${this.operator(servedBy).portal}/devices/offer`;
		await this.told({ clause: "B.2.3.6", from: "staff", to: servedBy, what: "a firmware for the device" }, () =>
			this.#post(url, body, this.lab.tokens.staff(servedBy)),
		);
		return this.until(`${servedBy} has heard what became of the firmware`, async () => {
			const { devices } = await this.status(servedBy);
			const offer = devices.find(({ treId, left }) => treId === this.treId && !left)?.offer;
			return offer?.state === "ended" ? offer : undefined;
		});
	}

	/** The subscriber changes his mind. */
	async withdraw(shoId: string): Promise<void> {
		const body = { treId: this.treId, releaseCode: this.device.codes.get(shoId) };
		const what = "withdrawn by the subscriber";
		await this.told({ clause: "B.2.3.2", from: "subscriber", to: shoId, what }, () =>
			this.#post(`${this.operator(shoId).portal}/subscriptions/withdraw`, body),
		);
	}

	/** Waits until the new operator serves the device and the former one knows it. */
	async served(toSho: string): Promise<void> {
		const cast = this.device;
		const imsi = await this.until(`${toSho} serves the device, and ${cast.servedBy} knows it`, async () => {
			const { devices, registrations } = await this.status(toSho);
			const done = registrations.find(({ treId, told }) => treId === this.treId && told);
			return done && devices.find(({ treId, left }) => treId === this.treId && !left)?.imsi;
		});
		this.changes.push({ fromSho: cast.servedBy, toSho, imsiBefore: cast.imsi, imsiAfter: imsi });
		cast.servedBy = toSho;
		cast.imsi = imsi;
	}

	/** B.2.3.2 to B.2.3.5: from the subscriber's registration until both operators know it is committed. */
	async change(toSho: string): Promise<void> {
		const reported = this.#disturbance ? Promise.resolve() : this.log.waitFor("reported", "m2me", PATIENCE_MS);
		reported.catch(() => undefined);
		await this.register(toSho);
		await this.served(toSho);
		await reported;
	}

	/** A step of the scenario's own, told as the processes tell theirs. */
	async told(names: StepNames, run: () => Promise<unknown>): Promise<void> {
		this.log.take({ event: "begin", ...names }, names.from);
		const start = performance.now();
		await run();
		const ms = Math.round(performance.now() - start);
		this.log.take({ event: "step", ...names, ms, ok: true }, names.from);
	}

	/** The serial line without the M2ME, for a scenario that talks to the TRE itself; then the M2ME is back. */
	async withoutEquipment(run: (tre: TreClient) => Promise<void>): Promise<void> {
		await this.#restart;
		await this.lab.end("m2me");
		const { port, note } = this.device;
		const tre = await TreClient.open(port);
		try {
			await run(tre);
		} finally {
			await tre.close();
		}
		this.lab.equipment(port, note.treId, this.#evidence.serial);
	}

	/** The latest change bootstrap, as it was signed. */
	get bootstrap(): SignedDocument {
		if (!this.#bootstrap) throw new ScenarioFailed("no change bootstrap was sent");
		return this.#bootstrap;
	}

	/** Takes an operator's coverage away, or gives it back. */
	coverage(shoId: string, covered: boolean): void {
		setCoverage(this.#folder, shoId, covered);
	}

	/** What the air does to short messages from now on. */
	air(air: Partial<Air>): void {
		setAir(this.#folder, air);
	}

	/** What is true at the end of every scenario, whatever happened on the way. */
	async checkDevice(): Promise<void> {
		await this.#restart;
		await this.lab.end("m2me");
		const { port, imsi, servedBy } = this.device;
		const tre = await TreClient.open(port);
		try {
			await checkOneMcim(tre, imsi);
			await checkCredential(tre, imsi, this.operator(servedBy).gsup);
			if (this.#bootstrap) await checkSpent(tre, this.#bootstrap);
		} finally {
			await tre.close();
		}
	}

	/** Asks again until there is an answer. */
	async until<T>(what: string, ask: () => Promise<T | undefined>): Promise<T> {
		const patience = performance.now() + PATIENCE_MS;
		for (;;) {
			if (this.log.fatal) throw this.log.fatal;
			const found = await ask().catch((error: unknown) => {
				if (!this.#disturbance) throw error;
				return undefined;
			});
			if (found !== undefined) return found;
			if (performance.now() > patience) {
				throw new ScenarioFailed([`${what}: not within ${PATIENCE_MS / 1000} s`, ...this.log.problems].join("\n"));
			}
			await sleep(POLL_MS);
		}
	}

	async #manufacture(port: string, updates: UpdatePolicy): Promise<DeliveryNote> {
		const patience = performance.now() + PATIENCE_MS;
		while (!(await this.lab.factory(port, this.#target, updates, this.#evidence.serial))) {
			await this.#restart;
			if (!this.#disturbance || performance.now() > patience) throw new ScenarioFailed(this.log.problems.join("\n"));
			await sleep(RETRY_MS);
		}
		if (!this.#note) throw new ScenarioFailed("the factory delivered no note");
		return this.#note;
	}

	/** As a person would: tries again when the portal does not answer. */
	async #post(url: string, body: object, token?: string): Promise<object> {
		const patience = performance.now() + PATIENCE_MS;
		for (;;) {
			try {
				return await postJson(url, body, token);
			} catch (error) {
				if (!this.#disturbance || performance.now() > patience) throw error;
				await sleep(RETRY_MS);
			}
		}
	}
}
