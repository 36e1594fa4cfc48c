import { mkdtempSync, rmSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { type AddressInfo, connect, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { bundleDigest, encodeBundle } from "../../firmware/contract/bundle.ts";
import { authMd5 } from "../../hil/network/operator/dpf/digest.ts";
import type { PreparedAccount } from "../../hil/network/operator/provisioning/objects.ts";
import { type Identity, issueLeaf, keyToPem, makeRoot, toPem } from "../../hil/network/shared/certificates.ts";
import { readBody } from "../../hil/network/shared/http.ts";
import { FirmwareUpdate } from "../../host/daemon/firmware-update.ts";
import { Memory, type PendingUpdate } from "../../host/daemon/memory.ts";
import type { TreClient } from "../../host/tre/client.ts";
import { restartInto, transfer } from "../../host/tre/update.ts";
import { contentTypes, readMessageIn, writeMessageIn } from "../../host/wire/syncml/form.ts";
import { fumoNodes, fumoResults } from "../../host/wire/syncml/fumo.ts";
import { alerts, type Command, status } from "../../host/wire/syncml/message.ts";
import { keyedFlash } from "../support/keyed-flash.ts";
import { offerBootstrap, type Personalised, personalise, TestOperator } from "../support/operators.ts";
import { slotImages, UpdatableDevice } from "../support/updatable-device.ts";
import { asClient } from "../support/whole-life.ts";

const HOST = "dpf.ro.example";
const URL = `https://${HOST}/dm`;

type Bundle = readonly Buffer[];

type NewCommand = Command extends infer One ? (One extends { cmdId: string } ? Omit<One, "cmdId"> : never) : never;

/** What a DPF that may lie says and gives out. */
interface Lies {
	/** PkgURL; none: it does not say where. */
	readonly url?: string;
	readonly executes?: boolean;
	/** What is given out under any path; none: 404. */
	readonly octets?: Uint8Array;
	/** Status of HTTP in place of the octets. */
	readonly status?: number;
	/** Status of alerts about firmware. */
	readonly code?: number;
}

/** One rule: octets come from the operator's own address, are those that it offered, and the factory has signed them. */
describe("the M2ME's part of firmware over the air, with a DPF that may say anything", () => {
	const folder = mkdtempSync(join(tmpdir(), "fumo-"));
	const servers: Server[] = [];
	const results: number[] = [];
	let first: Bundle;
	let second: Bundle;
	let third: Bundle;
	let ro: TestOperator;
	let pva: Identity;
	let lies: Lies = {};
	let account: PreparedAccount;
	let clientNonce: Uint8Array;
	let bearer: { host: string; port: number; token: string };

	let device: UpdatableDevice;
	let owned: Personalised;
	let tre: TreClient;
	let memory: Memory;
	let update: FirmwareUpdate;
	let lives = 0;

	const listen = async (server: Server): Promise<number> => {
		servers.push(server);
		await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
		return (server.address() as AddressInfo).port;
	};
	const packed = (slots: Bundle) => encodeBundle({ board: "emulator", bootStage: new Uint8Array(0), slots });

	/** What the DPF has for an alert about firmware. */
	function commandsFor(source: string | undefined): NewCommand[] {
		if (source !== fumoNodes.root || (lies.code ?? 0) >= 300) return [];
		const where = { target: fumoNodes.url, format: "chr", data: lies.url ?? "" };
		return [
			...(lies.url === undefined ? [] : [{ name: "Replace" as const, items: [where] }]),
			...(lies.executes === false ? [] : [{ name: "Exec" as const, items: [{ target: fumoNodes.downloadAndUpdate }] }]),
		];
	}

	/** One answer of the DM server; its digest is right, whatever else it says. */
	function answer(octets: Uint8Array): Uint8Array {
		const { msgId, commands, sessionId, source } = readMessageIn("xml", octets);
		const reply = (cmdRef: string, cmd: string, code: number) => ({
			...{ name: "Status" as const, msgRef: msgId, cmdRef, cmd, code },
		});
		const said: NewCommand[] = [reply("0", "SyncHdr", msgId === 1 ? status.authenticated : status.ok)];
		for (const command of commands) {
			if (command.name === "Status" && command.nextNonce) clientNonce = Buffer.from(command.nextNonce, "base64");
			if (command.name !== "Alert" || command.code !== alerts.generic) continue;
			const [item] = command.items;
			if (item?.source === fumoNodes.downloadAndUpdate) results.push(Number(item.data));
			said.push(reply(command.cmdId, "Alert", lies.code ?? status.accepted), ...commandsFor(item?.source));
		}
		const cred = authMd5(ro.shoId, account.serverPassword, clientNonce);
		return writeMessageIn("xml", {
			...{ sessionId, msgId, target: source, source: URL, final: true },
			...(msgId === 1 ? { cred, locName: ro.shoId } : {}),
			commands: said.map((command, n) => ({ ...command, cmdId: String(n + 1) }) as Command),
		});
	}

	// The M2ME tells its steps as a process of the bench does.
	const quiet = vi.spyOn(process.stdout, "write").mockReturnValue(true);

	beforeAll(async () => {
		first = await slotImages({ version: "1.0.0" });
		second = await slotImages({ version: "1.1.0", size: 900 });
		third = await slotImages({ version: "1.2.0" });
		ro = await TestOperator.make("ro.example");
		pva = await makeRoot("pva.example", "rsa");
		const leaf = await issueLeaf(ro.root, HOST, [HOST], "server");
		const dpf = createTlsServer(
			{ key: keyToPem(leaf.key), cert: toPem(leaf.certificate) },
			async (request, response) => {
				if (request.method === "POST")
					response
						.writeHead(200, { "content-type": contentTypes.xml })
						.end(Buffer.from(answer(await readBody(request))));
				else if (lies.status !== undefined) response.writeHead(lies.status).end();
				else if (lies.octets === undefined) response.writeHead(404).end();
				else response.writeHead(200).end(lies.octets);
			},
		);
		const port = await listen(dpf);
		const proxy = createHttpServer();
		proxy.on("connect", (_request, socket) => {
			const upstream = connect(port, "127.0.0.1", () => {
				socket.write("HTTP/1.1 200 OK\r\n\r\n");
				upstream.pipe(socket);
				socket.pipe(upstream);
			});
			for (const end of [socket, upstream]) end.on("error", () => end.destroy());
		});
		bearer = { host: "127.0.0.1", port: await listen(proxy), token: "t" };
	});

	afterAll(() => {
		quiet.mockRestore();
		for (const server of servers) server.close();
		rmSync(folder, { recursive: true, force: true });
	});

	/** A device that its RO has offered the second firmware. */
	beforeEach(async () => {
		const { image, rootKey } = keyedFlash();
		device = new UpdatableDevice(rootKey);
		device.store.octets.set(image);
		device.flash(first);
		const direct = device.start();
		tre = asClient(direct);
		owned = await personalise(tre, pva, ro);
		account = ro.account(owned);
		clientNonce = account.clientNonce;
		const offer = { version: "1.1.0", digest: bundleDigest(second) };
		await tre.call("acceptBootstrap", offerBootstrap(owned, ro, offer, { account: account.object }));
		memory = new Memory(join(folder, String(++lives)));
		memory.update({ update: { kind: "offered", ...accepted() } });
		update = new FirmwareUpdate({ tre, form: "xml" }, memory);
		results.length = 0;
		lies = { url: `https://${HOST}/packages/1`, octets: packed(second) };
	});

	const accepted = () => ({
		...{ provUrl: URL, root: ro.rootHash.toString("hex"), failures: 0 },
		digest: bundleDigest(second).toString("hex"),
	});
	const pending = (): PendingUpdate | undefined => memory.content.update;
	const isPending = (root = ro.rootHash) => update.isPending(root);
	/** Steps until there is none left, or one fails. */
	async function toItsEnd(): Promise<void> {
		for (let steps = 0; isPending() && steps < 6; steps++) {
			await update.proceed(bearer);
			if (pending()?.kind !== "sent") continue;
			// The restart that the TRE asked for.
			tre = asClient(device.start());
			update = new FirmwareUpdate({ tre, form: "xml" }, memory);
		}
	}
	const version = async (): Promise<string> => (await tre.call("updateStatus", {})).version;

	test("what was offered is fetched, given to the TRE, and told of as 200; then there is nothing left", async () => {
		await toItsEnd();
		expect(results).toEqual([fumoResults.successful]);
		expect([await version(), pending()]).toEqual(["1.1.0", undefined]);
	});

	test.each<[string, () => Lies, keyof typeof fumoResults]>([
		["PkgURL at another host", () => ({ url: "https://elsewhere.example/packages/1" }), "badUrl"],
		["PkgURL at another port", () => ({ url: `https://${HOST}:444/packages/1` }), "badUrl"],
		["PkgURL without TLS", () => ({ url: `http://${HOST}/packages/1` }), "badUrl"],
		["PkgURL that is none", () => ({ url: "packages" }), "badUrl"],
		["a file of this host", () => ({ url: "file:///etc/passwd" }), "badUrl"],
		["nothing is there", () => ({ octets: undefined }), "serverUnavailable"],
		["another genuine firmware", () => ({ octets: packed(third) }), "corrupted"],
		["octets that are no bundle", () => ({ octets: Buffer.from("<html></html>") }), "corrupted"],
		["more octets than any bundle has", () => ({ octets: Buffer.alloc(5 * 1024 * 1024) }), "serverUnavailable"],
		[
			"the offered one with an octet changed",
			() => {
				const octets = packed(second);
				octets[octets.length - 3] ^= 1;
				return { octets };
			},
			"corrupted",
		],
	])("%s: not taken, told of by its code, and what runs stays", async (_what, lie, result) => {
		lies = { ...lies, ...lie() };
		await toItsEnd();
		expect(results).toEqual([fumoResults[result]]);
		expect([await version(), pending()]).toEqual(["1.0.0", undefined]);
	});

	test("a DPF that does not say where, or does not say Exec, is asked again; the update goes on then", async () => {
		for (const lie of [{ url: undefined }, { executes: false }]) {
			const good = lies;
			lies = { ...lies, ...lie };
			await expect(update.proceed(bearer)).rejects.toThrow("did not say where");
			expect(pending()?.kind).toBe("offered");
			lies = good;
		}
		await toItsEnd();
		expect(await version()).toBe("1.1.0");
	});

	test("a DPF that knows of no offer any more is asked no more, nor told", async () => {
		lies = { ...lies, code: status.notFound };
		await update.proceed(bearer);
		expect(pending()).toBeUndefined();
		memory.update({ update: { kind: "ended", ...accepted(), result: "badUrl" } });
		await update.proceed(bearer);
		expect(pending()).toBeUndefined();
	});

	test("an offer of an SHO that does not reign any more is forgotten", () => {
		expect(isPending(Buffer.alloc(32, 1))).toBe(false);
		expect(pending()).toBeUndefined();
	});

	test("a firmware that is rolled back is told of as 410, and not fetched again", async () => {
		for (let steps = 0; pending()?.kind !== "sent" && steps < 3; steps++) await update.proceed(bearer);
		for (let starts = 0; starts < 3; starts++) device.startSilently();
		tre = asClient(device.start());
		update = new FirmwareUpdate({ tre, form: "xml" }, memory);
		await toItsEnd();
		expect(results).toEqual([fumoResults.updateFailed]);
		expect(await version()).toBe("1.0.0");
	});

	test("an offer that the TRE took while this host was away counts, and not what it remembers of the one before", async () => {
		memory.update({ update: { kind: "ended", ...accepted(), digest: "00".repeat(32), result: "successful" } });
		await toItsEnd();
		expect(results).toEqual([fumoResults.successful]);
		expect(await version()).toBe("1.1.0");
	});

	test("what fails each time ends with 409", async () => {
		lies = { ...lies, status: 500 };
		let failed = 0;
		for (let steps = 0; isPending() && steps < 20; steps++) await update.proceed(bearer).catch(() => failed++);
		expect(results).toEqual([fumoResults.undefined]);
		expect([failed, pending()]).toEqual([7, undefined]);
	});

	test("a firmware that somebody gave the TRE over the line is told of as what it is", async () => {
		await update.proceed(bearer);
		expect(pending()?.kind).toBe("found");
		await transfer(tre, second, () => undefined);
		await restartInto(tre);
		tre = asClient(device.start());
		update = new FirmwareUpdate({ tre, form: "xml" }, memory);
		await toItsEnd();
		expect(results).toEqual([fumoResults.successful]);
	});

	test("a restart of this host that the TRE was not asked for begins anew", async () => {
		memory.update({ update: { kind: "sent", ...accepted() } });
		await toItsEnd();
		expect(results).toEqual([fumoResults.successful]);
		expect(await version()).toBe("1.1.0");
	});
});
