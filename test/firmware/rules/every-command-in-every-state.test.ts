import { beforeAll, describe, expect, test } from "vitest";
import { type CommandName, type CommandRow, commands, type FieldType } from "../../../firmware/contract/commands.ts";
import { errors } from "../../../firmware/contract/errors.ts";
import { type LifeState, lifeStates } from "../../../firmware/contract/states.ts";
import { makeRoot } from "../../../hil/network/shared/certificates.ts";
import type { TreClient } from "../../../host/tre/client.ts";
import { decodeResponse, encodeRequest } from "../../../host/tre/codec.ts";
import { Device } from "../../support/device.ts";
import {
	changeBootstrap,
	mcimObject,
	nonceBOf,
	type Personalised,
	personalise,
	TestOperator,
} from "../../support/operators.ts";

/** A device in each life state, reached by the good path, as images of its flash. */
async function images(): Promise<Record<LifeState, Buffer>> {
	const kept: Partial<Record<LifeState, Buffer>> = {};
	const device = Device.keyed();
	await device.start();
	const tre = await device.open();
	const keep = async (state: LifeState) => {
		expect((await tre.status()).state).toBe(state);
		kept[state] = device.flash();
	};
	kept.blank = Buffer.alloc(device.flash().length, 0xff);
	await keep("keyed");
	const watched = new Proxy(tre, {
		get: (target, name) =>
			name !== "call"
				? Reflect.get(target, name)
				: async (command: CommandName, request: never) => {
						const answer = await target.call(command, request);
						if (command === "lock") await keep("personalised");
						return answer;
					},
	});
	const [ro, sho1] = [await TestOperator.make("ro.example"), await TestOperator.make("sho-1.example")];
	const owned: Personalised = await personalise(watched, await makeRoot("pva.example", "rsa"), ro);
	await keep("idle");
	await tre.call("acceptBootstrap", changeBootstrap(owned, sho1, ro));
	await keep("bootstrapped");
	await nonceBOf(tre, owned);
	await keep("requested");
	await tre.call("acceptMcim", await mcimObject(tre, owned, sho1));
	await keep("installed");
	await tre.call("activate", {});
	await keep("trial");
	await tre.close();
	await device.dispose();
	return kept as Record<LifeState, Buffer>;
}

const empty: Record<FieldType, unknown> = { uint: 0, bytes: new Uint8Array(16), text: "", bool: false };

/** A well-formed request with nothing in it. */
const hollow = (row: CommandRow): never =>
	Object.fromEntries(Object.entries(row.request).map(([name, type]) => [name, empty[type]])) as never;

describe("every command in every life state, after the contract's table", () => {
	let flashes: Record<LifeState, Buffer>;
	beforeAll(async () => {
		flashes = await images();
	});

	const rows = Object.entries<CommandRow>(commands) as [CommandName, CommandRow][];
	const states = Object.keys(lifeStates) as LifeState[];

	test.each(states)("in %s", async (state) => {
		const device = Device.keyed();
		let tre: TreClient | undefined;
		/** The device as it is in that state; again after each command that was executed. */
		const begin = async (): Promise<TreClient> => {
			await tre?.close();
			await device.kill();
			device.fill(flashes[state]);
			await device.start();
			tre = await device.open();
			return tre;
		};
		let fresh = await begin();
		for (const [name, row] of rows) {
			const before = { status: await fresh.status(), flash: device.flash() };
			const answer = decodeResponse(name, await fresh.link.request(encodeRequest(name, hollow(row))));
			const refused = "error" in answer && answer.error === errors["wrong-state"].number;
			const allowed = row.allowed === "always" || row.allowed.includes(state);
			expect(refused, `${name} in ${state}`).toBe(!allowed);
			if ("error" in answer) {
				expect(await fresh.status(), `${name} in ${state}`).toEqual(before.status);
				expect(device.flash().equals(before.flash), `${name} in ${state} wrote to flash`).toBe(true);
			} else if (name !== "status" && name !== "info") {
				fresh = await begin();
			}
		}
		await fresh.close();
		await device.dispose();
	});
});
