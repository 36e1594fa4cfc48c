import { describe, expect, test } from "vitest";
import type { LifeState } from "../../../firmware/contract/states.ts";
import { authenticate, type BootstrapRequest, mcimObject } from "../../support/operators.ts";
import { ruleBench } from "../../support/rule-bench.ts";

const kinds = ["initial", "change", "withdraw", "application", "update"] as const;
type Kind = (typeof kinds)[number];

/** The table of documents.md: KIND by life state, and the state after it. What is missing is refused. */
const after: Record<"idle" | "bootstrapped" | "requested" | "installed", Partial<Record<Kind, LifeState>>> = {
	idle: { initial: "idle", change: "bootstrapped", application: "idle", update: "idle" },
	bootstrapped: { initial: "bootstrapped", change: "bootstrapped", withdraw: "idle", application: "bootstrapped" },
	requested: { initial: "requested", change: "bootstrapped", withdraw: "idle", application: "requested" },
	installed: { withdraw: "idle", application: "installed" },
};

describe("documents.md, Bootstrap: each KIND in each life state", () => {
	const bench = ruleBench();
	const make = (kind: Kind): BootstrapRequest => (kind === "change" ? bench.change() : bench.bootstrap(kind));

	const states = Object.keys(after) as (keyof typeof after)[];
	test.each(states.flatMap((state) => kinds.map((kind) => [kind, state] as const)))("%s in %s", async (kind, state) => {
		await bench.bringTo(state);
		const expected = after[state][kind];
		if (expected === undefined) await bench.bootstrapRefused(make(kind), "wrong-state");
		else expect(await bench.tre.call("acceptBootstrap", make(kind))).toMatchObject({ kind, repeated: false });
		expect((await bench.tre.status()).state).toBe(expected ?? state);
		if ((await bench.tre.status()).state !== "idle") await bench.withdraw();
	});

	test("none in a trial; it commits, and the new reign has its own SERIALs", async () => {
		const { tre, owned, sho1 } = bench;
		await bench.bringTo("requested");
		const object = await mcimObject(tre, owned, sho1);
		await tre.call("acceptMcim", object);
		await tre.call("activate", {});
		for (const kind of kinds) await bench.bootstrapRefused(make(kind), "wrong-state");
		await bench.refused(() => tre.call("confirmConnectivity", {}), "not-authenticated");
		await authenticate(tre, sho1, object.mcim.imsi);
		await tre.call("confirmConnectivity", {});
		expect(await tre.status()).toMatchObject({ state: "idle", activeImsi: object.mcim.imsi, serial: 0 });
	});
});
