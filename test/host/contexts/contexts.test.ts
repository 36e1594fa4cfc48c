import { mkdirSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { Applications, MAX_APPLICATION_SERVERS } from "../../../host/daemon/applications.ts";
import { Inbox } from "../../../host/daemon/inbox.ts";
import { Memory } from "../../../host/daemon/memory.ts";
import type { Modem, ShortMessage } from "../../../host/modem/modem.ts";
import { readMcims } from "../../../host/tre/mcims.ts";
import type { DmAccount } from "../../../host/wire/prov/account.ts";
import { signBootstrap, writeBootstrap } from "../../../host/wire/prov/bootstrap.ts";
import { bootstrapPush } from "../../../host/wire/push/delivery.ts";
import { decodePush } from "../../../host/wire/push/wsp.ts";
import { contentTypes } from "../../../host/wire/radio/short-messages.ts";
import { ruleBench } from "../../support/rule-bench.ts";

const SECRET = "correct horse battery";

const account = (serverId: string, address = `https://${serverId}/dm`): DmAccount => ({
	...{ serverId, name: serverId, address, napId: "NAP1", init: true },
	credentials: [
		{ level: "APPSRV", type: "DIGEST", name: "meter", secret: SECRET, data: "AAAA" },
		{ level: "CLIENT", type: "DIGEST", name: serverId, secret: `${SECRET} 2`, data: "BBBB" },
	],
});

/** The M2ME's inbox in front of a real TRE: what is pushed to the device comes in here. */
describe("B.2.3.3: re-bootstrap, and the contexts of MCIM provisioning and of M2M applications", () => {
	const bench = ruleBench();
	const folder = mkdtempSync(join(tmpdir(), "contexts-"));
	let [memory, applications] = [new Memory(folder), new Applications(folder)];
	let inbox: Inbox;
	const told: string[] = [];
	const submitted: string[] = [];

	beforeAll(() => {
		vi.spyOn(process.stdout, "write").mockImplementation((text) => {
			told.push(String(text));
			return true;
		});
		const submit = async ({ contentType }: ShortMessage) => void submitted.push(contentType);
		const modem = { submit, workedOff: () => undefined };
		inbox = new Inbox(bench.tre, modem as unknown as Modem, memory, applications);
	});
	beforeEach(() => told.splice(0));
	afterAll(() => {
		vi.restoreAllMocks();
		rmSync(folder, { recursive: true, force: true });
	});

	/** Pushed to the device as the DRF of the current SHO would. */
	const push = async (document: string): Promise<string> => {
		const { sent } = signBootstrap(document, bench.ro.root.key);
		const { contentType, body, sec, mac } = bootstrapPush(sent, bench.owned.imsi);
		inbox.take({ contentType, body: Buffer.from(body), sec, mac });
		return inbox.work();
	};
	const application = (...accounts: DmAccount[]) => push(writeBootstrap({ ...bench.fields("application"), accounts }));
	const change = () => push(bench.change().document.toString("utf8"));

	/** Everything that belongs to MCIM provisioning, in the TRE and in the M2ME. */
	const provisioning = async () => {
		const { serial, transaction, ...status } = await bench.tre.status();
		return { status, memory: memory.content, mcims: await readMcims(bench.tre) };
	};
	const servers = () => applications.accounts.map(({ serverId, address }) => `${serverId} ${address}`).sort();

	test("M2M applications: an account for a new server is added, one for a known server takes its place as a whole", async () => {
		await application(account("meters.example"));
		await application(account("trackers.example"));
		expect(applications.accounts).toEqual([account("meters.example"), account("trackers.example")]);
		const { credentials, ...moved } = account("meters.example", "https://new.meters.example/dm");
		await application({ ...moved, credentials: [] });
		expect(servers()).toEqual([
			"meters.example https://new.meters.example/dm",
			"trackers.example https://trackers.example/dm",
		]);
		expect(applications.accounts.find(({ serverId }) => serverId === "meters.example")?.credentials).toEqual([]);
		await application(account("meters.example"), account("third.example"));
		expect(servers()).toHaveLength(3);
	});

	test("the file with the credentials is its owner's alone, and they reach no event", () => {
		expect(statSync(join(folder, "applications.json")).mode & 0o077).toBe(0);
		expect(told.join("")).not.toContain(SECRET);
	});

	test("the same octets once more change nothing; an older bootstrap does not bring an account back", async () => {
		const older = writeBootstrap({
			...bench.fields("application"),
			accounts: [account("meters.example", "https://old/dm")],
		});
		const newer = writeBootstrap({ ...bench.fields("application"), accounts: [account("meters.example")] });
		await push(newer);
		const before = applications.accounts;
		expect(await push(newer)).toBe("read");
		await push(older);
		expect(told.join("")).toContain("replayed");
		expect(applications.accounts).toEqual(before);
	});

	test.each(["bootstrapped", "requested"] as const)(
		"%s: an application bootstrap with the DPF's own ServerID touches nothing of MCIM provisioning",
		async (state) => {
			await change();
			if (state === "requested") await bench.nonceB();
			const before = await provisioning();
			expect(before.status.state).toBe(state);
			expect(before.memory.provUrl).toBe(`https://dpf.${bench.sho1.shoId}/dm`);
			await application(account(bench.sho1.shoId, "https://elsewhere.example/dm"));
			expect(servers()).toContain(`${bench.sho1.shoId} https://elsewhere.example/dm`);
			expect(await provisioning()).toEqual(before);
			await bench.withdraw();
		},
	);

	test("MCIM provisioning: a change bootstrap replaces the account of the change before it, and touches no application", async () => {
		const known = applications.accounts;
		await change();
		const first = await bench.nonceB();
		await change();
		expect((await bench.tre.status()).state).toBe("bootstrapped");
		expect((await bench.nonceB()).equals(first)).toBe(false);
		expect(applications.accounts).toEqual(known);
		await bench.withdraw();
		expect(applications.accounts).toEqual(known);
	});

	test("refused by name, and what was there stays: a ninth server, one server twice, another APPID", async () => {
		const many = Array.from({ length: MAX_APPLICATION_SERVERS - applications.accounts.length + 1 }, (_, n) =>
			account(`more-${n}.example`),
		);
		const before = applications.accounts;
		await application(...many);
		expect(told.join("")).toContain(`no room for more than ${MAX_APPLICATION_SERVERS} servers`);
		await application(account("a.example"), account("a.example", "https://b.example/dm"));
		expect(told.join("")).toContain("two accounts for one server");
		const other = writeBootstrap({ ...bench.fields("application"), accounts: [account("mms.example")] });
		await push(other.replace('value="w7"', 'value="w4"'));
		expect(told.join("")).toContain("an APPLICATION w4: only w7 (OMA DM) is taken");
		expect(applications.accounts).toEqual(before);
		await application(account("meters.example", "https://good.example/dm"));
		expect(servers()).toContain("meters.example https://good.example/dm");
	});

	test.each([
		["binary, SEC and MAC as OMA DM has them", `01 06 30 1f 2e c2 91 80 92 ${"41".repeat(40)} 00`],
		["binary, parameters by name", "01 06 14 13 c2 53 45 43 00 4e 45 54 57 4f 52 4b 49 44 00 4d 41 43 00"],
		["XML", "01 06 01 c3"],
	])(
		"OMA DM profile: a bootstrap of that profile is refused by name, and touches no context: %s",
		async (_what, head) => {
			const before = [await provisioning(), applications.accounts];
			const octets = Buffer.concat([Buffer.from(head.replaceAll(" ", ""), "hex"), Buffer.from("03000000", "hex")]);
			const { contentType, body } = decodePush(octets);
			inbox.take({ contentType, body: Buffer.from(body) });
			expect(await inbox.work()).toBe("read");
			expect(told.join("")).toContain(`bootstrap refused: ${contentType} is the DM profile's`);
			expect([await provisioning(), applications.accounts]).toEqual(before);
		},
	);

	test("an account that cannot be written: no receipt is sent, so the DRF sends it again; then it is there", async () => {
		const blocked = join(folder, "applications.json.new");
		mkdirSync(blocked);
		const document = writeBootstrap({
			...bench.fields("application"),
			accounts: [account("meters.example", "https://late/dm")],
		});
		await expect(push(document)).rejects.toThrow(/EISDIR/);
		const ask = async () => {
			inbox.take({ contentType: contentTypes.receiptRequest, body: Buffer.alloc(16, 1), from: "+88299001122" });
			await inbox.work();
		};
		await ask();
		expect(submitted).toEqual([]);
		rmSync(blocked, { recursive: true });
		expect(await push(document)).toBe("read");
		expect(servers()).toContain("meters.example https://late/dm");
		await ask();
		expect(submitted).toEqual([contentTypes.receipt]);
	});

	test("a restart of the M2ME finds both contexts as they were", () => {
		const [first, second] = [memory.content, applications.accounts];
		[memory, applications] = [new Memory(folder), new Applications(folder)];
		expect([memory.content, applications.accounts]).toEqual([first, second]);
	});
});
