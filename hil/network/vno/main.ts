import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { readAddress } from "../../../host/wire/address.ts";
import { type Downlink, radioChannel, type Uplink } from "../../../host/wire/radio/messages.ts";
import { emit } from "../../../host/wire/report/events.ts";
import { type Element, runElement } from "../shared/element.ts";
import { listen } from "../shared/listening.ts";
import { Ports } from "../shared/ports.ts";
import { Registry } from "../shared/registry.ts";
import { readAir } from "./air.ts";
import { Attachment, type Bearer, type Visited } from "./attachment.ts";
import { serveBearer } from "./bearer.ts";
import type { VnoConfig } from "./config.ts";
import { answerHome } from "./home-requests.ts";
import { Homes } from "./homes.ts";

/** Radio connections at once. */
const MAX_DEVICES = 8_192;
/** Silence after which a device is asked whether it is still there, and after which one that is not attached is let go. */
const KEEP_ALIVE_MS = 30_000;
const IDLE_MS = 60_000;

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
		tokenFor: (shoId) => config.tokens[shoId],
		attached: (imsi, attachment) => {
			const before = attachments.get(imsi);
			attachments.set(imsi, attachment);
			// It has come again, over another radio: what it had over this one ends.
			if (before !== attachment) before?.replaced();
		},
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

	const radio = createServer((socket) => {
		socket.setKeepAlive(true, KEEP_ALIVE_MS);
		// Whoever is not on the air takes up a place that a device may want.
		socket.setTimeout(IDLE_MS, () => !attachment.isOnAir && socket.destroy());
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
		socket.on("close", () => attachment.leave());
	});
	const air = await listen(radio, at("radio"), MAX_DEVICES);

	return {
		addresses: {
			vnoId: config.vnoId,
			plmn: config.plmn,
			radio: air.address,
		},
		close: async () => {
			for (const token of bearers.keys()) network.released(token);
			await Promise.all([air.close(), data.close()]);
			homes.close();
		},
	};
}

runElement(startVno);
