import { wire } from "../../../firmware/contract/commands.ts";
import { encodeRequest } from "../../../host/tre/codec.ts";
import { vectorOf } from "../../support/vectors.ts";
import { changeDocument, mcimDocument, signedRequest } from "./documents.ts";
import type { FuzzWorld } from "./world.ts";

/** One good request of every command, as messages. */
export function requests(world: FuzzWorld): Uint8Array[] {
	const { ro, pva, owned } = world;
	const bytes16 = Buffer.alloc(16, 3);
	const change = signedRequest("detached", changeDocument(world), ro);
	return [
		encodeRequest("hello", { minVersion: 1, maxVersion: 1, maxSegment: wire.maxSegment, maxMessage: wire.maxMessage }),
		encodeRequest("acceptBootstrap", change),
		encodeRequest("authenticate", vectorOf({ ...world.credential, seq: 5000 }).request),
		encodeRequest("authenticateEps", {
			...vectorOf({ ...world.credential, seq: 6000, separation: true }).request,
			snId: Buffer.from("00f110", "hex"),
		}),
		encodeRequest("installCertificates", {
			sign: owned.certSign,
			encrypt: owned.certEncrypt,
			pva: pva.certificate,
			sho: ro.certificate,
		}),
		encodeRequest("acceptMcim", signedRequest("enveloped", mcimDocument(world.nonceB, Buffer.alloc(64)), world.sho1)),
		encodeRequest("installCredential", { object: bytes16 }),
		encodeRequest("wipe", { algorithm: 1, signature: Buffer.alloc(256) }),
		encodeRequest("receipt", { challenge: bytes16 }),
		encodeRequest("dmCredential", { nonce: bytes16 }),
		encodeRequest("dmVerify", { digest: bytes16 }),
		encodeRequest("certificateRequest", { usage: 1 }),
		encodeRequest("makeKeyPairs", { encryption: 3 }),
		encodeRequest("log", { from: 0 }),
		encodeRequest("mcim", { slot: 0 }),
		encodeRequest("bindParameters", { role: 1, reference: bytes16 }),
		...(
			[
				"info",
				"status",
				"store",
				"activate",
				"confirmConnectivity",
				"provisioningRequest",
				"releaseRoot",
				"wipeChallenge",
				"lock",
			] as const
		).map((name) => encodeRequest(name, {})),
	];
}
