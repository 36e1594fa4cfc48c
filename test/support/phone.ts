import { connect, type Socket } from "node:net";
import { milenage } from "../../hil/network/operator/hss/milenage.ts";
import type { Subscriber } from "../../hil/network/operator/records.ts";
import { readAddress } from "../../host/wire/address.ts";
import { type Downlink, radioChannel, type Uplink } from "../../host/wire/radio/messages.ts";
import { until } from "./elements.ts";

type Heard<Type extends Downlink["type"]> = Extract<Downlink, { readonly type: Type }>;

/** A device with a card whose K a test knows, and no TRE. It takes part in AKA; what else it does the test says. */
export class Phone {
	readonly heard: Downlink[] = [];
	/** Does it acknowledge short messages? */
	acknowledges = true;
	closed = false;
	readonly #card: Subscriber;
	readonly #socket: Socket;
	readonly #channel: { send(message: Uplink): void };

	constructor(radio: string, card: Subscriber) {
		const { host, port } = readAddress(radio);
		this.#card = card;
		this.#socket = connect(port, host);
		this.#socket.on("error", () => this.#socket.destroy());
		this.#socket.on("close", () => {
			this.closed = true;
		});
		this.#channel = radioChannel<Downlink, Uplink>(this.#socket, (message) => this.#take(message));
	}

	/** Attaches; resolves to what the network says in the end. */
	attach(imei?: string): Promise<Heard<"attach-accept" | "attach-reject">> {
		const { imsi } = this.#card;
		this.#channel.send({ type: "attach", imsi, ...(imei === undefined ? {} : { imei }) });
		return this.#next("attach-accept", "attach-reject");
	}

	/** Asks for packet data. */
	activate(apn: string): Promise<Heard<"pdp-accept" | "pdp-reject">> {
		this.#channel.send({ type: "pdp-activate", apn });
		return this.#next("pdp-accept", "pdp-reject");
	}

	/** What a test writes, message or not. */
	say(line: string): void {
		this.#socket.write(`${line}\n`);
	}

	close(): void {
		this.#socket.destroy();
	}

	async #next<Type extends Downlink["type"]>(...types: Type[]): Promise<Heard<Type>> {
		const fits = (message: Downlink) => (types as string[]).includes(message.type);
		await until(`${types.join(" or ")} for ${this.#card.imsi}`, () => this.closed || this.heard.some(fits));
		const at = this.heard.findIndex(fits);
		if (at < 0) throw new Error("the radio connection is gone");
		return this.heard.splice(at, 1)[0] as Heard<Type>;
	}

	#take(message: Downlink): void {
		if (message.type === "auth-request") this.#respond(Buffer.from(message.rand, "hex"));
		else this.heard.push(message);
		if (message.type === "sms" && this.acknowledges) this.#channel.send({ type: "sms-ack", id: message.id });
	}

	/** RES is of K, OPc and RAND; whether the network is the right one this device does not ask. */
	#respond(rand: Buffer): void {
		const [k, opc] = [this.#card.k, this.#card.opc].map((one) => Buffer.from(one, "hex")) as [Buffer, Buffer];
		const { res } = milenage(k, opc, rand, Buffer.alloc(6), Buffer.alloc(2));
		this.#channel.send({ type: "auth-response", res: res.toString("hex") });
	}
}

/** On the air, or an error with the cause. */
export async function onTheAir(radio: string, card: Subscriber): Promise<Phone> {
	const phone = new Phone(radio, card);
	const answer = await phone.attach();
	if (answer.type === "attach-reject") throw new Error(`attach refused: ${answer.cause}`);
	return phone;
}
