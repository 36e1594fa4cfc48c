import { execFile } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { type DeviceStatus, devicesOf } from "../../hil/lab/devices.ts";
import { worldFile } from "../../hil/lab/lab.ts";
import { type KeptNote, Notes } from "../../hil/lab/notes.ts";
import { Tokens } from "../../hil/lab/tokens.ts";
import type { WorldChanges } from "../../hil/lab/world.ts";
import type { OperatorStatus } from "../../hil/network/operator/portal/portal.ts";
import { getJson, postJson } from "../../hil/network/shared/http.ts";
import { type OperatorEntry, Registry, type VnoEntry } from "../../hil/network/shared/registry.ts";
import { ModemError, type ShortMessage } from "../../host/modem/modem.ts";
import { RadioModem } from "../../host/modem/radio.ts";
import { ClientSession, type Executed } from "../../host/omadm/session.ts";
import type { Answer } from "../../host/omadm/transport.ts";
import type { TreClient } from "../../host/tre/client.ts";
import { readBootstrap } from "../../host/wire/prov/bootstrap.ts";
import { bootstrapPush, bootstrapText, deliveryOf } from "../../host/wire/push/delivery.ts";
import { contentTypes as messageTypes } from "../../host/wire/radio/short-messages.ts";
import { contentTypes } from "../../host/wire/syncml/form.ts";
import { type Item, type NodeCommand, nodes } from "../../host/wire/syncml/message.ts";
import { Device } from "./device.ts";
import { Insider } from "./insider.ts";
import { asRequest, type BootstrapRequest, enveloped } from "./operators.ts";

const run = promisify(execFile);
const cli = resolve("build/js/hil/cli/main.js");
const POLL_MS = 50;
const PATIENCE = 600;

const hex = (octets: Uint8Array): string => Buffer.from(octets).toString("hex");
const obey = async (): Promise<Executed> => ({ code: 200 });

/**
 * A lab of real operators, a device of its factory, and a host that does what a test tells it: it
 * attaches, takes messages and runs DM sessions, but decides by itself what goes into the TRE.
 */
export class HostileHost {
	readonly device = Device.keyed();
	readonly messages: ShortMessage[] = [];
	treId = "";
	tre!: TreClient;
	#modem: RadioModem | undefined;
	readonly lab = mkdtempSync(join(tmpdir(), "attack-"));
	readonly #registry = new Registry(join(this.lab, "registry.json"));
	readonly #world: WorldChanges;

	constructor(world: WorldChanges = {}) {
		this.#world = world;
	}

