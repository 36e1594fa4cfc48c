import { expect, test } from "vitest";
import { type FactoryPartners, personalise } from "../../hil/factory/station.ts";
import type { TreClient } from "../../host/tre/client.ts";

/** A TRE that says this of itself, and is asked nothing else: no board in QEMU has such a source. */
const saying = (target: string, entropy: string): TreClient =>
	({ call: async () => ({ target, entropy }) }) as unknown as TreClient;

test.each([
	["riscv-virt", "emulated", /keeps its keys in files/],
	["emulator", "kernel", /keeps its keys in files/],
	["esp32c3", "rng-without-noise", /come from an oscillator alone/],
])(
	"without --dev a factory refuses a %s whose entropy is %s, before anything is made",
	async (target, entropy, why) => {
		const making = { encryption: "p256", updates: "any", dev: false } as const;
		const nobody = { pva: {}, ro: {}, station: {} } as unknown as FactoryPartners;
		await expect(personalise(saying(target, entropy), nobody, making)).rejects.toThrow(why);
	},
);
