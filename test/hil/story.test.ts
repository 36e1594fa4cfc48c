import { execFile } from "node:child_process";
import { createPrivateKey, X509Certificate } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { decode, encode } from "cborg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { commands } from "../../firmware/contract/commands.ts";
import type { ScenarioResult } from "../../hil/stage/play.ts";
import type { Traced } from "../../host/trace/traced.ts";
import { splitBootstrap } from "../../host/wire/prov/bootstrap.ts";
import { decodeDeliver } from "../../host/wire/sms/deliver.ts";
import { Reassembly } from "../../host/wire/sms/reassembly.ts";
import { canonicalXml } from "../../host/wire/xml/canonical.ts";
import { readFlash, unseal } from "../support/flash-image.ts";
import { independentMilenage, openEnvelope } from "../support/independent.ts";
import { wbxml2xml } from "../support/libwbxml.ts";
import { Registers } from "../support/registers.ts";
import { found, messagesIn, type Secret, secretsOf } from "../support/secrets.ts";
import { runStory, type StoryRun } from "../support/story-run.ts";
import { tshark, upperPduCapture } from "../support/tshark.ts";

const run = promisify(execFile);
const shoIds = ["ro.example", "sho-1.example", "sho-2.example"];

/** One story, told by the command that `npm start` runs; everything below looks at what it left. */
describe("the story of S3-091331: one device, three operators", () => {
	let story: StoryRun;
	const path = (...names: string[]): string => join(story.evidence, ...names);
	const read = (...names: string[]): string => readFileSync(path(...names), "utf8");

	beforeAll(async () => {
		story = await runStory();
	});
	afterAll(() => story?.dispose());

	test("B.2.2.1 to B.2.3.5 happen in the order of the text", () => {
		const ladder = JSON.parse(read("ladder.json")) as { clause: string; what: string; ok: boolean; ms: number }[];
		expect(ladder.every(({ ok, ms }) => ok && ms >= 0)).toBe(true);
		const clauses = ladder.map(({ clause }) => clause);
		const once = [
			"B.2.2.1",
			"B.2.2.2",
			"B.2.3.2",
			"B.2.3.3",
			"B.2.3.4 II",
			"B.2.3.4 III",
			"B.2.3.4 IV",
			"B.2.3.4 V",
			"B.2.3.4 VI, VII",
			"B.2.3.4 VIII",
			"B.2.3.5",
		];
		const start = clauses.indexOf("B.2.3.2");
		let at = -1;
		for (const clause of once) {
			const next = clauses.indexOf(clause, clause === "B.2.3.3" ? start : Math.max(at, 0));
			expect(next, clause).toBeGreaterThan(at);
			at = next;
		}
		expect(clauses.filter((clause) => clause === "B.2.3.4 VI, VII")).toHaveLength(2);
		for (const where of ["locally under CertPVA", "at the PVA"])
			expect(ladder.some(({ what }) => what.includes(where))).toBe(true);
	});

	test("result.json tells both changes", () => {
		const result = JSON.parse(read("result.json")) as ScenarioResult;
		expect(result).toMatchObject({ ok: true, target: "emulator" });
		expect(result.changes.map(({ fromSho, toSho }) => [fromSho, toSho])).toEqual([
			["ro.example", "sho-1.example"],
			["sho-1.example", "sho-2.example"],
		]);
		expect(result.changes[0].imsiBefore).toMatch(/^00101\d{10}$/);
		expect(result.changes[0].imsiAfter).toBe(result.changes[1].imsiBefore);
		expect(result.changes[1].imsiAfter).toMatch(/^00103\d{10}$/);
		expect(story.output).toContain(result.treId);
	});

	test("B.2.2.2, B.2.3.3: bootstraps went as WBXML in WAP pushes in short messages, which libwbxml and tshark read", () => {
		for (const folder of ["initial", "change-1", "change-2"]) {
			const body = readFileSync(path(folder, "bootstrap.wbxml"));
			const sent = canonicalXml(wbxml2xml(body));
			const { document, signature } = splitBootstrap(sent);
			expect(document).toBe(read(folder, "bootstrap.xml"));
			expect(read(folder, "bootstrap.sig.xml")).toContain(signature.value.toString("base64"));
			const tpdus = read(folder, "push.hex")
				.trim()
				.split("\n")
				.map((line) => Buffer.from(line, "hex"));
			const shown = tshark(readFileSync(path(folder, "push.pcap")), "-V");
			expect(shown).toContain(`Message parts: ${tpdus.length}`);
			const reassembly = new Reassembly();
			const whole = tpdus.map((tpdu) => reassembly.take(decodeDeliver(tpdu), 0)).at(-1);
			const push = tshark(upperPduCapture("wsp-cl", [whole?.data ?? Buffer.alloc(0)]), "-V");
			expect(push).toMatch(/NETWPIN/);
			expect(push).toMatch(/wap-provisioningdoc/);
			expect(push).not.toMatch(/Malformed/);
		}
	});

	test("B.2.3.4: the DM sessions went as WBXML; libwbxml reads in each message what stands beside it", () => {
		let messages = 0;
		for (const change of ["change-1", "change-2"]) {
			const names = readdirSync(path(change, "syncml"));
			const binary = names.filter((name) => name.endsWith(".wbxml"));
			expect(binary.map((name) => name.replace(".wbxml", ".xml"))).toEqual(
				names.filter((name) => name.endsWith(".xml")),
			);
			for (const name of binary) {
				const octets = readFileSync(path(change, "syncml", name));
				expect(canonicalXml(wbxml2xml(octets))).toBe(read(change, "syncml", name.replace(".wbxml", ".xml")));
				messages++;
			}
			const captured = readFileSync(path(change, "syncml.pcap"));
			const ways = tshark(captured, "-T", "fields", "-e", "exported_pdu.p2p_dir").trim().split("\n");
			expect(ways).toEqual(binary.map((name) => (name.includes("client") ? "0" : "1")));
			const shown = tshark(captured, "-V");
			expect(shown).toContain("SyncML 1.2");
			expect(shown).not.toMatch(/Malformed|Unknown/);
		}
		expect(messages).toBeGreaterThanOrEqual(12);
	});

	test("xmlsec1 verifies every signed document, and refuses it with one octet changed", async () => {
		const verify = (certificate: string, file: string, ...more: string[]) =>
			run("xmlsec1", ["--verify", "--pubkey-cert-pem", path("certs", certificate), ...more, path(file)]);
		const bootstraps = [
			["initial", "sho-0.pem"],
			["change-1", "sho-0.pem"],
			["change-2", "sho-1.pem"],
		];
		for (const [folder, certificate] of bootstraps) {
			const map = (file: string) => ["--url-map:cid:bootstrap", path(folder, file)];
			await verify(certificate, `${folder}/bootstrap.sig.xml`, ...map("bootstrap.xml"));
			await expect(verify(certificate, `${folder}/bootstrap.sig.xml`, ...map("bootstrap.sig.xml"))).rejects.toThrow();
		}
		for (const n of [1, 2]) {
			for (const file of ["m2mm.xml", "receipt-installed.xml", "receipt-committed.xml"])
				await verify("tre-sign.pem", `change-${n}/${file}`);
			await verify(`sho-${n}.pem`, `change-${n}/m2mmcim.xml`);
			await expect(verify(`sho-${n - 1}.pem`, `change-${n}/m2mmcim.xml`)).rejects.toThrow();
		}
	});

	test("openssl accepts the certificates", async () => {
		const { stdout } = await run("openssl", [
			"verify",
			"-x509_strict",
			"-purpose",
			"any",
			"-CAfile",
			path("certs/pva.pem"),
			path("certs/tre-sign.pem"),
			path("certs/tre-enc.pem"),
		]);
		expect(stdout.match(/: OK/g)).toHaveLength(2);
		for (const n of [0, 1, 2])
			await run("openssl", [
				"verify",
				"-check_ss_sig",
				"-CAfile",
				path(`certs/sho-${n}.pem`),
				path(`certs/sho-${n}.pem`),
			]);
		const { treId } = JSON.parse(read("result.json")) as ScenarioResult;
		for (const name of ["tre-sign", "tre-enc"]) {
			const certificate = new X509Certificate(read("certs", `${name}.pem`));
			expect(certificate.subject).toBe(`CN=${treId}`);
		}
	});

	const decryptionKey = () => {
		const rootKey = readFileSync(join(story.lab, "tre", "root.key"));
		const sealed = readFlash(readFileSync(join(story.lab, "tre", "flash.bin"))).find(
			({ key, octets }) => key === 4 && octets.length > 0,
		);
		return createPrivateKey({ key: unseal(rootKey, sealed?.octets ?? Buffer.alloc(0)), format: "der", type: "pkcs1" });
	};
	const accounts = (): Buffer[] =>
		[1, 2].map((n) =>
			Buffer.from(/name="ACCOUNT" value="([^"]+)"/.exec(read(`change-${n}`, "bootstrap.xml"))?.[1] ?? "", "base64"),
		);
	const mcims = (): Buffer[] =>
		[1, 2].map((n) =>
			Buffer.from(/<ProtectedMCIM>([^<]+)/.exec(read(`change-${n}`, "m2mmcim.xml"))?.[1] ?? "", "base64"),
		);

	test("B.2.3.6: an independent implementation decrypts account and MCIM, and finds the pinned fields", () => {
		const { treId, changes } = JSON.parse(read("result.json")) as ScenarioResult;
		const key = decryptionKey();
		accounts().forEach((object, n) => {
			const { tag, open, secret } = openEnvelope(object, key);
			const fields = decode(open) as unknown[];
			expect([object[0], tag, fields.length]).toEqual([2, 4, 9]);
			expect(fields[0]).toBe(treId);
			expect(fields[2]).toBe(changes[n].toSho);
			expect((fields[7] as number) + (fields[8] as number)).toBe(secret.length);
		});
		mcims().forEach((object, n) => {
			const { tag, open, secret } = openEnvelope(object, key);
			const fields = decode(open) as unknown[];
			expect([object[0], tag, fields.length, secret.length]).toEqual([2, 3, 10, 32]);
			expect(fields[3]).toBe(changes[n].imsiAfter);
			expect(fields[4]).toBe("milenage");
		});
	});

	describe("G1: the serial line of the whole story, manufacture included", () => {
		const lines = () => ["to-tre", "from-tre"].map((name) => readFileSync(path("serial", `${name}.bin`)));
		const everything = (): Buffer => Buffer.concat(lines().flatMap((line) => [line, ...messagesIn(line)]));
		const secrets = (): Secret[] => secretsOf(story.lab, shoIds, [...accounts(), ...mcims()]);

		test("carries no K, Ki, OPc, DM password, PIK, PCK or prime", () => {
			const names = secrets().map(({ name }) => name);
			for (const kind of [
				"K of",
				"OPc of",
				"client password",
				"server password",
				"PIK",
				"PCK",
				"p of key pair 3",
				"q of key pair 4",
			]) {
				expect(
					names.some((name) => name.startsWith(kind)),
					kind,
				).toBe(true);
			}
			expect(names.length).toBeGreaterThanOrEqual(20);
			expect(found(secrets(), everything())).toEqual([]);
		});

		test("would show each of them if it were there, in any form", () => {
			const forms = (octets: Buffer): Buffer[] => [
				octets,
				Buffer.from(octets.toString("hex")),
				...[0, 1, 2].map((shift) =>
					Buffer.from(Buffer.concat([Buffer.alloc(shift, 65), octets, Buffer.from("xyz")]).toString("base64")),
				),
			];
			const line = everything();
			for (const secret of secrets()) {
				for (const form of forms(secret.octets)) {
					const planted = Buffer.concat([line.subarray(0, 1000), form, line.subarray(1000)]);
					expect(found([secret], planted), secret.name).toEqual([secret.name]);
				}
			}
		});

		test("crosses real frames in both directions", () => {
			const [to, from] = lines().map((line) => messagesIn(line).length);
			expect(to).toBeGreaterThan(40);
			expect(Math.abs(to - from)).toBeLessThan(5);
		});
	});

	test("TS 33.102: every AUTHENTICATE of the story equals an independent computation", () => {
		const keys = shoIds.flatMap((shoId) => new Registers(join(story.lab, `operator-${shoId}`)).all("subscriber"));
		const [requests, responses] = ["to-tre", "from-tre"].map((name) =>
			messagesIn(readFileSync(path("serial", `${name}.bin`))).map((message) => decode(message) as unknown[]),
		);
		expect(requests.length).toBe(responses.length);
		const runs = requests.flatMap((request, n) =>
			request[0] === commands.authenticate.number ? [{ request, response: responses[n] }] : [],
		);
		expect(runs.length).toBe(3);
		for (const { request, response } of runs) {
			const [rand, autn] = request.slice(1) as Buffer[];
			const fits = keys.filter(({ k, opc }) => {
				const once = (sqn: Uint8Array) =>
					independentMilenage(Buffer.from(k, "hex"), Buffer.from(opc, "hex"), rand, sqn, autn.subarray(6, 8));
				const sqn = once(Buffer.alloc(6)).f5.map((octet, at) => octet ^ autn[at]);
				const { f1, f2, f3, f4 } = once(sqn);
				const answer = [0, 0, f2, f3, f4, Buffer.alloc(0)];
				return (
					f1.equals(autn.subarray(8)) &&
					encode(answer.map((one) => (Buffer.isBuffer(one) ? new Uint8Array(one) : one))).toString() ===
						encode(response).toString()
				);
			});
			expect(fits).toHaveLength(1);
		}
	});

	test("documents.md: what is produced has the form of the worked examples", () => {
		const example = (name: string): string => readFileSync(resolve("test/vectors/examples", name), "utf8");
		/** A document without its contents: what is left is the same in every document of the kind. */
		const form = (text: string): string =>
			text
				.trim()
				.replace(/value="[^"]*"/g, 'value=""')
				.replace(/type="[0-9A-F]{40}"/g, 'type=""')
				.replace(/>[^<]+</g, "><");
		for (const n of [1, 2]) {
			const pairs = [
				["bootstrap.xml", "bootstrap.xml"],
				["m2mm.xml", "m2mm.xml"],
				["receipt-committed.xml", "receipt.xml"],
				["receipt-installed.xml", "receipt.xml"],
			];
			for (const [ours, theirs] of pairs) expect(form(read(`change-${n}`, ours)), ours).toBe(form(example(theirs)));
		}
		// SHO[1] signs with RSA as the examples do; SHO[2] with an elliptic curve.
		expect(form(read("change-1", "bootstrap.sig.xml"))).toBe(form(example("bootstrap.sig.xml")));
		expect(form(read("change-1", "m2mmcim.xml"))).toBe(form(example("m2mmcim.xml")));
		expect(form(read("change-2", "m2mmcim.xml"))).toBe(
			form(example("m2mmcim.xml")).replace("rsa-sha256", "ecdsa-sha256"),
		);
	});

	test("no key lies in the evidence, in a report or in a file that others may read", () => {
		const secrets = secretsOf(story.lab, shoIds, [...accounts(), ...mcims()]);
		const files = (folder: string): string[] =>
			readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
				entry.isDirectory() ? files(join(folder, entry.name)) : [join(folder, entry.name)],
			);
		for (const file of files(story.evidence)) expect(found(secrets, readFileSync(file)), file).toEqual([]);
		expect(found(secrets, Buffer.from(story.output))).toEqual([]);
		for (const name of readdirSync(story.lab, { withFileTypes: true })) {
			if (name.isDirectory()) expect(statSync(join(story.lab, name.name)).mode & 0o077, name.name).toBe(0);
		}
	});

	test("nothing is left behind but what the run names", () => {
		expect(story.lab).not.toBe("");
		expect(existsSync(join(story.lab, "tre", "lock"))).toBe(false);
		expect(existsSync(join(story.lab, "tre.tty"))).toBe(false);
	});

	describe("what each operator keeps of it", () => {
		const rows = (shoId: string, table: string) => new Registers(join(story.lab, `operator-${shoId}`)).rows(table);
		const audit = (shoId: string) => rows(shoId, "audit").map(({ what }) => String(what));

		test("the audit trail has each step of the registers, in order", () => {
			expect(audit("ro.example")).toEqual([
				...["the subscription is in the HLR/AuC", "is served here", "has a REIGN", "has another release code"],
				...["has SERIAL 1", "change to sho-1.example, attempt 1: registered", "has SERIAL 2"],
				...["change to sho-1.example, attempt 1: sent", "has left for another SHO", "has another release code"],
				"change to sho-1.example, attempt 1: committed",
			]);
			const states = audit("sho-1.example").filter((what) => what.startsWith("change from"));
			expect(states.map((what) => what.replace(/.*: /, ""))).toEqual([
				"registered",
				"requested",
				"installed",
				"committed",
			]);
		});

		test("every receipt that something was recorded from is kept as the TRE signed it", () => {
			const kept = shoIds.flatMap((shoId) => rows(shoId, "receipt"));
			const states = new Set(kept.map(({ state }) => state));
			for (const state of ["installed", "committed"]) expect(states).toContain(state);
			for (const { document } of kept) expect(String(document)).toContain("<ds:SignatureValue>");
		});

		test("neither holds a K, an OPc, a password or a key", () => {
			const text = shoIds.flatMap((shoId) => [...rows(shoId, "audit"), ...rows(shoId, "receipt")]);
			expect(found(secretsOf(story.lab, shoIds, []), Buffer.from(JSON.stringify(text)))).toEqual([]);
		});
	});

	describe("tre trace shows every message with its meaning and clause, and nothing secret", () => {
		const trace = async (...args: string[]): Promise<string> => {
			const command = [resolve("build/js/host/cli/main.js"), "trace", story.evidence, ...args];
			return (await run(process.execPath, command, { maxBuffer: 1 << 24 })).stdout;
		};
		let all: Traced[] = [];
		const parts = () => all.flatMap((one) => one.parts);
		const onLine = () => all.filter(({ file }) => file === "serial").map(({ parts: [part] }) => part);

		beforeAll(async () => {
			all = (await trace("--serial", "--json"))
				.trim()
				.split("\n")
				.map((one) => JSON.parse(one) as Traced);
		});

		test("every short message, message of a session and receipt", () => {
			expect(parts().filter(({ clause }) => clause === "?")).toEqual([]);
			const files = all.map(({ file }) => file);
			const kept = ["initial", "change-1", "change-2"].flatMap((folder) =>
				readdirSync(path(folder), { recursive: true, encoding: "utf8" }).map((name) => `${folder}/${name}`),
			);
			const messages = kept.filter((name) => /push\.hex$|receipt-|syncml\/.*wbxml$/.test(name));
			expect(messages.length).toBeGreaterThan(15);
			for (const name of messages) expect(files).toContain(name);
		});

		test.each([
			...["B.2.2.1", "B.2.2.2", "B.2.3.3", "B.2.3.4 II", "B.2.3.4 V", "B.2.3.4 VI, VII", "B.2.3.4 VIII", "B.2.3.5"],
		])("clause %s", (clause) => {
			expect(parts().some((part) => part.clause === clause)).toBe(true);
		});

		test("each signature with its signer", () => {
			const signatures = parts()
				.flatMap(({ fields }) => fields)
				.filter(([name]) => name === "signature");
			expect(signatures.length).toBeGreaterThan(10);
			for (const [, said] of signatures) expect(said).toMatch(/^(rsa|ecdsa)-sha256, verifies under certs\//);
		});

		test("each command on the line with its answer", () => {
			expect(onLine().filter(({ what }) => what.startsWith("authenticate:"))).toHaveLength(3);
			expect(onLine().filter(({ fields }) => fields.some(([, value]) => value.startsWith("no answer")))).toEqual([]);
		});

		test("no K, OPc, password or private key; RES, CK and IK masked", async () => {
			const secrets = secretsOf(story.lab, shoIds, []);
			for (const form of [[], ["--json"]])
				expect(found(secrets, Buffer.from(await trace("--serial", ...form)))).toEqual([]);
			const hidden = onLine()
				.flatMap(({ fields }) => fields)
				.filter(([name]) => /^← (res|ck|ik|reign|digest)$/.test(name));
			expect(hidden.length).toBeGreaterThan(8);
			for (const [, value] of hidden) expect(value).toMatch(/^\d+ octets, masked$/);
		});
	});
});
