import { randomBytes } from "node:crypto";
import { wire } from "../../../firmware/contract/commands.ts";
import { milenage } from "../../../hil/network/operator/hss/milenage.ts";
import { encodeRequest } from "../../../host/tre/codec.ts";
import { changeDocument, mcimDocument, signedRequest } from "./documents.ts";
import type { FuzzWorld } from "./world.ts";

function vector({ credential }: FuzzWorld, seq: bigint, separation: boolean) {
	const [rand, amf, sqn] = [randomBytes(16), Buffer.from(separation ? "8000" : "0000", "hex"), Buffer.alloc(8)];
	sqn.writeBigUInt64BE((seq << 5n) | 1n);
	const out = milenage(credential.k, credential.opc, rand, sqn.subarray(2), amf);
	return {
		rand,
		autn: Buffer.concat([Buffer.from(sqn.subarray(2).map((octet, n) => octet ^ out.ak[n])), amf, out.macA]),
	};
}

/** One good request of every command, as messages. */
export function requests(world: FuzzWorld): Uint8Array[] {
	const { ro, pva, owned } = world;
	const bytes16 = Buffer.alloc(16, 3);
	const change = signedRequest("detached", changeDocument(world), ro);
	return [
		encodeRequest("hello", { minVersion: 1, maxVersion: 1, maxSegment: wire.maxSegment, maxMessage: wire.maxMessage }),
		encodeRequest("acceptBootstrap", change),
		encodeRequest("authenticate", vector(world, 5000n, false)),
		encodeRequest("authenticateEps", { ...vector(world, 6000n, true), snId: Buffer.from("00f110", "hex") }),
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