	/** Lab up, device made, not yet on the air. */
	async deliver(): Promise<void> {
		mkdirSync(this.lab, { recursive: true });
		writeFileSync(join(this.lab, worldFile), JSON.stringify(this.#world));
		await this.device.start();
		await this.hil("up");
		await this.hil("factory", this.device.port, "--dev");
		this.tre = await this.device.open();
		this.treId = (await this.tre.call("info", {})).treId;
	}

	/** On the air, too, with its PCID and the NAPDEF of the RO. */
	async start(): Promise<void> {
		await this.deliver();
		await this.attach();
		const { document } = await this.takeBootstrap("initial");
		await this.#modem?.activate(readBootstrap(document.toString("utf8")).naps[0].apn);
	}

	async stop(): Promise<void> {
		this.#modem?.close();
		await this.tre?.close();
		await this.hil("down");
		await this.device.dispose();
		rmSync(this.lab, { recursive: true, force: true });
	}

	/** The TRE is switched off without warning, and on again. */
	async powerCut(): Promise<void> {
		await this.tre.close();
		await this.device.kill();
		await this.device.start();
		this.tre = await this.device.open();
	}

	/** Off the air. */
	detach(): void {
		this.#modem?.close();
	}

	/** Whoever runs the lab has them. */
	get tokens(): Tokens {
		return new Tokens(this.lab);
	}

	get vno(): VnoEntry {
		return this.#registry.content.vnos[0];
	}

	/** A short message to the device, as whoever reaches the service centre of its operator may send it. */
	async push(contentType: string, body: string): Promise<void> {
		const { imsi = "", servedBy = "" } = await this.believed();
		const { home } = this.operator(servedBy);
		const message =
			contentType === messageTypes.bootstrap ? bootstrapPush(body, imsi) : { contentType, body: Buffer.from(body) };
		for (const tpdu of deliveryOf(message, "+15550000000", new Date()))
			await postJson(`${home}/short-message`, { imsi, tpdu: tpdu.toString("hex") }, this.tokens.staff(servedBy));
	}

	async hil(...args: string[]): Promise<string> {
		return (await run(process.execPath, [cli, ...args, "--lab", this.lab])).stdout;
	}

	register(shoId: string): Promise<string> {
		return this.hil("register", this.treId, shoId);
	}

	/** What the operators believe of the device. */
	async believed(): Promise<DeviceStatus> {
		const [device] = await devicesOf(this.#registry, this.tokens);
		return device;
	}

	/** State of the change that is under way, as the new operator has it. */
	async change(): Promise<string | undefined> {
		return (await this.believed()).change?.state;
	}

	/** State of the change at the operator that gives the device away. */
	async outgoing(shoId: string): Promise<string | undefined> {
		const { changes } = await getJson<OperatorStatus>(
			`${this.operator(shoId).portal}/status`,
			this.tokens.staff(shoId),
		);
		return changes.find(({ treId }) => treId === this.treId)?.state;
	}

	/** Asks again until `ask` is content. */
	async until(what: string, ask: () => Promise<boolean>): Promise<void> {
		for (let n = 0; n < PATIENCE; n++) {
			if (await ask()) return;
			await sleep(POLL_MS);
		}
		throw new Error(`${what} did not come about: ${JSON.stringify(await this.believed())}`);
	}

	operator(shoId: string): OperatorEntry {
		const found = this.#registry.operator(shoId);
		if (!found) throw new Error(`no operator ${shoId}`);
		return found;
	}

	/** The delivery note that came with the device. */
	note(): KeptNote {
		const note = new Notes(this.lab).find(this.treId);
		if (!note) throw new Error("no delivery note");
		return note;
	}

	/** An operator that has turned dishonest: its keys and its registers. */
	insider(shoId: string): Insider {
		return new Insider(this.lab, this.operator(shoId));
	}

	/** Attaches under an IMSI (the active one); AKA runs in the TRE. */
	async attach(imsi?: string): Promise<void> {
		this.#modem?.close();
		this.#modem = await RadioModem.open(this.vno.radio, {
			onShortMessage: (message) => this.messages.push(message),
			onLost: () => undefined,
		});
		await this.#modem.attach(imsi ?? (await this.tre.status()).activeImsi, async (rand, autn) => {
			const answer = await this.tre.call("authenticate", {
				rand: Buffer.from(rand, "hex"),
				autn: Buffer.from(autn, "hex"),
			});
			return answer.outcome === 0
				? { kind: "success", res: hex(answer.res) }
				: { kind: "failure", cause: "sync", auts: hex(answer.auts) };
		});
	}

	/** Waits for the next bootstrap of that KIND and keeps it from the TRE. */
	async intercept(kind: string): Promise<BootstrapRequest> {
		const message = await this.#next(
			({ contentType, body }) =>
				contentType === messageTypes.bootstrap && readBootstrap(bootstrapText(body)).kind === kind,
			`${kind} bootstrap`,
		);
		return asRequest(bootstrapText(message.body));
	}

	/** Waits for the next bootstrap of that KIND and hands it to the TRE. */
	async takeBootstrap(kind: string): Promise<BootstrapRequest> {
		const request = await this.intercept(kind);
		await this.tre.call("acceptBootstrap", request);
		return request;
	}

	/** Waits until the operator asks where the TRE stands. */
	async askedForReceipt(): Promise<Buffer> {
		return (await this.#next(({ contentType }) => contentType === messageTypes.receiptRequest, "receipt request")).body;
	}

	/** Answers the operator's question as an honest host would; one that was asked anew in between is answered anew. */
	async answerReceipt(): Promise<void> {
		const { document } = await this.tre.call("receipt", { challenge: await this.askedForReceipt() });
		try {
			await this.submitReceipt(document);
		} catch (error) {
			if (!(error instanceof ModemError)) throw error;
			await this.answerReceipt();
		}
	}

	async submitReceipt(document: Uint8Array): Promise<void> {
		const message = { contentType: messageTypes.receipt, body: Buffer.from(document) };
		await this.#modem?.submit(message, "+15550000000");
	}

	async #next(fits: (message: ShortMessage) => boolean, what: string): Promise<ShortMessage> {
		for (let n = 0; n < PATIENCE; n++) {
			const at = this.messages.findIndex(fits);
			if (at >= 0) return this.messages.splice(at, 1)[0];
			await sleep(POLL_MS);
		}
		throw new Error(`no ${what} came`);
	}

	/** A DM session at an operator's DPF that shows these documents; `execute` does what the test wants. */
	async session(
		shoId: string,
		shown: readonly Item[],
		execute: (command: NodeCommand) => Promise<Executed> = obey,
	): Promise<void> {
		const { dpf } = this.operator(shoId);
		const [hostname, port] = dpf.address.split(":");
		const { certificate } = await this.tre.call("releaseRoot", {});
		const ca = new X509Certificate(certificate).toString();
		// In the other form than the M2ME of the story.
		const form = "xml" as const;
		const post = (url: string, body: Uint8Array): Promise<Answer> =>
			new Promise((done, fail) => {
				const options = {
					hostname,
					port,
					path: new URL(url).pathname + new URL(url).search,
					method: "POST",
					servername: dpf.host,
					ca,
					agent: false as const,
					headers: { "content-type": contentTypes[form] },
				};
				const sent = request(options, (response) => {
					const parts: Buffer[] = [];
					response.on("data", (part: Buffer) => parts.push(part));
					response.on("end", () => done({ octets: Buffer.concat(parts), form }));
				});
				sent.on("error", fail);
				sent.end(body);
			});
		const plan = {
			url: `https://${dpf.host}/dm`,
			deviceId: `urn:tre:${this.treId}`,
			alerts: shown,
			execute,
			post,
			form,
		};
		await new ClientSession(this.tre, plan).run();
	}

	async m2mm(): Promise<Item> {
		return shown(nodes.m2mm, (await this.tre.call("provisioningRequest", {})).document);
	}

	async receipt(): Promise<Item> {
		return shown(nodes.receipt, (await this.tre.call("receipt", { challenge: new Uint8Array(0) })).document);
	}

	/** Asks an operator for the MCIM and keeps it from the TRE. */
	async collect(shoId: string, request?: Item): Promise<string> {
		let object = "";
		await this.session(shoId, [request ?? (await this.m2mm())], async (command) => {
			object = mcimIn(command) ?? object;
			return { code: 200 };
		});
		return object;
	}

	/** Gives an M2MMCIMMobj to the TRE as an honest host would. */
	async install(object: string): Promise<void> {
		await this.tre.call("acceptMcim", enveloped(object));
	}

	/** From the pending bootstrap to the commit, as an honest host would; the operators then know it. */
	async finish(shoId: string): Promise<void> {
		await this.takeBootstrap("change");
		await this.install(await this.collect(shoId));
		await this.session(shoId, [await this.receipt()]);
		await this.commit(shoId);
	}

	/** Trial, AKA, commit, the receipt that says so, and the one that the former SHO asks for. */
	async commit(shoId: string): Promise<void> {
		const { imsi } = await this.tre.call("activate", {});
		await this.attach(imsi);
		await this.tre.call("confirmConnectivity", {});
		await this.session(shoId, [await this.receipt()]);
		await this.answerReceipt();
		await this.told(shoId);
	}

	/** Waits until the former SHO has heard that the device is this operator's. */
	async told(shoId: string): Promise<void> {
		await this.until(`the former SHO knows that ${shoId} serves the device`, async () => {
			const { registrations } = await getJson<OperatorStatus>(
				`${this.operator(shoId).portal}/status`,
				this.tokens.staff(shoId),
			);
			return registrations.find(({ treId }) => treId === this.treId)?.told === true;
		});
	}
}

/** A document as a Generic Alert shows it. */
export const shown = (source: string, octets: Uint8Array): Item => ({
	source,
	type: "Reversed-Domain-Name: tre.m2m",
	format: "b64",
	data: Buffer.from(octets).toString("base64"),
});

/** The M2MMCIMMobj that a server's command carries, if it does. */
export function mcimIn(command: NodeCommand): string | undefined {
	const [item] = command.items;
	return item?.target === nodes.m2mmcim ? Buffer.from(item.data ?? "", "base64").toString("utf8") : undefined;
}
