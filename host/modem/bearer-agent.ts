import { request as httpRequest } from "node:http";
import { Agent, type AgentOptions } from "node:https";
import { isIP } from "node:net";
import type { Duplex } from "node:stream";
import { connect as tlsConnect } from "node:tls";
import { writeAddress } from "../wire/address.ts";
import { type IpBearer, ModemError } from "./modem.ts";

const CONNECT_TIMEOUT_MS = 15_000;

type Created = (error: Error | null, socket?: Duplex) => void;

/** HTTPS through the modem's IP bearer, trusting one root and nothing else. */
export class BearerAgent extends Agent {
	readonly #bearer: IpBearer;
	readonly #root: string;

	/** `root` is the PEM of the CertSHO that the TRE released. */
	constructor(bearer: IpBearer, root: string) {
		super({ keepAlive: true, maxSockets: 1 });
		this.#bearer = bearer;
		this.#root = root;
	}

	override createConnection(
		options: AgentOptions & { host?: string; port?: number | string },
		created: Created,
	): undefined {
		// A URL has brackets around an IPv6 address.
		const host = (options.host ?? "").replace(/^\[(.*)\]$/, "$1");
		const { host: hostname, port, token } = this.#bearer;
		const tunnel = httpRequest({
			hostname,
			port,
			method: "CONNECT",
			path: writeAddress({ host, port: Number(options.port ?? 443) }),
			headers: { "proxy-authorization": `Bearer ${token}` },
			agent: false,
		});
		tunnel.setTimeout(CONNECT_TIMEOUT_MS, () => tunnel.destroy(new Error("the network does not answer")));
		tunnel.once("error", (error) => created(new ModemError(`no IP connectivity: ${error.message}`)));
		tunnel.once("connect", (response, socket) => {
			if (response.statusCode !== 200) {
				socket.destroy();
				created(new ModemError(`the network refuses ${host}: ${response.statusCode}`));
				return;
			}
			// An address is no server name (RFC 6066 clause 3); the certificate is checked for it all the same.
			const servername = isIP(host) === 0 ? host : "";
			const secure = tlsConnect({ socket, host, servername, ca: this.#root, minVersion: "TLSv1.2" });
			secure.setTimeout(CONNECT_TIMEOUT_MS, () => secure.destroy(new Error(`${host} does not answer`)));
			const early = (error: Error) => created(error);
			secure.once("error", early);
			secure.once("secureConnect", () => {
				secure.off("error", early);
				secure.setTimeout(0);
				created(null, secure);
			});
		});
		tunnel.end();
		return undefined;
	}
}
