import { existsSync, readFileSync } from "node:fs";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { readAddress } from "../../../host/wire/address.ts";
import { type Downlink, radioChannel, type Uplink } from "../../../host/wire/radio/messages.ts";
import { emit } from "../../../host/wire/report/events.ts";
import { type Element, runElement } from "../shared/element.ts";
import { Ports } from "../shared/ports.ts";
import { Registry } from "../shared/registry.ts";
import { readAir } from "./air.ts";
import { Attachment, type Bearer, type Visited } from "./attachment.ts";
import { serveBearer } from "./bearer.ts";
import type { VnoConfig } from "./config.ts";
import { answerHome } from "./home-requests.ts";
import { Homes } from "./homes.ts";

const LOOPBACK = "127.0.0.1";

/** A visited network: air interface, short messages, packet data. */
export async function startVno(config: VnoConfig): Promise<Element> {
	const registry = new Registry(config.registry);
	const ports = new Ports(config.folder);
	const at = (service: string) => ({ ports, service });
	const attachments = new Map<string, Attachment>();
	const bearers = new Map<string, Bearer>();
	const data = await serveBearer(registry, bearers, at("data"));
	const homes = new Homes(registry, config.vnoId, (message) => answerHome(attachments, message));
	const network: Visited = {
		homes,
		vnoId: config.vnoId,
		plmn: config.plmn,
		registry,
		// Read at each question: agreements come and go while devices are on the air.
		serves: (shoId) =>
			!existsSync(config.barred) || !(JSON.parse(readFileSync(config.barred, "utf8")) as string[]).includes(shoId),
		air: () => readAir(config.air),
		proxy: readAddress(data.address),
		attached: (imsi, attachment) => attachments.set(imsi, attachment),
		detached: (imsi, attachment) => {
			if (attachments.get(imsi) !== attachment) return false;
			return attachments.delete(imsi);
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
		const attachment: Attachment = new Attachment(
			network,
			(message) => channel.send(message),
			() => socket.destroy(),
		);
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

	return {
		addresses: {
			vnoId: config.vnoId,
			plmn: config.plmn,
			radio: `${LOOPBACK}:${(radio.address() as AddressInfo).port}`,
		},
		close: async () => {
			for (const socket of sockets) socket.destroy();
			for (const token of bearers.keys()) network.released(token);
			homes.close();
			await Promise.all([data.close(), new Promise((done) => radio.close(done))]);
		},
	};
}

runElement(startVno);
