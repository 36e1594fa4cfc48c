import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type PeerMessage, peerShapes } from "../../../hil/network/operator/messages.ts";
import { postJson } from "../../../hil/network/shared/http.ts";
import { Refusal } from "../../../hil/network/shared/refusal.ts";
import { HostileHost } from "../../support/hostile-host.ts";

/** Bad input gets a named error, leaves no half state, and the next good request works. */
describe("messages that are none, from contracted SHOs and from the web", () => {
	const host = new HostileHost();

	beforeAll(() => host.start());
	afterAll(() => host.stop());

	const wrong: readonly unknown[] = [null, 7, "", "a\u0000b", [], {}, ["00".repeat(32)], "x".repeat(100_000), "ö"];
	const names = Object.keys(peerShapes) as PeerMessage[];

	test.each(names)("peers: %s with each field wrong in turn", async (name) => {
		const sho2 = host.insider("sho-2.example");
		const good: Record<string, unknown> = {
			...{ id: "one", treId: host.treId, changeId: "none", attempt: 1, challenge: Buffer.alloc(16).toString("base64") },
			...{
				provUrl: "https://dpf.sho-2.example/dm",
				certificate: "AAAA",
				account: "AAAA",
				releaseCode: "A",
				receipt: "<a/>",
			},
		};
		for (const field of Object.keys(peerShapes[name])) {
			for (const value of wrong) {
				const body = { ...good, [field]: value };
				const answer = await sho2.call(host.operator("ro.example"), `/peer/${name}`, body).catch((error) => error);
				// Some of it is well-formed here, and then refused for what it says.
				expect(answer, `${field} = ${JSON.stringify(value)?.slice(0, 40)}`).toBeInstanceOf(Refusal);
				expect((answer as Refusal).status, `${field} = ${JSON.stringify(value)?.slice(0, 40)}`).toBeLessThan(500);
			}
		}
	});

	test.each(["null", "7", '"text"', "[]", "{", ""])("portal and peers: the body %s", async (body) => {
		for (const path of ["/subscriptions", "/subscriptions/withdraw", "/devices/keep", "/devices/application"]) {
			const answer = await fetch(`${host.operator("sho-1.example").portal}${path}`, { method: "POST", body });
			expect([400], `${path} ${body}`).toContain(answer.status);
		}
	});

	test("the portal: each field of a subscription wrong in turn", async () => {
		const { treId, certSign, certEncrypt, shoId } = host.note();
		const good = { treId, certSign, certEncrypt, shoId, releaseCode: "A", nextRelease: "0".repeat(64) };
		for (const field of Object.keys(good)) {
			for (const value of wrong) {
				const body = { ...good, [field]: value };
				const answer = await postJson(`${host.operator("sho-1.example").portal}/subscriptions`, body).catch(
					(error) => error,
				);
				expect(answer, `${field} = ${JSON.stringify(value)?.slice(0, 40)}`).toBeInstanceOf(Refusal);
				expect((answer as Refusal).status, `${field} = ${JSON.stringify(value)?.slice(0, 40)}`).toBeLessThan(500);
			}
		}
	});

	test("the portal: an account of M2M applications with each field wrong in turn, and one that is too long", async () => {
		const { treId, codes } = host.note();
		const account = {
			...{
				serverId: "meters.example",
				name: "meters",
				address: "https://meters.example/dm",
				napId: "NAP1",
				init: true,
			},
			credentials: [{ level: "APPSRV", type: "DIGEST", name: "meter", secret: "s", data: "AAAA" }],
		};
		const post = (body: object) =>
			postJson(`${host.operator("ro.example").portal}/devices/application`, body).catch((error) => error);
		const good = { treId, releaseCode: codes["ro.example"] };
		for (const field of ["serverId", "name", "address", "napId", "init", "credentials"])
			for (const value of wrong.filter((one) => JSON.stringify(one) !== "[]"))
				expect(await post({ ...good, account: { ...account, [field]: value } }), field).toMatchObject({ status: 400 });
		for (const field of ["level", "secret"])
			for (const value of ["a\u0000b", {}, "ö"])
				expect(
					await post({
						...good,
						account: { ...account, credentials: [{ ...account.credentials[0], [field]: value }] },
					}),
				).toMatchObject({ code: "malformed" });
		expect(await post({ ...good, account: { ...account, name: "n".repeat(5000) } })).toMatchObject({
			code: "malformed",
		});
		expect(await post({ ...good, releaseCode: "WRONG", account })).toMatchObject({ code: "release-code" });
		expect((await host.believed()).applications).toEqual([]);
	});

	test("garbage where a certificate should be, with the right form", async () => {
		const { treId, certSign, certEncrypt, shoId } = host.note();
		const nextRelease = "0".repeat(64);
		for (const broken of [{ certSign: "AAAA" }, { certEncrypt: Buffer.alloc(900, 0x30).toString("base64") }]) {
			const body = { treId, certSign, certEncrypt, shoId, nextRelease, ...broken };
			await expect(postJson(`${host.operator("sho-1.example").portal}/subscriptions`, body)).rejects.toMatchObject({
				code: "cert-tre",
			});
		}
	});

	test("after all that, the next good registration works", async () => {
		await host.register("sho-1.example");
		await host.finish("sho-1.example");
	});
});
