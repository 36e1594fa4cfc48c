import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { postJson } from "../../../hil/network/shared/http.ts";
import type { ShortMessage } from "../../../host/modem/modem.ts";
import { RadioModem } from "../../../host/modem/radio.ts";
import { deliveryOf } from "../../../host/wire/push/delivery.ts";
import { HostileHost } from "../../support/hostile-host.ts";

const host = new HostileHost();
beforeAll(() => host.start());
afterAll(() => host.stop());

test("a device is back on the air before the network has noticed that it was gone: its home network still finds it", async () => {
	const { activeImsi: imsi } = await host.tre.status();
	const received: ShortMessage[] = [];
	const second = await RadioModem.open(host.vno.radio, {
		onShortMessage: (message) => received.push(message),
		onLost: () => undefined,
	});
	await second.attach(imsi, async (rand, autn) => {
		const request = { rand: Buffer.from(rand, "hex"), autn: Buffer.from(autn, "hex") };
		const { res } = await host.tre.call("authenticate", request);
		return { kind: "success", res: Buffer.from(res).toString("hex") };
	});
	// Only now the first radio connection ends.
	host.detach();
	await sleep(200);
	const [tpdu] = deliveryOf({ contentType: "text/plain", body: Buffer.from("hello") }, "+88299001122", new Date());
	const { home } = host.operator("ro.example");
	const message = { imsi, tpdu: (tpdu as Buffer).toString("hex") };
	await postJson(`${home}/short-message`, message, host.tokens.staff("ro.example"));
	expect(received.filter(({ contentType }) => contentType === "text/plain")).toHaveLength(1);
	second.close();
});
