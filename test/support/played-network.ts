import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { deliveryOf } from "../../host/wire/push/delivery.ts";
import { type Downlink, radioChannel, type Uplink } from "../../host/wire/radio/messages.ts";
import type { TestOperator } from "./operators.ts";

/** A visited network as a test plays it, with the vectors of one operator: AKA, short messages, and a bearer to one port. */
export class PlayedNetwork {
	/** Radio connections that came, and the numbers of those that have ended. */
	connections = 0;
	readonly ended: number[] = [];
	attached = 0;
	/** Connections, counted from 1, that are accepted and never answered. */
	isSilent: (connection: number) => boolean = () => false;
	/** Where every name leads on the bearer. */
	server = 0;
	readonly #operator: TestOperator;
	readonly #servers: Server[] = [];
	readonly #sockets = new Set<Socket>();
	#proxy = 0;
	#radio = 0;
	#message = 0;
	#send: (message: Downlink) => void = () => undefined;
	#drop: () => void = () => undefined;

	constructor(operator: TestOperator) {
		this.#operator = operator;
	}

	async start(): Promise<void> {
		this.#proxy = await this.#listen(this.#bearer());
		this.#radio = await this.#listen(createServer((socket) => this.#onAir(socket)));
	}

	get radio(): string {
		return `127.0.0.1:${this.#radio}`;
	}

	/** A short message to the device that is on the air. */
	say(text: string): void {
		const message = { contentType: "text/plain", body: Buffer.from(text) };
		for (const tpdu of deliveryOf(message, "+88299001122", new Date(0)))
			this.#send({ type: "sms", id: ++this.#message, tpdu: tpdu.toString("hex") });
	}

	/** The device that is on the air loses its radio connection. */
	drop(): void {
		this.#drop();
	}

	async stop(): Promise<void> {
		for (const socket of this.#sockets) socket.destroy();
		for (const server of this.#servers) await new Promise<void>((done) => server.close(() => done()));
	}

	async #listen(server: Server): Promise<number> {
		this.#servers.push(server);
		server.on("connection", (socket: Socket) => {
			this.#sockets.add(socket);
			socket.on("close", () => this.#sockets.delete(socket));
		});
		await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
		return (server.address() as AddressInfo).port;
	}

	#onAir(socket: Socket): void {
		const number = ++this.connections;
		socket.on("error", () => socket.destroy());
		socket.on("close", () => this.ended.push(number));
		let xres = "";
		const channel = radioChannel<Uplink, Downlink>(socket, (message) => {
			if (this.isSilent(number)) return;
			if (message.type === "attach") {
				const vector = this.#operator.vector(message.imsi);
				xres = vector.xres;
				channel.send({ type: "auth-request", rand: vector.rand, autn: vector.autn });
			} else if (message.type === "auth-response") {
				if (message.res !== xres) return channel.send({ type: "attach-reject", cause: "authentication" });
				this.attached++;
				this.#drop = () => socket.destroy();
				this.#send = channel.send;
				channel.send({ type: "attach-accept", plmn: "00199" });
			} else if (message.type === "pdp-activate") {
				channel.send({ type: "pdp-accept", host: "127.0.0.1", port: this.#proxy, token: "t" });
			} else if (message.type === "detach") channel.send({ type: "detach-accept" });
		});
	}

	#bearer(): Server {
		const proxy = createHttpServer();
		proxy.on("connect", (_request, socket) => {
			const upstream = connect(this.server, "127.0.0.1", () => {
				socket.write("HTTP/1.1 200 OK\r\n\r\n");
				upstream.pipe(socket);
				socket.pipe(upstream);
			});
			for (const end of [socket, upstream]) end.on("error", () => end.destroy());
		});
		return proxy;
	}
}
