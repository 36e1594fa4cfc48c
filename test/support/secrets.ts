import { createPrivateKey, type KeyObject } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { wire } from "../../firmware/contract/commands.ts";
import { cobsDecode } from "../../host/link/frame.ts";
import { readFlash, unseal } from "./flash-image.ts";
import { openEnvelope } from "./independent.ts";
import { Registers } from "./registers.ts";

/** Name and octets of something that must not be found. */
export interface Secret {
	readonly name: string;
	readonly octets: Buffer;
}

const DECRYPT_KEY = 4;

const keyPairs = (lab: string): { key: number; der: Buffer }[] => {
	const rootKey = readFileSync(join(lab, "tre", "root.key"));
	return readFlash(readFileSync(join(lab, "tre", "flash.bin")))
		.filter(({ key, octets }) => (key === 3 || key === 4) && octets.length > 0)
		.map(({ key, octets }) => ({ key, der: unseal(rootKey, octets) }));
};

const privateKeyOf = (der: Buffer): KeyObject => createPrivateKey({ key: der, format: "der", type: "pkcs1" });

/** Primes and private exponents of the TRE's key pairs, out of its flash. */
function privateKeys(lab: string): Secret[] {
	return keyPairs(lab).flatMap(({ key, der }) => {
		const jwk = privateKeyOf(der).export({ format: "jwk" });
		return (["p", "q", "d"] as const).map((name) => ({
			name: `${name} of key pair ${key}`,
			octets: Buffer.from(jwk[name] as string, "base64url"),
		}));
	});
}

/** K and OPc of every subscription, and every DM password. */
function operatorSecrets(lab: string, shoId: string): Secret[] {
	const registers = new Registers(join(lab, `operator-${shoId}`));
	const keys = registers.all("subscriber").flatMap(({ imsi, k, opc }) => [
		{ name: `K of ${imsi}`, octets: Buffer.from(k, "hex") },
		{ name: `OPc of ${imsi}`, octets: Buffer.from(opc, "hex") },
	]);
	const passwords = registers.all("registration").flatMap(({ user, clientPassword, serverPassword }) => [
		{ name: `client password of ${user}`, octets: Buffer.from(clientPassword) },
		{ name: `server password of ${user}`, octets: Buffer.from(serverPassword) },
	]);
	return [...keys, ...passwords];
}

/** PIK and PCK of protected objects that went over the line. */
function wrappedKeys(lab: string, objects: readonly Buffer[]): Secret[] {
	const pair = keyPairs(lab).find(({ key }) => key === DECRYPT_KEY);
	if (!pair) throw new Error("no decryption key in the flash");
	return objects.flatMap((object, n) => {
		const { pik, pck } = openEnvelope(object, privateKeyOf(pair.der));
		return [
			{ name: `PIK of object ${n}`, octets: pik },
			{ name: `PCK of object ${n}`, octets: pck },
		];
	});
}

export function secretsOf(lab: string, shoIds: readonly string[], objects: readonly Buffer[]): Secret[] {
	return [...privateKeys(lab), ...shoIds.flatMap((shoId) => operatorSecrets(lab, shoId)), ...wrappedKeys(lab, objects)];
}

const HEAD = 5;
const CRC = 4;

/** All messages in a recording of the line, without framing and repetitions; damaged frames are an error here. */
export function messagesIn(recording: Buffer): Buffer[] {
	const messages: { id: number; segments: Buffer[] }[] = [];
	let start = 0;
	for (let end = recording.indexOf(0); end >= 0; end = recording.indexOf(0, start)) {
		const encoded = recording.subarray(start, end);
		start = end + 1;
		// A delimiter stands in front of each frame, too.
		if (encoded.length === 0) continue;
		const content = cobsDecode(encoded);
		if (!content || content.length < HEAD + CRC) throw new Error("a damaged frame in the recording");
		const [kind, segment, id] = [content[0], content[3], content[1] | (content[2] << 8)];
		if (kind !== wire.kinds.request && kind !== wire.kinds.response) continue;
		if (messages.at(-1)?.id !== id) messages.push({ id, segments: [] });
		const last = messages.at(-1);
		if (last) last.segments[segment] = Buffer.from(content.subarray(HEAD, -CRC));
	}
	return messages.map(({ segments }) => Buffer.concat(segments));
}

/** Names of the secrets that occur in the octets: raw, as hex, or in any of the three base64 alignments. */
export function found(secrets: readonly Secret[], octets: Buffer): string[] {
	const text = octets.toString("latin1");
	const forms = ({ octets: secret }: Secret): string[] => {
		const aligned = [0, 1, 2].map((shift) => {
			const base64 = Buffer.concat([Buffer.alloc(shift), secret]).toString("base64");
			// Letters that mix with what stands before and after are left out.
			return base64.slice(Math.ceil((shift * 4) / 3), Math.floor(((shift + secret.length) * 4) / 3) - 1);
		});
		const hex = secret.toString("hex");
		return [secret.toString("latin1"), hex, hex.toUpperCase(), ...aligned];
	};
	return secrets.filter((secret) => forms(secret).some((form) => text.includes(form))).map(({ name }) => name);
}
