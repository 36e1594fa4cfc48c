import { generateKeyPairSync } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import type { CommandName } from "../../firmware/contract/commands.ts";
import type { TreErrorName } from "../../firmware/contract/errors.ts";
import type { TreClient } from "../../host/tre/client.ts";
import type { Request } from "../../host/tre/codec.ts";
import { TreError } from "../../host/tre/errors.ts";
import { algorithmNumber, parseSignature, signDetached } from "../../host/wire/dsig/signature.ts";
import { askVector } from "../stage/ask-hlr.ts";
import { ScenarioFailed } from "../stage/events.ts";
import type { Scenario } from "../stage/play.ts";
import type { Stage } from "../stage/stage.ts";

/** A request that the TRE has to refuse by that name, and to be afterwards as it was before. */
interface Refusal {
	readonly what: string;
	readonly run: (tre: TreClient) => Promise<unknown>;
	readonly code: TreErrorName;
}

const call =
	<Name extends CommandName>(name: Name, request: Request<Name>) =>
	(tre: TreClient): Promise<unknown> =>
		tre.call(name, request);

/** What a host may try against a device that has left its factory and changed its operator once (DESIGN section 4). */
function refusalsOf(stage: Stage): readonly Refusal[] {
	const { document, signature = "" } = stage.bootstrap;
	const { algorithm, value } = parseSignature("detached", signature);
	const former = { document: Buffer.from(document), algorithm: algorithmNumber[algorithm], signature: value };
	const stranger = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
	const forged = {
		...former,
		algorithm: 1,
		signature: parseSignature("detached", signDetached(document, stranger)).value,
	};
	const octets = Buffer.alloc(16);
	return [
		{ what: "a bootstrap of the former SHO", run: call("acceptBootstrap", former), code: "signature-invalid" },
		{ what: "a bootstrap of a stranger", run: call("acceptBootstrap", forged), code: "signature-invalid" },
		{
			what: "a bootstrap with an algorithm that is none",
			run: call("acceptBootstrap", { ...former, algorithm: 3 }),
			code: "signature-algorithm",
		},
		{ what: "an MCIM that nobody asked for", run: call("acceptMcim", former), code: "wrong-state" },
		{ what: "activation of no MCIM", run: call("activate", {}), code: "wrong-state" },
		{ what: "a commit of no trial", run: call("confirmConnectivity", {}), code: "wrong-state" },
		{ what: "factory: new keys", run: call("makeKeys", {}), code: "wrong-state" },
		{ what: "factory: another credential", run: call("installCredential", { object: octets }), code: "wrong-state" },
		{ what: "factory: the REIGN once more", run: call("lock", {}), code: "wrong-state" },
		{
			what: "a wipe without a challenge",
			run: call("wipe", { algorithm: 1, signature: octets }),
			code: "wipe-not-asked",
		},
		{ what: "an AUTN of nobody", run: call("authenticate", { rand: octets, autn: octets }), code: "autn-mac" },
		{
			what: "an AUTN that is too short",
			run: call("authenticate", { rand: octets, autn: octets.subarray(1) }),
			code: "malformed-request",
		},
	];
}

async function refused(tre: TreClient, { what, run, code }: Refusal): Promise<void> {
	const before = await tre.status();
	const answer = await run(tre).then(
		() => "accepted",
		(error: unknown) => {
			if (error instanceof TreError) return error.code;
			throw error;
		},
	);
	if (answer !== code) throw new ScenarioFailed(`${what}: ${answer}; ${code} was expected`);
	if (!isDeepStrictEqual(await tre.status(), before))
		throw new ScenarioFailed(`${what}: refused, and something changed`);
}

/** A vector works once, then gives AUTS (G5). */
async function spent(tre: TreClient, stage: Stage): Promise<void> {
	const { imsi, servedBy } = stage.device;
	const { rand, autn } = await askVector(stage.operator(servedBy).gsup, imsi);
	const outcomes = [];
	for (let n = 0; n < 2; n++) outcomes.push((await tre.call("authenticate", { rand, autn })).outcome);
	if (!isDeepStrictEqual(outcomes, [0, 1])) throw new ScenarioFailed(`an AUTN twice: outcomes ${outcomes}`);
}

/** What the TRE refuses over its serial port, on any target, between two changes that work. */
export const refusals: Scenario = {
	name: "refusals",
	does: "what a host may not do with a device, each refused by name, between two changes that succeed",
	play: async (stage) => {
		await stage.change("sho-1.example");
		await stage.withoutEquipment(async (tre) => {
			for (const refusal of refusalsOf(stage))
				await stage.told({ clause: "G1 to G8", from: "host", to: "TRE", what: `refused: ${refusal.what}` }, () =>
					refused(tre, refusal),
				);
			await stage.told({ clause: "G5", from: "host", to: "TRE", what: "an AUTN works once" }, () => spent(tre, stage));
		});
		await stage.change("sho-2.example");
	},
};
