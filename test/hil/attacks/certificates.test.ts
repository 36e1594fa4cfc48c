import "reflect-metadata";
import { generateKeyPairSync, webcrypto, X509Certificate } from "node:crypto";
import * as x509 from "@peculiar/x509";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Identity, makeRoot, toPem } from "../../../hil/network/shared/certificates.ts";
import { ask } from "../../support/ask.ts";
import { Contracted } from "../../support/contracted.ts";
import { Elements } from "../../support/elements.ts";
import { newSubscriber } from "../../support/hlr-bench.ts";
import { madeDevice, pvaEntryOf, servedDevice } from "../../support/made-device.ts";

const DAY_MS = 86_400_000;
const RO = "ro.example";
const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const elements = new Elements();
let pva: Identity;

/** A leaf as a test wants it, under a root on an elliptic curve. */
async function leafOf(
	{ key, certificate }: Identity,
	{ days = 1, cn = "leaf", extensions = [] as x509.Extension[] },
): Promise<{ certificate: Buffer; key: string }> {
	const pair = generateKeyPairSync("ec", { namedCurve: "P-256" });
	const signingKey = await webcrypto.subtle.importKey(
		"pkcs8",
		key.export({ type: "pkcs8", format: "der" }),
		algorithm,
		true,
		["sign"],
	);
	const made = await x509.X509CertificateGenerator.create({
		...{ serialNumber: "01", subject: `CN=${cn}`, extensions, signingAlgorithm: algorithm },
		issuer: new x509.X509Certificate(new Uint8Array(certificate)).subject,
		notBefore: new Date(Date.now() - 2 * DAY_MS),
		notAfter: new Date(Date.now() + days * DAY_MS),
		publicKey: new x509.PublicKey(pair.publicKey.export({ type: "spki", format: "der" })),
		signingKey: signingKey as CryptoKey,
	});
	return {
		certificate: Buffer.from(made.rawData),
		key: pair.privateKey.export({ type: "pkcs8", format: "pem" }) as string,
	};
}

beforeAll(async () => {
	pva = await makeRoot("maker.example", "ec");
	await elements.operator(RO);
	elements.contractPva(pvaEntryOf(pva));
}, 60_000);
afterAll(() => elements.stop());

describe("certificates that one library reads and another does not", () => {
	const junk: Readonly<Record<string, [oid: string, hex: string]>> = {
		"key usage": ["2.5.29.15", "3003020101"],
		"extended key usage": ["2.5.29.37", "0500"],
		"alternative name": ["2.5.29.17", "ffff"],
		"basic constraints": ["2.5.29.19", "01"],
		"key identifier": ["2.5.29.14", "ff"],
	};
	const names = Object.keys(junk);
	const treId = "0".repeat(32);
	const extensionOf = (name: string) => {
		const [oid, hex] = junk[name] as [string, string];
		return new x509.Extension(oid, false, Buffer.from(hex, "hex"));
	};

	test.each(names)(
		"junk as %s, of anybody's root or of the PVA's: the portal and the factory's door refuse CertTRE",
		async (name) => {
			const factory = await Contracted.make("factory.example");
			elements.contractPva({ ...pvaEntryOf(factory.root), pvaId: "factory.example" });
			const to = elements.entry(RO);
			elements.contractOperator((await Contracted.make("other.example")).entry("00177"));
			for (const root of [pva, await makeRoot("nobody.example", "ec")]) {
				const { certificate } = await leafOf(root, { cn: treId, extensions: [extensionOf(name)] });
				const certificates = { certSign: certificate.toString("base64"), certEncrypt: certificate.toString("base64") };
				const body = JSON.stringify({ treId, ...certificates, shoId: "other.example", nextRelease: "0".repeat(64) });
				const portal = await ask(to.portal, { method: "POST", path: "/subscriptions", body });
				expect([portal.status, JSON.parse(portal.text).error]).toEqual([409, "cert-tre"]);
				const door = await factory.post(to, "/factory/credential", { treId, ...certificates });
				expect([door.status, JSON.parse(door.text).error]).toEqual([409, "cert-tre"]);
			}
		},
	);

	test.each(names)("junk as %s in the leaf of a caller: it is of no contracted party", async (name) => {
		const peer = await Contracted.make("junk.example");
		elements.contractOperator(peer.entry("00178"));
		const to = elements.entry(RO);
		const { certificate, key } = await leafOf(peer.root, { cn: "junk.example", extensions: [extensionOf(name)] });
		const tls = { ...peer.tls(to), cert: toPem(certificate), key };
		const body = JSON.stringify({ id: "1", treId, changeId: "c" });
		// TLS itself may refuse it, too.
		const status = await ask(to.api.address, { method: "POST", path: "/peer/delivered", body, tls }).then(
			(reply) => reply.status,
			() => 403,
		);
		expect(status).toBe(403);
		expect(elements.died).toEqual([]);
	});
});

describe("how long an operator's TLS leaves last", () => {
	const healthOf = async (shoId: string) => {
		const { status, text } = await ask(elements.entry(shoId).operations, { path: "/health" });
		return { status, ...JSON.parse(text) };
	};
	/** An operator one of whose leaves ends then. */
	const withLeaf = (days: number) =>
		elements.operator("sho-1.example", async (store) => {
			const root = await makeRoot("sho-1.example", "ec");
			store.identities.put("root", {
				key: root.key.export({ type: "pkcs8", format: "pem" }) as string,
				certificate: toPem(root.certificate),
			});
			const { certificate, key } = await leafOf(root, { days, cn: "sho-1.example" });
			store.identities.put("api-client", { key, certificate: toPem(certificate) });
		});

	test("/health tells the days of the one that ends first", async () => {
		const { leavesEndInDays } = await healthOf(RO);
		expect(leavesEndInDays).toBeGreaterThan(365);
		await withLeaf(30.5);
		expect(await healthOf("sho-1.example")).toEqual({ status: 200, ok: true, leavesEndInDays: 30 });
		await elements.end("operator-sho-1.example");
	});

	test("one that has ended makes the operator unwell: 503", async () => {
		await withLeaf(-0.5);
		expect(await healthOf("sho-1.example")).toEqual({ status: 503, ok: false, leavesEndInDays: -1 });
		await elements.end("operator-sho-1.example");
	});

	test("a device's certificates of a PVA that is contracted are taken: the refusals above are for what they are", async () => {
		const made = await madeDevice(pva);
		await elements.end(`operator-${RO}`);
		const subscriber = newSubscriber(1);
		await elements.operator(RO, (store) => {
			store.subscribers.put(subscriber.imsi, subscriber);
			store.devices.put(made.treId, servedDevice(made, subscriber.imsi));
		});
		await elements.operator("sho-2.example");
		const body = JSON.stringify({ ...made, shoId: RO, nextRelease: "0".repeat(64) });
		const { portal } = elements.entry("sho-2.example");
		const { status, text } = await ask(portal, { method: "POST", path: "/subscriptions", body });
		expect([status, JSON.parse(text)]).toMatchObject([200, { treId: made.treId, reached: true }]);
		expect(new X509Certificate(Buffer.from(made.certSign, "base64")).subject).toBe(`CN=${made.treId}`);
	});
});
