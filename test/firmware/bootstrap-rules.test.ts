import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { LifeState } from "../../firmware/contract/states.ts";
import { makeRoot } from "../../hil/network/shared/certificates.ts";
import type { TreClient } from "../../host/tre/client.ts";
import { type Bootstrap, type BootstrapKind, writeBootstrap } from "../../host/wire/prov/bootstrap.ts";
import { type Delivered, deliver } from "../support/delivered.ts";
import { Device } from "../support/device.ts";
import {
	authenticate,
	type BootstrapRequest,
	change,
	changeBootstrap,
	mcimObject,
	nonceBOf,
	type Personalised,
	personalise,
	signedOctets,
	type TestOperator,
} from "../support/operators.ts";

/** Rules of documents.md on bootstraps, each broken end to end over the terminal device. */
describe("documents.md, Bootstrap", () => {
	let delivered: Delivered | undefined;
	let tre: TreClient;
	let ro: TestOperator;
	let sho1: TestOperator;
	let owned: Personalised;

	beforeAll(async () => {
		delivered = await deliver();
		({ tre, ro, sho1, owned } = delivered);
	});

	afterAll(() => delivered?.dispose());

	const refused = async (request: BootstrapRequest, code: string) => {
		const before = await tre.status();
		await expect(tre.call("acceptBootstrap", request)).rejects.toMatchObject({ code });
		expect(await tre.status()).toEqual(before);
	};

	const nap = { napId: "NAP1", name: "nap", apn: "test.example" };

	const fields = (kind: BootstrapKind, serial = ++owned.serial): Bootstrap => ({
		kind,
		name: ro.shoId,
		treId: owned.treId,
		reign: owned.reign,
		serial,
		naps: kind === "withdraw" ? [] : [nap],
	});

	const signed = (document: string): BootstrapRequest => signedOctets(document, ro);
	const bootstrap = (kind: BootstrapKind): BootstrapRequest => signed(writeBootstrap(fields(kind)));
	const withdraw = () => tre.call("acceptBootstrap", bootstrap("withdraw"));

	/** A change bootstrap whose document is edited before it is signed. */
	const edited = (edit: (document: string) => string): BootstrapRequest => {
		const { document } = changeBootstrap(owned, sho1, ro);
		const changed = edit(document.toString("utf8"));
		expect(changed).not.toBe(document.toString("utf8"));
		return signed(changed);
	};

	test("a thumbprint that is not the certificate's; lower-case digits", async () => {
		const thumbprint = createHash("sha1").update(sho1.root.certificate).digest("hex").toUpperCase();
		const wrong = thumbprint.replace(/^./, (digit) => (digit === "0" ? "1" : "0"));
		await refused(
			edited((text) => text.replace(thumbprint, wrong)),
			"thumbprint-mismatch",
		);
		const small = createHash("sha1").update(sho1.root.certificate).digest("hex");
		await refused(
			edited((text) => text.replace(thumbprint, small)),
			"document-malformed",
		);
	});

	test.each([
		["white space between elements", (text: string) => text.replace("><", "> <")],
		["an empty-element tag", (text: string) => text.replace("></parm>", "/>")],
		["a comment", (text: string) => text.replace("><parm", "><!-- --><parm")],
		["an XML declaration", (text: string) => `<?xml version="1.0"?>${text}`],
		[
			"another order of parameters",
			(text: string) => text.replace(/(<parm name="TRE-ID"[^>]*><\/parm>)(<parm name="REIGN"[^>]*><\/parm>)/, "$2$1"),
		],
		["a parameter twice", (text: string) => text.replace(/(<parm name="SERIAL"[^>]*><\/parm>)/, "$1$1")],
		[
			"an unknown parameter in TRE",
			(text: string) =>
				text.replace('<parm name="FALLBACK"', '<parm name="FALLBACKS" value=""></parm><parm name="FALLBACK"'),
		],
		[
			"a second CertificateStore",
			(text: string) => text.replace(/(<characteristic type="CertificateStore">.*?(<\/characteristic>){4})/, "$1$1"),
		],
		["a SERIAL with a leading zero", (text: string) => text.replace(/name="SERIAL" value="/, 'name="SERIAL" value="0')],
		[
			"a SERIAL of 2^32",
			(text: string) => text.replace(/name="SERIAL" value="\d+"/, 'name="SERIAL" value="4294967296"'),
		],
		[
			"a REIGN in upper case",
			(text: string) => text.replace(/name="REIGN" value="[^"]*"/, `name="REIGN" value="${"AB".repeat(32)}"`),
		],
		["an unknown KIND", (text: string) => text.replace('value="change"', 'value="exchange"')],
		[
			"an ACCOUNT with spare base64 bits",
			(text: string) => text.replace(/name="ACCOUNT" value="([^"]{4})[^"]*"/, 'name="ACCOUNT" value="$1AB=="'),
		],
		[
			"a FALLBACK without its count",
			(text: string) => text.replace(/name="FALLBACK" value="[^"]*"/, 'name="FALLBACK" value="on,60"'),
		],
		["octets behind the root", (text: string) => `${text}<a></a>`],
	])("%s is no profile document", async (_what, edit) => {
		await refused(edited(edit), "document-malformed");
	});

	test("a damaged account, an account for another TRE's key, an MCIM in its place", async () => {
		const account = sho1.account(owned).object;
		account[account.length - 1] ^= 1;
		const carrying = (octets: Uint8Array) =>
			edited((text) =>
				text.replace(
					/name="ACCOUNT" value="[^"]*"/,
					`name="ACCOUNT" value="${Buffer.from(octets).toString("base64")}"`,
				),
			);
		await refused(carrying(account), "envelope-invalid");
		await refused(carrying(sho1.mcim(owned).object), "envelope-content");
		await refused(carrying(Buffer.concat([Buffer.from([9]), account.subarray(1)])), "envelope-suite");
		const stranger = sho1.account({ ...owned, treId: "1".repeat(32) }).object;
		await refused(carrying(stranger), "wrong-tre");
	});

	test("SERIAL moves with each accepted bootstrap and never back; a refused one does not move it", async () => {
		const low = fields("initial");
		const high = fields("initial");
		await tre.call("acceptBootstrap", signed(writeBootstrap(high)));
		await refused(signed(writeBootstrap(low)), "replayed");
		await refused(signed(writeBootstrap({ ...high, naps: [nap, { ...nap, napId: "NAP2" }] })), "replayed");
		expect(await tre.call("acceptBootstrap", signed(writeBootstrap(high)))).toMatchObject({
			repeated: true,
			kind: "initial",
		});
	});

	test("a nonceA that a withdrawal spent; the withdrawn bootstrap itself", async () => {
		const account = sho1.account(owned);
		const carrying = () =>
			changeBootstrap(owned, sho1, ro, {
				change: {
					provUrl: "https://dpf/",
					certificate: sho1.root.certificate,
					account: account.object,
					fallback: "off",
				},
			});
		const first = carrying();
		await tre.call("acceptBootstrap", first);
		// The same nonceA may come again in a superseding bootstrap.
		await tre.call("acceptBootstrap", carrying());
		await withdraw();
		await refused(carrying(), "nonce-spent");
		await refused(first, "replayed");
	});

	test("each KIND in each life state in which a device operates", async () => {
		const kinds = ["initial", "change", "withdraw", "application"] as const;
		const application = (): BootstrapRequest => {
			const { document } = changeBootstrap(owned, sho1, ro);
			const text = document
				.toString("utf8")
				.replace(/<characteristic type="CertificateStore">.*?(<\/characteristic>){4}/, "")
				.replace(/<parm name="FALLBACK".*?<\/parm><parm name="ACCOUNT".*?<\/parm>/, "")
				.replace('value="change"', 'value="application"');
			return signed(text);
		};
		const make = (kind: (typeof kinds)[number]): BootstrapRequest => {
			if (kind === "change") return changeBootstrap(owned, sho1, ro);
			return kind === "application" ? application() : bootstrap(kind);
		};
		const bringTo: Record<string, () => Promise<unknown>> = {
			idle: async () => undefined,
			bootstrapped: () => tre.call("acceptBootstrap", changeBootstrap(owned, sho1, ro)),
			requested: async () => {
				await bringTo.bootstrapped();
				await nonceBOf(tre, owned);
			},
			installed: async () => {
				await bringTo.requested();
				await tre.call("acceptMcim", await mcimObject(tre, owned, sho1));
			},
		};
		const after: Record<string, Partial<Record<(typeof kinds)[number], LifeState>>> = {
			idle: { initial: "idle", change: "bootstrapped", application: "idle" },
			bootstrapped: { initial: "bootstrapped", change: "bootstrapped", withdraw: "idle", application: "bootstrapped" },
			requested: { initial: "requested", change: "bootstrapped", withdraw: "idle", application: "requested" },
			installed: { withdraw: "idle", application: "installed" },
		};
		for (const state of Object.keys(after)) {
			for (const kind of kinds) {
				await bringTo[state]();
				const expected = after[state][kind];
				const request = make(kind);
				if (expected === undefined) await refused(request, "wrong-state");
				else await tre.call("acceptBootstrap", request);
				expect((await tre.status()).state, `${kind} in ${state}`).toBe(expected ?? state);
				if ((await tre.status()).state !== "idle") await withdraw();
			}
		}
	});

	test("in a trial no bootstrap is accepted; afterwards the new reign has its own SERIALs", async () => {
		await tre.call("acceptBootstrap", changeBootstrap(owned, sho1, ro));
		const object = await mcimObject(tre, owned, sho1);
		await tre.call("acceptMcim", object);
		await tre.call("activate", {});
		await refused(bootstrap("withdraw"), "wrong-state");
		await authenticate(tre, sho1, object.mcim.imsi);
		await tre.call("confirmConnectivity", {});
		expect(await tre.status()).toMatchObject({ state: "idle", serial: 0 });
	});

	test("G2: an operator that comes back reigns anew; what it signed in its first reign is refused", async () => {
		const other = new Device();
		await other.start();
		const client = await other.open();
		try {
			const fresh = await personalise(client, await makeRoot("pva.example", "rsa"), ro);
			const withheld = changeBootstrap({ ...fresh, serial: 1000 }, sho1, ro);
			await change(client, fresh, ro, sho1);
			await change(client, fresh, sho1, ro);
			await expect(client.call("acceptBootstrap", withheld)).rejects.toMatchObject({ code: "replayed" });
			await change(client, fresh, ro, sho1);
			await change(client, fresh, sho1, ro);
		} finally {
			await client.close();
			await other.dispose();
		}
	});
});
