import { readFileSync } from "node:fs";
import { join } from "node:path";
import { inject } from "vitest";
import { FlashMemory } from "../../firmware/emulator/flash-memory.ts";
import { makeRoot } from "../../hil/network/shared/certificates.ts";
import { DirectTre } from "./machine.ts";
import { personalise, TestOperator } from "./operators.ts";
import { asClient } from "./whole-life.ts";

/** Flash and device root key of the run's one device that has its keys and nothing else. */
export function keyedFlash(): { readonly image: Buffer; readonly rootKey: Buffer } {
	const folder = inject("keyedDevice");
	const [image, rootKey] = ["flash.bin", "root.key"].map((name) => readFileSync(join(folder, name)));
	return { image, rootKey };
}

/** The same device once it has left its factory with an MCIM of `ro`; `sho1` is an operator that it may go to. */
export async function personalisedFlash() {
	const { image, rootKey } = keyedFlash();
	const flash = new FlashMemory();
	flash.octets.set(image);
	const [ro, sho1] = [await TestOperator.make("ro.example"), await TestOperator.make("sho-1.example", "ec")];
	const pva = await makeRoot("pva.example", "rsa");
	const owned = await personalise(asClient(new DirectTre(flash, rootKey)), pva, ro);
	return { image: flash.octets, rootKey, ro, sho1, pva, owned };
}
