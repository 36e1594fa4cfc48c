import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { newReleaseCode } from "../../../hil/network/operator/registration/release-code.ts";
import { HostileHost } from "../../support/hostile-host.ts";
import type { Insider } from "../../support/insider.ts";

/** Contracted SHOs only, and each only what is its business (documents.md, "Operator to operator"). */
describe("a dishonest contracted SHO tries to take a device that it does not serve", () => {
	const host = new HostileHost();
	let thief: Insider;

	beforeAll(async () => {
		await host.start();
		thief = host.insider("sho-2.example");
	});
	afterAll(async () => {
		await host.stop();
	});

	const call = (to: string, message: string, body: object) =>
		thief.call(host.operator(to), `/peer/${message}`, {
			id: `${message} ${Math.random()}`,
			treId: host.treId,
			...body,
		});

	const registration = (more: object = {}) => ({
		changeId: "stolen",
		attempt: 1,
		provUrl: "https://dpf.sho-2.example/dm",
		certificate: Buffer.from(thief.entry.certificate.replace(/-----[A-Z ]+-----|\s/g, ""), "base64").toString("base64"),
		account: Buffer.alloc(400, 7).toString("base64"),
		...more,
	});

	test("at the RO: no release code, a guessed one, the certificate of another operator", async () => {
		await expect(call("ro.example", "register", registration())).rejects.toMatchObject({ code: "release-code" });
		const guessed = { releaseCode: newReleaseCode().code };
		await expect(call("ro.example", "register", registration(guessed))).rejects.toMatchObject({ code: "release-code" });
		const other = host.operator("sho-1.example").certificate.replace(/-----[A-Z ]+-----|\s/g, "");
		await expect(call("ro.example", "register", registration({ certificate: other }))).rejects.toMatchObject({
			code: "certificate-mismatch",
		});
	});

	test("at an operator that does not serve the device", async () => {
		await expect(call("sho-1.example", "register", registration())).rejects.toMatchObject({ code: "device-unknown" });
	});

	test("while another SHO's change is open: it can neither replace, withdraw nor complete it", async () => {
		await host.register("sho-1.example");
		await host.takeBootstrap("change");
		const ro = host.insider("ro.example");
		const { changeId } = ro.outgoing(host.treId);
		const { codes } = host.note();
		const receipt = Buffer.from((await host.receipt()).data ?? "", "base64").toString("utf8");
		await expect(
			call("ro.example", "register", registration({ releaseCode: codes["ro.example"] })),
		).rejects.toMatchObject({ code: "change-under-way" });
		await expect(
			call("ro.example", "withdraw", { changeId, challenge: Buffer.alloc(16).toString("base64") }),
		).rejects.toMatchObject({
			code: "no-open-change",
		});
		await expect(call("ro.example", "committed", { changeId, receipt })).rejects.toMatchObject({
			code: "receipt-mismatch",
		});
		expect(ro.outgoing(host.treId)).toMatchObject({ changeId, toSho: "sho-1.example", state: "sent" });
	});

	test("it cannot speak for the current SHO: the new one does not hear it", async () => {
		const sho1 = host.insider("sho-1.example");
		const { changeId } = sho1.registration(host.treId);
		for (const message of ["refused", "withdrawn", "reverted", "delivered"])
			await expect(call("sho-1.example", message, { changeId })).rejects.toMatchObject({ code: "no-registration" });
		expect(sho1.registration(host.treId).state).toBe("registered");
	});

	test("the current SHO itself cannot end a change whose MCIM is out, without the TRE's receipt", async () => {
		const ro = host.insider("ro.example");
		const sho1 = host.insider("sho-1.example");
		const early = Buffer.from((await host.receipt()).data ?? "", "base64").toString("utf8");
		const object = await host.collect("sho-1.example");
		const { changeId } = sho1.registration(host.treId);
		const say = (message: string, receipt?: string) =>
			ro.call(host.operator("sho-1.example"), `/peer/${message}`, {
				...{ id: `${message} ${Math.random()}`, treId: host.treId, changeId },
				...(receipt === undefined ? {} : { receipt }),
			});
		for (const message of ["refused", "withdrawn", "reverted"]) {
			await expect(say(message)).rejects.toMatchObject({ code: "receipt-missing" });
			await expect(say(message, early)).rejects.toMatchObject({ code: "receipt-mismatch" });
			await expect(say(message, early.replace("bootstrapped", "withdrawn"))).rejects.toMatchObject({
				code: "receipt-invalid",
			});
		}
		expect(sho1.registration(host.treId).state).toBe("requested");
		await host.install(object);
		await host.session("sho-1.example", [await host.receipt()]);
		await host.commit("sho-1.example");
	});
});
