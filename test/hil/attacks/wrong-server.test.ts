import { createServer as createHttpServer } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { type AddressInfo, connect, type Server } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Identity, issueLeaf, keyToPem, makeRoot, toPem } from "../../../hil/network/shared/certificates.ts";
import { BearerAgent } from "../../../host/modem/bearer-agent.ts";
import { post } from "../../../host/omadm/transport.ts";
import { contentTypes } from "../../../host/wire/syncml/form.ts";

const HOST = "dpf.sho-1.example";
const URL = `https://${HOST}/dm`;

/** The host's TLS client trusts one root, for one name (DESIGN section 6, "Operator keys"). */
describe("a DM server that is not the pending SHO's", () => {
	const open: Server[] = [];
	let sho1: Identity;
	let sho2: Identity;

	const listen = async (server: Server): Promise<number> => {
		open.push(server);
		await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
		return (server.address() as AddressInfo).port;
	};

	/** A bearer whose network leads every name to a server with this leaf. */
	const bearerTo = async (leaf: Identity) => {
		const options = { key: keyToPem(leaf.key), cert: toPem(leaf.certificate) };
		const dpf = await listen(
			createTlsServer(options, (_request, response) =>
				response.writeHead(200, { "content-type": contentTypes.xml }).end("reached"),
			),
		);
		const proxy = createHttpServer();
		proxy.on("connect", (_request, socket) => {
			const upstream = connect(dpf, "127.0.0.1", () => {
				socket.write("HTTP/1.1 200 OK\r\n\r\n");
				upstream.pipe(socket);
				socket.pipe(upstream);
			});
			for (const end of [socket, upstream]) end.on("error", () => end.destroy());
		});
		return { host: "127.0.0.1", port: await listen(proxy), token: "t" };
	};

	const reach = async (leaf: Identity, root = sho1): Promise<string> => {
		const agent = new BearerAgent(await bearerTo(leaf), toPem(root.certificate));
		try {
			return Buffer.from((await post(URL, Buffer.from("<SyncML></SyncML>"), "xml", agent)).octets).toString();
		} finally {
			agent.destroy();
		}
	};

	beforeAll(async () => {
		sho1 = await makeRoot("sho-1.example", "rsa");
		sho2 = await makeRoot("sho-2.example", "ec");
	});

	afterAll(() => {
		for (const server of open) server.close();
	});

	test("its own leaf under the released root is accepted", async () => {
		expect(await reach(await issueLeaf(sho1, HOST, [HOST], "server"))).toBe("reached");
		expect(await reach(await issueLeaf(sho2, HOST, [HOST], "server"), sho2)).toBe("reached");
	});

	test("a leaf of another operator for the same name is refused", async () => {
		await expect(reach(await issueLeaf(sho2, HOST, [HOST], "server"))).rejects.toThrow(/certificate|issuer/);
	});

	test("a leaf of the right operator for another name is refused", async () => {
		await expect(reach(await issueLeaf(sho1, "api.sho-1.example", ["api.sho-1.example"], "server"))).rejects.toThrow(
			/altnames|Hostname/,
		);
	});

	test("a root of the same name with another key is refused", async () => {
		const twin = await makeRoot("sho-1.example", "rsa");
		await expect(reach(await issueLeaf(twin, HOST, [HOST], "server"))).rejects.toThrow(/signature|certificate|issuer/);
	});

	test("a leaf for clients does not serve", async () => {
		await expect(reach(await issueLeaf(sho1, HOST, [HOST], "client"))).rejects.toThrow(/purpose|certificate/);
	});
});
