import { connect, type Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Downlink, radioChannel, type Uplink } from "../../../host/wire/radio/messages.ts";
import { HostileHost } from "../../support/hostile-host.ts";

/** A device is admitted under the IMSI whose vector it answered (TS 33.102 clause 6.3), and under no other. */
describe("a device with a subscription of its own attaches under somebody else's IMSI in the same breath", () => {
	const host = new HostileHost();
	let socket: Socket | undefined;

	beforeAll(() => host.start());
	afterAll(async () => {
		socket?.destroy();
		await host.stop();
	});

	test("whichever vector comes back first, it does not get the other's short messages", async () => {
		const { activeImsi } = await host.tre.status();
		const victim = activeImsi.replace(/.$/, (digit) => String((Number(digit) + 1) % 10));
		host.detach();
		for (let round = 0; round < 20; round++) {
			const answers: Downlink["type"][] = [];
			const [address, port] = host.vno.radio.split(":");
			const air = connect(Number(port), address);
			socket = air;
			await new Promise((resolve) => air.once("connect", resolve));
			const channel = radioChannel<Downlink, Uplink>(air, (message) => {
				answers.push(message.type);
				if (message.type !== "auth-request") return;
				const request = { rand: Buffer.from(message.rand, "hex"), autn: Buffer.from(message.autn, "hex") };
				host.tre
					.call("authenticate", request)
					.then(({ res }) => channel.send({ type: "auth-response", res: Buffer.from(res).toString("hex") }))
					.catch(() => undefined);
			});
			// Its own attachment first: the answer for it must not count for the second one.
			channel.send({ type: "attach", imsi: activeImsi });
			channel.send({ type: "attach", imsi: victim });
			await host.until("the second attachment is refused", async () => answers.includes("attach-reject"));
			expect(answers).not.toContain("attach-accept");
			air.destroy();
		}
		await host.attach();
	});
});
