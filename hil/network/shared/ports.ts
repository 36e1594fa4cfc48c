import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Ports that the system picked at an element's first start: a restart finds them again. */
export class Ports {
	readonly #path: string;
	readonly #ports: Record<string, number>;

	constructor(folder: string) {
		this.#path = join(folder, "ports.json");
		this.#ports = readPorts(this.#path);
	}

	/** 0 where the system is to pick. */
	of(service: string): number {
		return this.#ports[service] ?? 0;
	}

	keep(service: string, port: number): void {
		if (this.#ports[service] === port) return;
		this.#ports[service] = port;
		writeFileSync(`${this.#path}.new`, JSON.stringify(this.#ports), { flush: true });
		renameSync(`${this.#path}.new`, this.#path);
	}
}

const isPort = (value: unknown): boolean =>
	Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 65_535;

/** Where the file says nothing that can be read, the system picks again. */
function readPorts(path: string): Record<string, number> {
	try {
		const ports: unknown = existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : {};
		const named = typeof ports === "object" && ports !== null && !Array.isArray(ports);
		return named && Object.values(ports).every(isPort) ? (ports as Record<string, number>) : {};
	} catch (error) {
		if (error instanceof SyntaxError) return {};
		throw error;
	}
}

/** A service of an element, at the port it had before. */
export interface Place {
	readonly ports: Ports;
	readonly service: string;
}
