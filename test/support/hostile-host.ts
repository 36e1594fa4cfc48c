import { execFile } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import type { DeviceStatus } from "../../hil/lab/devices.ts";
import type { OperatorEntry, RegistryContent } from "../../hil/network/shared/registry.ts";
import type { ShortMessage } from "../../host/modem/modem.ts";
import { RadioModem } from "../../host/modem/radio.ts";
import { ClientSession, type Executed } from "../../host/omadm/session.ts";
import type { TreClient } from "../../host/tre/client.ts";
import { algorithmNumber, splitEnveloped } from "../../host/wire/dsig/signature.ts";
import { splitBootstrap } from "../../host/wire/prov/bootstrap.ts";
import { type Item, type NodeCommand, nodes } from "../../host/wire/syncml/message.ts";
import { Device } from "./device.ts";

const run = promisify(execFile);
const cli = resolve("build/js/hil/cli/main.js");

const hex = (octets: Uint8Array): string => Buffer.from(octets).toString("hex");

/**
 * A lab of real operators, a device of its factory, and a host that does what a test tells it: it
 * attaches, takes messages and runs DM sessions, but decides by itself what goes into the TRE.
 */
export class HostileHost {
	readonly device = new Device();
	readonly messages: ShortMessage[] = [];
	treId = "";
	tre!: TreClient;
	#modem: RadioModem | undefined;
	#registry: RegistryContent | undefined;
	readonly #lab = mkdtempSync(join(tmpdir(), "attack-"));

	/** Lab up, device made, on the air with its PCID. */
	async start(): Promise<void> {
		await this.device.start();
		this.#registry = JSON.parse(await this.hil("up", "--json")) as RegistryContent;
		await this.hil("factory", this.device.port);
		this.tre = await this.device.open();
		this.treId = (await this.tre.call("info", {})).treId;
		await this.attach((await this.tre.status()).activeImsi);
	}

	async stop(): Promise<void> {
		this.#modem?.close();
		await this.tre?.close();
		await this.hil("down");
		await this.device.dispose();
		rmSync(this.#lab, { recursive: true, force: true });
	}

	async hil(...args: string[]): Promise<string> {
		return (await run(process.execPath, [cli, ...args, "--lab", this.#lab])).stdout;
	}

	/** What the operators believe of the device. */
	async believed(): Promise<DeviceStatus> {
		const [device] = JSON.parse(await this.hil("status", "--json")) as DeviceStatus[];
		return device;
	}

	operator(shoId: string): OperatorEntry {
		const found = this.#registry?.operators.find((entry) => entry.shoId === shoId);
		if (!found) throw new Error(`no operator ${shoId}`);
		return found;
	}

	/** Attaches under an IMSI; AKA runs in the TRE. */
	async attach(imsi: string): Promise<void> {
		this.#modem?.close();
		const [vno] = this.#registry?.vnos ?? [];
		this.#modem = await RadioModem.open(vno.radio, {
			onShortMessage: (message) => this.messages.push(message),
			onLost: () => undefined,
		});
		await this.#modem.attach(imsi, async (rand, autn) => {
			const answer = await this.tre.call("authenticate", {
				rand: Buffer.from(rand, "hex"),
				autn: Buffer.from(autn, "hex"),
			});
			return answer.outcome === 0
				? { kind: "success", res: hex(answer.res) }
				: { kind: "failure", cause: "sync", auts: hex(answer.auts) };
		});
	}

	/** Waits for the next bootstrap of that KIND and hands it to the TRE. */
	async takeBootstrap(kind: string): Promise<void> {
		for (let n = 0; n < 300; n++) {
			const message = this.messages.shift();
			const sent = message?.body.toString("utf8") ?? "";
			if (sent.includes(`<parm name="KIND" value="${kind}">`)) {
				const { document, signature } = splitBootstrap(sent);
				const algorithm = algorithmNumber[signature.algorithm];
				await this.tre.call("acceptBootstrap", {
					document: Buffer.from(document),
					algorithm,
					signature: signature.value,
				});
				return;
			}
			await sleep(100);
		}
		throw new Error(`no ${kind} bootstrap came`);
	}

	/** A DM session at an operator's DPF that shows these documents; `execute` does what the test wants. */
	async session(
		shoId: string,
		shown: readonly Item[],
		execute: (command: NodeCommand) => Promise<Executed>,
	): Promise<void> {
		const { dpf } = this.operator(shoId);
		const [hostname, port] = dpf.address.split(":");
		const { certificate } = await this.tre.call("releaseRoot", {});
		const ca = new X509Certificate(certificate).toString();
		const post = (body: string): Promise<Buffer> =>
			new Promise((done, fail) => {
				const options = {
					hostname,
					port,
					path: "/dm",
					method: "POST",
					servername: dpf.host,
					ca,
					agent: false as const,
				};
				const sent = request(options, (response) => {
					const parts: Buffer[] = [];
					response.on("data", (part: Buffer) => parts.push(part));
					response.on("end", () => done(Buffer.concat(parts)));
				});
				sent.on("error", fail);
				sent.end(body);
			});
		const plan = { url: `https://${dpf.host}/dm`, deviceId: `urn:tre:${this.treId}`, alerts: shown, execute, post };
		await new ClientSession(this.tre, plan).run();
	}

	async m2mm(): Promise<Item> {
		return shown(nodes.m2mm, (await this.tre.call("provisioningRequest", {})).document);
	}

	async receipt(): Promise<Item> {
		return shown(nodes.receipt, (await this.tre.call("receipt", { challenge: new Uint8Array(0) })).document);
	}

	/** Gives an M2MMCIMMobj to the TRE as an honest host would. */
	async install(object: string): Promise<void> {
		const { document, signature } = splitEnveloped(object);
		const algorithm = algorithmNumber[signature.algorithm];
		await this.tre.call("acceptMcim", { document: Buffer.from(document), algorithm, signature: signature.value });
	}
}

const shown = (source: string, octets: Uint8Array): Item => ({
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
