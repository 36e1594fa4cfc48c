import { type Encryption, encryptions } from "../../hil/factory/encryption.ts";
import { type Identity, makeRoot } from "../../hil/network/shared/certificates.ts";
import type { TreClient } from "../../host/tre/client.ts";
import { Device } from "./device.ts";
import { type Personalised, personalise, TestOperator } from "./operators.ts";
import type { TestTarget } from "./targets.ts";

/** A device after manufacture, reached through its terminal device, and its operators. */
export interface Delivered {
	readonly device: Device;
	tre: TreClient;
	readonly ro: TestOperator;
	readonly sho1: TestOperator;
	readonly pva: Identity;
	readonly owned: Personalised;
	dispose(): Promise<void>;
}

/** How a device is made: with an RSA encryption key, on the tests' target, where nothing is said. */
export interface Making {
	readonly target?: TestTarget;
	readonly encryption?: Encryption;
}

export async function deliver({ encryption = "rsa", target }: Making = {}): Promise<Delivered> {
	const device = encryption === "rsa" ? Device.keyed(target) : new Device(target);
	await device.start();
	const tre = await device.open();
	if (encryption !== "rsa") await tre.call("makeKeyPairs", { encryption: encryptions[encryption] });
	const [ro, sho1] = [await TestOperator.make("ro.example"), await TestOperator.make("sho-1.example")];
	const pva = await makeRoot("pva.example", "rsa");
	const owned = await personalise(tre, pva, ro);
	const delivered: Delivered = {
		device,
		tre,
		ro,
		sho1,
		pva,
		owned,
		dispose: async () => {
			await delivered.tre.close();
			await device.dispose();
		},
	};
	return delivered;
}
