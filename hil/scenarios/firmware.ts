import { encodeBundle, headersOf, openBundle } from "../../firmware/contract/bundle.ts";
import { imageFields } from "../../firmware/contract/image.ts";
import type { TreClient } from "../../host/tre/client.ts";
import { isTreError } from "../../host/tre/errors.ts";
import { fumoResults } from "../../host/wire/syncml/fumo.ts";
import { ScenarioFailed } from "../stage/events.ts";
import type { Scenario } from "../stage/play.ts";
import type { Stage } from "../stage/stage.ts";

/** The same bundle, with a signature that is not the factory's. */
function forged(octets: Uint8Array): Buffer {
	const { board, bootStage, slots } = openBundle(octets);
	const spoilt = slots.map((slot) => {
		const copy = Buffer.from(slot.octets);
		copy[imageFields.signature] ^= 1;
		return copy;
	});
	return encodeBundle({ board, bootStage, slots: spoilt });
}

async function running(stage: Stage): Promise<number> {
	let slot = -1;
	await stage.withoutEquipment(async (tre) => {
		const { running, triesLeft } = await tre.call("updateStatus", {});
		if (triesLeft > 0) throw new ScenarioFailed("the firmware that runs was not confirmed");
		slot = running;
	});
	return slot;
}

/** The host gives the TRE what the factory signed, and no operator offers. */
async function refusedAlone(tre: TreClient, bundle: Uint8Array): Promise<void> {
	const headers = headersOf(openBundle(bundle).slots.map(({ octets }) => octets));
	try {
		await tre.call("updateBegin", { headers });
	} catch (error) {
		if (isTreError(error, "update-not-offered")) return;
		throw error;
	}
	throw new ScenarioFailed("the TRE took a firmware that its SHO does not offer");
}

async function updated(stage: Stage, bundle: Uint8Array): Promise<void> {
	const before = await running(stage);
	const { state, result } = await stage.offer(bundle);
	if (state !== "ended" || result !== fumoResults.successful)
		throw new ScenarioFailed(`the offered firmware is ${state}, ${result}`);
	if ((await running(stage)) === before) throw new ScenarioFailed("the device says that it was updated, and was not");
}

/** B.2.3.6, tag update: the device takes firmware that the factory signed and its SHO offers, from one SHO and then the next. */
export const firmware: Scenario = {
	name: "firmware",
	does: "firmware over the air: the SHO offers it, the factory has signed it, and the TRE takes nothing else",
	updates: "offered",
	play: async (stage) => {
		const bundle = stage.bundle();
		const alone = { clause: "B.2.3.6", from: "host", to: "TRE", what: "refused: a firmware that no SHO offers" };
		await stage.withoutEquipment((tre) => stage.told(alone, () => refusedAlone(tre, bundle)));
		await updated(stage, bundle);
		await stage.change("sho-1.example");
		const before = await running(stage);
		const { result } = await stage.offer(forged(bundle));
		if (result !== fumoResults.validationFailed)
			throw new ScenarioFailed(`a firmware that the factory did not sign ended with ${result}`);
		if ((await running(stage)) !== before) throw new ScenarioFailed("the TRE runs what the factory did not sign");
		await updated(stage, bundle);
	},
};
