import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Ports that the system picked at an element's first start: a restart finds them again. */
export class Ports {
	readonly #path: string;
	readonly #ports: Record<string, number>;

	constructor(folder: string) {
		this.#path = join(folder, "ports.json");
		this.#ports = existsSync(this.#path)
			? (JSON.parse(readFileSync(this.#path, "utf8")) as Record<string, number>)
			: {};
	}

	/** 0 where the system is to pick. */
	of(service: string): number {
		return this.#ports[service] ?? 0;
	}

	keep(service: string, port: number): void {
		if (this.#ports[service] === port) return;
		this.#ports[service] = port;
		writeFileSync(this.#path, JSON.stringify(this.#ports), { flush: true });
	}
}

/** A service of an element, at the port it had before. */
export interface Place {
	readonly ports: Ports;
	readonly service: string;
}
