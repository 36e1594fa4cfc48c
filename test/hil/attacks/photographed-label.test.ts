import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { OperatorStatus } from "../../../hil/network/operator/portal/portal.ts";
import { releaseCodeHash } from "../../../hil/network/operator/registration/release-code.ts";
import { getJson, postJson } from "../../../hil/network/shared/http.ts";
import { HostileHost } from "../../support/hostile-host.ts";

/** The label carries {TRE_id, CertTRE, SHO_id} (B.2.3.2); the release code comes apart from the device (our extension). */
const label = (host: HostileHost) => {
	const { treId, certSign, certEncrypt, shoId } = host.note();
	return { treId, certSign, certEncrypt, shoId, nextRelease: releaseCodeHash("his own") };
};

const registerAs = (host: HostileHost, body: object) =>
	postJson(`${host.operator("sho-2.example").portal}/subscriptions`, body);

describe("a thief registers a device whose label he photographed; the RO asks for the release code", () => {
	const host = new HostileHost();

	beforeAll(() => host.start());
	afterAll(() => host.stop());

	test("without the code, or with a wrong one, he gets nothing, and nothing is prepared for the device", async () => {
		const wrong = { ...label(host), releaseCode: "AAAA-BBBB-CCCC-DDDD" };
		for (const body of [label(host), wrong])
			await expect(registerAs(host, body)).rejects.toMatchObject({ code: "release-code" });
		expect(await host.believed()).toMatchObject({ servedBy: "ro.example", ended: [{ state: "refused" }] });
		expect(await host.outgoing("ro.example")).toBeUndefined();
	});

	test("the owner registers with his code; a used-up code is worth nothing at the next operator", async () => {
		const first = host.note().codes["ro.example"];
		await host.register("sho-1.example");
		await host.finish("sho-1.example");
		await host.attach();
		const stale = { ...label(host), shoId: "sho-1.example", releaseCode: first };
		await expect(registerAs(host, stale)).rejects.toMatchObject({ code: "release-code" });
		await host.register("sho-2.example");
		await host.finish("sho-2.example");
	});
});

describe("the same, where the RO ignores release codes", () => {
	const host = new HostileHost({ "ro.example": { releaseCode: "ignored" } });

	beforeAll(() => host.start());
	afterAll(() => host.stop());

	test("the thief's registration succeeds: what the release code changes", async () => {
		await registerAs(host, label(host));
		expect(await host.change()).toBe("registered");
		await expect(host.register("sho-1.example")).rejects.toThrow(/is on its way to an SHO already/);
		const { changes } = await getJson<OperatorStatus>(
			`${host.operator("ro.example").portal}/status`,
			host.tokens.staff("ro.example"),
		);
		expect(changes).toMatchObject([{ treId: host.treId, toSho: "sho-2.example" }]);
	});
});
