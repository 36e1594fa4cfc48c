import { describe, test } from "vitest";
import { ruleBench } from "../../support/rule-bench.ts";

/** G8: factory commands work only in the blank and keyed states; `lock` ends them. */
describe("B.2.2.1, G8: personalisation is closed after lock", () => {
	const bench = ruleBench();

	test("each factory command, in each state of the device's life in the field", async () => {
		const { tre, ro, owned } = bench;
		const pva = Buffer.from(ro.root.certificate);
		const certificates = { sign: owned.certSign, encrypt: owned.certEncrypt, pva, sho: ro.root.certificate };
		for (const state of ["idle", "bootstrapped", "requested", "installed", "trial"] as const) {
			await bench.bringTo(state);
			await bench.refused(() => tre.call("makeKeys", {}), "wrong-state");
			await bench.refused(() => tre.call("certificateRequest", { usage: 0 }), "wrong-state");
			await bench.refused(() => tre.call("installCertificates", certificates), "wrong-state");
			await bench.refused(() => tre.call("installCredential", { object: ro.mcim(owned).object }), "wrong-state");
			await bench.refused(() => tre.call("lock", {}), "wrong-state");
			if (state !== "idle" && state !== "trial") await bench.withdraw();
		}
	});
});
