import { type CommandName, type CommandRow, commands } from "../../firmware/contract/commands.ts";
import type { TreClient } from "../../host/tre/client.ts";
import type { Request, Response } from "../../host/tre/codec.ts";
import { TreError } from "../../host/tre/errors.ts";
import type { Device } from "./device.ts";
import type { LivingTre } from "./whole-life.ts";

/** A command and its answer, on one line: comparable between targets. */
type Line = string;

const shown = (value: unknown): unknown => (value instanceof Uint8Array ? Buffer.from(value).toString("hex") : value);

/** What the operators sign and draw is random: of octets that go in, that they are there. */
function requestLine(name: CommandName, request: object): string {
	const fields = Object.entries(request).filter(([field]) => Object.hasOwn(commands[name].request, field));
	return `${name} ${JSON.stringify(Object.fromEntries(fields.map(([field, value]) => [field, value instanceof Uint8Array ? "*" : value])))}`;
}

/** The answer, without what the contract says is random or depends on the target. */
function responseLine(name: CommandName, response: object): string {
	const { varies = [] } = commands[name] as CommandRow;
	const fields = Object.entries(response).map(([field, value]) => [field, varies.includes(field) ? "*" : shown(value)]);
	return JSON.stringify(Object.fromEntries(fields));
}

/** A device on any target as a whole life wants it, which writes down what is said. */
export class TranscribedTre implements LivingTre {
	readonly transcript: Line[] = [];
	readonly #device: Device;
	#tre: TreClient | undefined;

	constructor(device: Device) {
		this.#device = device;
	}

	async start(): Promise<void> {
		await this.#device.start();
		this.#tre = await this.#device.open({ repeatMs: 250 });
	}

	async stop(): Promise<void> {
		await this.#tre?.close();
		await this.#device.kill();
	}

	async boot(): Promise<void> {
		await this.stop();
		await this.start();
	}

	async call<Name extends CommandName>(name: Name, request: Request<Name>): Promise<Response<Name>> {
		if (!this.#tre) throw new Error("the device is off");
		const asked = requestLine(name, request);
		try {
			const response = await this.#tre.call(name, request);
			this.transcript.push(`${asked} → ${responseLine(name, response)}`);
			return response;
		} catch (error) {
			if (error instanceof TreError) this.transcript.push(`${asked} → ${error.code}`);
			throw error;
		}
	}
}
