import { existsSync, readFileSync } from "node:fs";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { type Downlink, radioChannel, type Uplink } from "../../../host/wire/radio/messages.ts";
import { emit } from "../../../host/wire/report/events.ts";
import { type Element, runElement } from "../shared/element.ts";
import { Refusal, serveJson } from "../shared/http.ts";
import { Ports } from "../shared/ports.ts";
import { Registry } from "../shared/registry.ts";
import { field, insist } from "../shared/shape.ts";
import { readAir } from "./air.ts";
import { Attachment, type Bearer, type Visited } from "./attachment.ts";
import { serveBearer } from "./bearer.ts";
import type { VnoConfig } from "./config.ts";

const LOOPBACK = "127.0.0.1";
const MESSAGE_TIMEOUT_MS = 15_000;
/** Octets of an SMS-DELIVER TPDU (TS 23.040 clause 9.2.2.1). */
const MAX_TPDU = 164;

/** One short message for a subscriber: an SMS-DELIVER TPDU, hex. */
interface ShortMessage {
	readonly imsi: string;
	readonly tpdu: string;
}

/** A visited network: air interface, short messages, packet data. */
export async function startVno(config: VnoConfig): Promise<Element> {
	const registry = new Registry(config.registry);
	const ports = new Ports(config.folder);
	const at = (service: string) => ({ ports, service });
	const attachments = new Map<string, Attachment>();
	const bearers = new Map<string, Bearer>();
	const data = await serveBearer(registry, bearers, at("data"));
	const [host, port] = data.address.split(":");
	const network: Visited = {
		vnoId: config.vnoId,
		plmn: config.plmn,
		registry,
		// Read at each question: agreements come and go while devices are on the air.
		serves: (shoId) =>
			!existsSync(config.barred) || !(JSON.parse(readFileSync(config.barred, "utf8")) as string[]).includes(shoId),
		air: () => readAir(config.air),
		proxy: { host, port: Number(port) },
		attached: (imsi, attachment) => attachments.set(imsi, attachment),
		detached: (imsi, attachment) => {
			if (attachments.get(imsi) === attachment) attachments.delete(imsi);
		},
		bearer: (bearer) => bearers.set(bearer.token, bearer),
		released: (token) => {
			for (const connection of bearers.get(token)?.connections ?? []) connection.destroy();
			bearers.delete(token);
		},
	};

	const sockets = new Set<Socket>();
	const radio = createServer((socket) => {
		sockets.add(socket);
		const attachment: Attachment = new Attachment(network, (message) => channel.send(message));
		const channel = radioChannel<Uplink, Downlink>(socket, (message) => {
			attachment
				.receive(message)
				.catch((error: Error) => emit({ event: "problem", what: `${config.vnoId}: ${error.message}` }));
		});
		socket.on("error", () => socket.destroy());
		socket.on("close", () => {
			sockets.delete(socket);
			attachment.leave();
		});
	});
	await new Promise<void>((resolve) => radio.listen(ports.of("radio"), LOOPBACK, resolve));

	ports.keep("radio", (radio.address() as AddressInfo).port);

	const sms = await serveJson(
		{
			"POST /short-message": async (message: ShortMessage) => {
				insist(message, { imsi: field.imsi, tpdu: field.hex(MAX_TPDU) });
				const attachment = attachments.get(message.imsi);
				if (!attachment) throw new Refusal("absent-subscriber", `${message.imsi} is not on the air here`, 404);
				await attachment.deliver(message.tpdu, MESSAGE_TIMEOUT_MS);
				return {};
			},
		},
		at("sms"),
	);
	return {
		addresses: {
			vnoId: config.vnoId,
			plmn: config.plmn,
			radio: `${LOOPBACK}:${(radio.address() as AddressInfo).port}`,
			sms: `http://${sms.address}`,
		},
		close: async () => {
			for (const socket of sockets) socket.destroy();
			for (const token of bearers.keys()) network.released(token);
			await Promise.all([sms.close(), data.close(), new Promise((done) => radio.close(done))]);
		},
	};
}

runElement(startVno);
