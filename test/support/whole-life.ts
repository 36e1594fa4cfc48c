import { sign } from "node:crypto";
import type { CommandName } from "../../firmware/contract/commands.ts";
import { lifeStates } from "../../firmware/contract/states.ts";
import { makeRoot } from "../../hil/network/shared/certificates.ts";
import type { TreClient } from "../../host/tre/client.ts";
import type { Request, Response } from "../../host/tre/codec.ts";
import { writeM2mmcim } from "../../host/wire/management/objects.ts";
import {
	authenticate,
	change,
	changeBootstrap,
	enveloped,
	mcimObject,
	nonceBOf,
	offerBootstrap,
	type Personalised,
	personalise,
	TestOperator,
} from "./operators.ts";
import { vectorOf } from "./vectors.ts";

/** A TRE that takes commands and can be switched off and on. */
export interface LivingTre {
	call<Name extends CommandName>(name: Name, request: Request<Name>): Response<Name> | Promise<Response<Name>>;
	boot(): void | Promise<void>;
}

/** The same TRE for those who wait for it. */
export const asClient = (tre: Pick<LivingTre, "call">): TreClient =>
	({
		call: async (name: never, request: never) => tre.call(name, request),
		status: async () => tre.call("status", {}),
	}) as unknown as TreClient;

async function refused(run: () => unknown): Promise<void> {
	try {
		await run();
	} catch {
		return;
	}
	throw new Error("a request was to be refused, and was not");
}

const nap = [{ napId: "NAP1", name: "nap", apn: "test.example" }];

/** A vector of the test's making for the operator's subscriber: EPS where the separation bit is set. */
function epsVector(operator: TestOperator, imsi: string) {
	const { k, opc, seq } = operator.subscriber(imsi);
	operator.setSeq(imsi, seq + 1);
	const { request } = vectorOf({ k, opc, seq: seq + 1, separation: true });
	return { ...request, snId: Buffer.from("00f110", "hex") };
}

/** Commands that only read. */
async function look(tre: LivingTre): Promise<void> {
	await tre.call("info", {});
	await tre.call("log", { from: 0 });
	await tre.call("store", {});
	await tre.call("wear", {});
	await tre.call("updateOffer", {});
	for (let slot = 0; slot < 8; slot++) await tre.call("mcim", { slot });
	await tre.call("releaseRoot", {});
	await tre.call("receipt", { challenge: Buffer.alloc(16, 7) });
}

/**
 * Every command, done and refused, in one life: manufacture, a change that commits, one that is withdrawn, one
 * that reverts, and a wipe. The TRE is blank or keyed. Offers of firmware are in it where it takes any.
 */
export async function wholeLife(living: LivingTre, withOffers = true): Promise<void> {
	const tre = asClient(living);
	const [ro, sho1] = [await TestOperator.make("ro.example"), await TestOperator.make("sho-1.example", "ec")];
	const pva = await makeRoot("pva.example", "rsa");
	const offers = withOffers && (await living.call("updateStatus", {})).slots > 0;
	if (offers) {
		if ((await living.call("status", {})).state === lifeStates.blank) await living.call("makeKeys", {});
		await living.call("requireOffers", {});
	}
	const owned: Personalised = await personalise(tre, pva, ro);
	await look(living);
	const firmware = { version: "9.9.9", digest: Buffer.alloc(32, 9) };
	if (offers) await living.call("acceptBootstrap", offerBootstrap(owned, ro, firmware));
	await living.call(
		"acceptBootstrap",
		changeBootstrap(owned, sho1, ro, { kind: "initial", naps: nap, change: undefined }),
	);
	await refused(() => living.call("authenticate", { rand: Buffer.alloc(16), autn: Buffer.alloc(16) }));
	await living.call("authenticateEps", epsVector(ro, owned.imsi));
	await change(tre, owned, ro, sho1);
	await living.call("bindParameters", { role: 1, reference: Buffer.alloc(32, 2) });
	const old = changeBootstrap(owned, ro, sho1);
	const bootstrap = changeBootstrap(owned, ro, sho1);
	await living.call("acceptBootstrap", bootstrap);
	await refused(() => living.call("acceptBootstrap", old));
	await look(living);
	await nonceBOf(tre, owned);
	await living.call("dmCredential", { nonce: Buffer.alloc(16, 1) });
	await living.call("dmVerify", { digest: Buffer.alloc(16) });
	await refuseDamaged(living, owned, ro);
	await living.call("acceptMcim", await mcimObject(tre, owned, ro));
	await living.call(
		"acceptBootstrap",
		changeBootstrap(owned, ro, sho1, { kind: "withdraw", naps: [], change: undefined }),
	);
	await living.call("acceptBootstrap", changeBootstrap(owned, ro, sho1));
	await living.call("acceptMcim", await mcimObject(tre, owned, ro));
	await living.call("activate", {});
	for (let boots = 0; boots < 3; boots++) await living.boot();
	await authenticate(tre, sho1, owned.imsi);
	const { nonce } = await living.call("wipeChallenge", {});
	const wiped = Buffer.concat([Buffer.from(`TRE-WIPE-1${owned.treId}`), nonce]);
	await living.call("wipe", { algorithm: 1, signature: sign("sha256", wiped, pva.key) });
}

/** MCIMs whose MAC, content or addressee is wrong, each under a good signature. */
async function refuseDamaged(living: LivingTre, owned: Personalised, next: TestOperator): Promise<void> {
	const nonceB = await nonceBOf(asClient(living), owned);
	const { object } = next.mcim(owned);
	const elsewhere = next.mcim({ ...owned, treId: "0".repeat(32) }).object;
	const damaged = Buffer.from(object);
	damaged[damaged.length - 1] ^= 1;
	for (const one of [damaged, object.subarray(0, 200), elsewhere])
		await refused(() => living.call("acceptMcim", enveloped(writeM2mmcim(nonceB, one, next.root.key))));
}
