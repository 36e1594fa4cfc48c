import { X509Certificate } from "node:crypto";
import { beforeAll, describe, expect, test } from "vitest";
import { tags, updateOf } from "../../../firmware/contract/documents.ts";
import { packedVersion } from "../../../firmware/contract/image.ts";
import { protect } from "../../../hil/network/operator/provisioning/envelope.ts";
import { prepareOffer } from "../../../hil/network/operator/provisioning/objects.ts";
import { readLog } from "../../../host/tre/log.ts";
import { type BootstrapRequest, change, randomOctets } from "../../support/operators.ts";
import { ruleBench } from "../../support/rule-bench.ts";

const version = "1.2.3";
const digest = randomOctets(32);

describe("B.2.3.6, tag update: an offer of the current SHO", () => {
	const bench = ruleBench();
	const offering = (parts: { readonly offer?: Uint8Array; readonly account?: Uint8Array } = {}) =>
		bench.offer({ version, digest }, parts);
	const accept = (request: BootstrapRequest) => bench.tre.call("acceptBootstrap", request);
	const none = { what: "", version: "", digest: new Uint8Array(0), required: false };

	test("stands once it is accepted, through a restart, with the DM account that came with it", async () => {
		expect(await bench.tre.call("updateOffer", {})).toEqual({ ...none, digest: expect.anything() });
		const account = bench.ro.account(bench.owned);
		const request = offering({ account: account.object });
		expect(await accept(request)).toMatchObject({ kind: "update", repeated: false });
		expect(await accept(request)).toMatchObject({ kind: "update", repeated: true });
		await bench.restart();
		const offer = await bench.tre.call("updateOffer", {});
		expect({ ...offer, digest: Buffer.from(offer.digest) }).toEqual({
			what: updateOf.firmware,
			version,
			digest,
			required: false,
		});
		const { serverId, user } = await bench.tre.call("dmCredential", { nonce: new Uint8Array(0) });
		expect({ serverId, user }).toEqual({ serverId: bench.ro.shoId, user: account.user });
		expect((await readLog(bench.tre)).at(-1)).toMatchObject({
			event: "update-offered",
			root: bench.ro.rootHash.toString("hex").slice(0, 16),
			mcimId: digest.toString("hex").slice(0, 16),
		});
	});

	test("takes the place of the one before it", async () => {
		const other = randomOctets(32);
		const { treId, certEncrypt } = bench.owned;
		const next = { version: "2.0.0", digest: other };
		await accept(offering({ offer: prepareOffer(treId, certEncrypt, bench.ro.rootHash, next) }));
		expect(await bench.tre.call("updateOffer", {})).toMatchObject({ version: "2.0.0" });
	});

	test("is taken back by its SHO, with an offer of nothing", async () => {
		await accept(offering());
		const publicPart = [bench.owned.treId, bench.ro.rootHash, updateOf.none, Buffer.alloc(32)];
		const none = { tag: tags.update, version: 1, publicPart, secret: new Uint8Array(0) };
		const offer = protect(none, new X509Certificate(bench.owned.certEncrypt).publicKey);
		expect(await accept(offering({ offer }))).toMatchObject({ kind: "update" });
		expect(await bench.tre.call("updateOffer", {})).toMatchObject({ what: "", version: "" });
	});

	test("changes neither life state nor subscription, and a change begins and ends beside it", async () => {
		await accept(offering());
		await bench.goodPath();
		expect(await bench.tre.call("updateOffer", {})).toMatchObject({ version });
	});

	test("comes in idle only", async () => {
		for (const state of ["bootstrapped", "requested", "installed"] as const) {
			await bench.bringTo(state);
			await bench.bootstrapRefused(offering(), "wrong-state");
			await bench.withdraw();
		}
	});

	describe("refused by name, and nothing has changed", () => {
		let key: X509Certificate["publicKey"];
		beforeAll(() => {
			key = new X509Certificate(bench.owned.certEncrypt).publicKey;
		});
		const content = (over: Partial<Parameters<typeof protect>[0]>) => {
			const publicPart = [bench.owned.treId, bench.ro.rootHash, updateOf.firmware, digest];
			const good = { tag: tags.update, version: packedVersion(version), publicPart, secret: new Uint8Array(0) };
			return protect({ ...good, ...over }, key);
		};
		const withPart = (n: number, value: unknown) => {
			const publicPart: unknown[] = [bench.owned.treId, bench.ro.rootHash, updateOf.firmware, digest];
			publicPart[n] = value;
			return content({ publicPart });
		};

		test.each([
			["another tag", () => content({ tag: tags.mcim }), "envelope-content"],
			["version 0", () => content({ version: 0 }), "envelope-content"],
			["a secret part", () => content({ secret: randomOctets(16) }), "envelope-content"],
			["something else than firmware", () => withPart(2, "radio"), "envelope-content"],
			["a digest that is too short", () => withPart(3, digest.subarray(1)), "envelope-content"],
			["one field more", () => withPart(4, 1), "envelope-content"],
			["for another TRE", () => withPart(0, "0".repeat(32)), "wrong-tre"],
			["of another SHO, passed on", () => withPart(1, bench.sho1.rootHash), "root-mismatch"],
			["octets that are no envelope", () => Buffer.alloc(400, 9), "envelope-suite"],
		] as const)("%s", async (_what, offer, code) => {
			await bench.bootstrapRefused(offering({ offer: offer() }), code);
		});

		test("with a DM account of another SHO, or one for another TRE", async () => {
			await bench.bootstrapRefused(offering({ account: bench.sho1.account(bench.owned).object }), "root-mismatch");
			const stranger = { ...bench.owned, treId: "0".repeat(32) };
			await bench.bootstrapRefused(offering({ account: bench.ro.account(stranger).object }), "wrong-tre");
		});

		test("a document without offer or account, or with characteristics that are not its own", async () => {
			const text = offering().document.toString("utf8");
			for (const edited of [
				text.replace(/<parm name="OFFER".*?<\/parm>/, ""),
				text.replace(/(<parm name="OFFER" value=")[^"]*/, "$1"),
				text.replace(/<parm name="ACCOUNT".*?<\/parm>/, ""),
				text.replace(/(<parm name="OFFER".*?<\/parm>)(<parm name="ACCOUNT".*?<\/parm>)/, "$2$1"),
				text.replace(/<characteristic type="BOOTSTRAP">.*?<\/characteristic>/, ""),
				text.replace(/<characteristic type="NAPDEF">.*?<\/characteristic>/, ""),
			]) {
				expect(edited).not.toBe(text);
				await bench.bootstrapRefused(bench.signed(edited), "document-malformed");
			}
		});
	});

	test("ends with the reign of the SHO that made it", async () => {
		await accept(offering());
		await change(bench.tre, bench.owned, bench.ro, bench.sho1);
		expect(await bench.tre.call("updateOffer", {})).toMatchObject({ what: "", version: "" });
	});
});
