import { beforeAll, describe, expect, test } from "vitest";
import { type CommandName, type CommandRow, commands, type FieldType } from "../../firmware/contract/commands.ts";
import { errors } from "../../firmware/contract/errors.ts";
import { type LifeState, lifeStates } from "../../firmware/contract/states.ts";
import { FlashMemory } from "../../firmware/emulator/flash-memory.ts";
import { makeRoot } from "../../hil/network/shared/certificates.ts";
import type { TreClient } from "../../host/tre/client.ts";
import { decodeResponse, encodeRequest } from "../../host/tre/codec.ts";
import { DirectTre } from "../support/machine.ts";
import {
	changeBootstrap,
	mcimObject,
	nonceBOf,
	type Personalised,
	personalise,
	TestOperator,
} from "../support/operators.ts";

const rootKey = new Uint8Array(32).fill(0x5a);

const client = (direct: DirectTre): TreClient =>
	({
		call: async (name: never, request: never) => direct.call(name, request),
		status: async () => direct.call("status", {}),
	}) as unknown as TreClient;

const snapshot = (tre: DirectTre): FlashMemory => {
	const flash = new FlashMemory();
	flash.octets.set(tre.flash.octets);
	return flash;
};

/** A device in each life state, reached by the good path, as images of its flash. */
async function devices(): Promise<Record<LifeState, FlashMemory>> {
	const images: Partial<Record<LifeState, FlashMemory>> = {};
	const tre = new DirectTre(new FlashMemory(), rootKey);
	const keep = (state: LifeState) => {
		expect(tre.call("status", {}).state, state).toBe(lifeStates[state]);
		images[state] = snapshot(tre);
	};
	keep("blank");
	const calls = client(tre);
	const watched = {
		...calls,
		call: async (name: CommandName, request: never) => {
			const answer = await calls.call(name, request);
			if (name === "makeKeys") keep("keyed");
			if (name === "lock") keep("personalised");
			return answer;
		},
	} as unknown as TreClient;
	const [ro, sho1] = [await TestOperator.make("ro.example"), await TestOperator.make("sho-1.example")];
	const owned: Personalised = await personalise(watched, await makeRoot("pva.example", "rsa"), ro);
	keep("idle");
	await calls.call("acceptBootstrap", changeBootstrap(owned, sho1, ro));
	keep("bootstrapped");
	await nonceBOf(calls, owned);
	keep("requested");
	await calls.call("acceptMcim", await mcimObject(calls, owned, sho1));
	keep("installed");
	await calls.call("activate", {});
	keep("trial");
	return images as Record<LifeState, FlashMemory>;
}

const empty: Record<FieldType, unknown> = { uint: 0, bytes: new Uint8Array(16), text: "", bool: false };

/** A well-formed request with nothing in it. */
const hollow = (row: CommandRow): never =>
	Object.fromEntries(Object.entries(row.request).map(([name, type]) => [name, empty[type]])) as never;

describe("every command in every life state, after the contract's table", () => {
	let images: Record<LifeState, FlashMemory>;
	beforeAll(async () => {
		images = await devices();
	});

	const rows = Object.entries<CommandRow>(commands) as [CommandName, CommandRow][];
	const states = Object.keys(lifeStates) as LifeState[];

	test.each(states)("in %s", (state) => {
		for (const [name, row] of rows) {
			const flash = new FlashMemory();
			flash.octets.set(images[state].octets);
			const tre = new DirectTre(flash, rootKey);
			const before = { status: tre.call("status", {}), octets: Buffer.from(flash.octets) };
			const answer = decodeResponse(name, tre.exchange(encodeRequest(name, hollow(row))));
			const refused = "error" in answer && answer.error === errors["wrong-state"].number;
			const allowed = row.allowed === "always" || row.allowed.includes(state);
			// A hollow request may be refused for what it is; only the table says "wrong state".
			if (name !== "acceptBootstrap") expect(refused, `${name} in ${state}`).toBe(!allowed);
			if ("error" in answer) {
				expect(tre.call("status", {}), `${name} in ${state}`).toEqual(before.status);
				expect(Buffer.from(flash.octets).equals(before.octets), `${name} in ${state} wrote to flash`).toBe(true);
			}
		}
	});
});
