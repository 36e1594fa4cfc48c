import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { OperatorStatus } from "../../../hil/network/operator/portal/portal.ts";
import { newReleaseCode, releaseCodeHash } from "../../../hil/network/operator/registration/release-code.ts";
import { makeRoot } from "../../../hil/network/shared/certificates.ts";
import { ask, bearing } from "../../support/ask.ts";
import { Elements } from "../../support/elements.ts";
import { newSubscriber } from "../../support/hlr-bench.ts";
import { type MadeDevice, madeDevice, pvaEntryOf, servedDevice } from "../../support/made-device.ts";
import { Registers } from "../../support/registers.ts";

const [RO, SHO1] = ["ro.example", "sho-1.example"] as const;

/** The hash stands unsealed in the database and in its backups: it must be worth nothing to whoever reads it there. */
describe("somebody has read the hash of a release code in an operator's backup", () => {
	const elements = new Elements();
	const card = newSubscriber(1);
	let device: MadeDevice;

	beforeAll(async () => {
		const pva = await makeRoot("maker.example", "ec");
		device = await madeDevice(pva);
		await Promise.all([
			elements.operator(RO, (store) => {
				store.subscribers.put(card.imsi, card);
				store.devices.put(device.treId, servedDevice(device, card.imsi));
			}),
			elements.operator(SHO1),
		]);
		elements.contractPva(pvaEntryOf(pva));
	}, 60_000);
	afterAll(() => elements.stop());

	const post = async (shoId: string, path: string, body: object) => {
		const question = { method: "POST", path, body: JSON.stringify(body) };
		const { status, text } = await ask(elements.entry(shoId).portal, question);
		return { status, ...JSON.parse(text) };
	};
	const keep = (releaseCode: string, nextRelease: string) =>
		post(RO, "/devices/keep", { treId: device.treId, releaseCode, nextRelease });
	const outgoing = async (): Promise<string | undefined> => {
		const staff = bearing(elements.tokens.staff(RO));
		const { text } = await ask(elements.entry(RO).portal, { path: "/status", headers: staff });
		return (JSON.parse(text) as OperatorStatus).changes.find(({ treId }) => treId === device.treId)?.state;
	};
	/** As the thief reads it. */
	const hash = () => new Registers(elements.folderOf(`operator-${RO}`)).get("device", device.treId)?.releaseCode ?? "";

	test("the owner's change is under way", async () => {
		const { treId, certSign, certEncrypt, releaseCode } = device;
		const body = {
			treId,
			certSign,
			certEncrypt,
			shoId: RO,
			releaseCode,
			nextRelease: releaseCodeHash("at the next SHO"),
		};
		expect(await post(SHO1, "/subscriptions", body)).toMatchObject({ status: 200, reached: true });
		expect(await outgoing()).toBe("registered");
		expect(hash()).toBe(device.releaseHash);
	});

	test("with the hash in place of the code he neither takes the change back nor gives the device another code", async () => {
		for (const code of ["x", newReleaseCode().code, hash()]) {
			await keep(code, hash());
			expect(await outgoing()).toBe("registered");
			expect(await keep(code, releaseCodeHash("the thief's"))).toMatchObject({ status: 403, error: "release-code" });
			expect([await outgoing(), hash()]).toEqual(["registered", device.releaseHash]);
		}
	});

	test("nor does he withdraw the registration, or register the device elsewhere", async () => {
		const { treId } = device;
		for (const releaseCode of [hash(), releaseCodeHash("at the next SHO")])
			expect(await post(SHO1, "/subscriptions/withdraw", { treId, releaseCode })).toMatchObject({
				...{ status: 403, error: "release-code" },
			});
		expect(await outgoing()).toBe("registered");
	});

	test("the owner keeps his device with his code, and asking again, his answer being lost, changes nothing more", async () => {
		const next = newReleaseCode();
		expect(await keep(device.releaseCode, next.hash)).toMatchObject({
			status: 200,
			state: expect.stringMatching(/^withdraw/),
		});
		expect(await keep(device.releaseCode, next.hash)).toMatchObject({
			status: 200,
			state: expect.stringMatching(/^withdraw/),
		});
		expect(hash()).toBe(next.hash);
		expect(await keep(device.releaseCode, releaseCodeHash("another"))).toMatchObject({ status: 403 });
		expect(await keep(next.code, releaseCodeHash("another"))).toMatchObject({ status: 200 });
	});
});
