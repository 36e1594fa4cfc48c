import { afterAll, beforeAll, expect, test } from "vitest";
import { HostileHost } from "../../support/hostile-host.ts";

/** B.2.2.2: automatic device detection. The device has not used its NAPDEF yet, whatever happens in between. */
const host = new HostileHost();
beforeAll(() => host.deliver());
afterAll(() => host.stop());

test("the first location update of a new device makes one bootstrap, with one SERIAL: later ones, and a restart, send that again", async () => {
	await host.attach();
	const first = await host.intercept("initial");
	await host.attach();
	const second = await host.intercept("initial");
	await host.hil("down");
	await host.hil("up");
	await host.attach();
	const third = await host.intercept("initial");
	for (const again of [second, third]) {
		expect(again.document.equals(first.document)).toBe(true);
		expect(again.signature.equals(first.signature)).toBe(true);
	}
	expect(first.document.toString("utf8")).toContain('name="SERIAL" value="1"');
	expect(await host.tre.call("acceptBootstrap", third)).toMatchObject({ kind: "initial", repeated: false });
});
