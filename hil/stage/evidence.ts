import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { makeFolder } from "../../firmware/local/own-folder.ts";
import type { BenchEvent } from "../../host/wire/report/events.ts";
import type { DeliveryNote } from "../factory/station.ts";
import { toPem } from "../network/shared/certificates.ts";
import type { RegistryContent } from "../network/shared/registry.ts";
import { captureOf, type Packet } from "./capture.ts";

/** The folder that a run leaves behind; its layout is a contract (DESIGN section 10). */
export class Evidence {
	readonly #folder: string | undefined;
	/** What is going on: `change-1`, `offer-1` …; nothing before the first. */
	#part = "";
	#message = 0;
	readonly #sessions = new Map<string, Packet[]>();

	/** Without a folder nothing is written. */
	constructor(folder: string | undefined) {
		this.#folder = folder;
		if (folder !== undefined) makeFolder(folder);
	}

	/** Where the serial line is recorded. */
	get serial(): string | undefined {
		return this.#folder === undefined ? undefined : join(this.#folder, "serial");
	}

	/** Documents from now on belong to that part of the run. */
	begin(part: string): void {
		this.#part = part;
		this.#message = 0;
	}

	document(event: Extract<BenchEvent, { event: "document" }>): void {
		if (event.name === "delivery-note.json") {
			const note = JSON.parse(event.content) as DeliveryNote;
			this.write("certs/tre-sign.pem", toPem(Buffer.from(note.certSign, "base64")));
			this.write("certs/tre-enc.pem", toPem(Buffer.from(note.certEncrypt, "base64")));
		}
		if (event.name === "delivery-note.json") return;
		const octets = Buffer.from(event.content, event.encoding ?? "utf8");
		const initial = event.about?.kind === "initial" || this.#part === "";
		const folder = initial ? "initial" : this.#part;
		this.write(`${folder}/${this.#numbered(event.name)}`, octets);
		this.#capture(folder, event.name, octets);
	}

	/** What went over the air and in the DM sessions, once more for tshark. */
	#capture(folder: string, name: string, octets: Buffer): void {
		const at = new Date();
		if (name.endsWith("push.hex")) {
			const segments = octets.toString("utf8").trim().split("\n");
			const packets = segments.map((segment) => ({ octets: Buffer.from(segment, "hex"), at }));
			this.write(`${folder}/${name.replace(/hex$/, "pcap")}`, captureOf("gsm_sms", packets));
		}
		if (name.startsWith("syncml/") && name.endsWith(".wbxml")) {
			const packets = this.#sessions.get(folder) ?? [];
			packets.push({ octets, at, direction: name.includes("client") ? "sent" : "received" });
			this.#sessions.set(folder, packets);
			this.write(`${folder}/syncml.pcap`, captureOf("wbxml", packets));
		}
	}

	certificates(registry: RegistryContent): void {
		for (const pva of registry.pvas) this.write("certs/pva.pem", pva.certificate);
		for (const [n, operator] of registry.operators.entries()) this.write(`certs/sho-${n}.pem`, operator.certificate);
	}

	json(name: string, content: object): void {
		this.write(name, `${JSON.stringify(content, null, 2)}\n`);
	}

	write(name: string, content: string | Uint8Array): void {
		if (this.#folder === undefined) return;
		const path = join(this.#folder, name);
		makeFolder(dirname(path));
		writeFileSync(path, content);
	}

	/** Messages of DM sessions are numbered as they went; the XML form of one comes first. */
	#numbered(name: string): string {
		const [, direction, suffix] = /^syncml\/(\w+)\.(xml|wbxml)$/.exec(name) ?? [];
		if (direction === undefined) return name;
		if (suffix === "xml") this.#message++;
		return `syncml/${String(this.#message).padStart(2, "0")}-${direction}.${suffix}`;
	}
}
