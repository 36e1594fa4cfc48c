import { X509Certificate } from "node:crypto";
import { FlashMemory } from "../../../firmware/emulator/flash-memory.ts";
import { protect } from "../../../hil/network/operator/provisioning/envelope.ts";
import { prepareAccount, prepareOffer } from "../../../hil/network/operator/provisioning/objects.ts";
import { makeRoot } from "../../../hil/network/shared/certificates.ts";
import { writeM2mmcim } from "../../../host/wire/management/objects.ts";
import { writeBootstrap } from "../../../host/wire/prov/bootstrap.ts";
import { DirectTre } from "../../support/machine.ts";
import {
	type BootstrapRequest,
	enveloped,
	type Personalised,
	personalise,
	randomOctets,
	sha256,
	signedOctets,
	TestOperator,
} from "../../support/operators.ts";
import { vectorOf } from "../../support/vectors.ts";
import { asClient } from "../../support/whole-life.ts";
import type { Bootstrap, Card, Fallback, Mcim, Tre, Vector } from "./model.ts";

const hex = (octets: Uint8Array): string => Buffer.from(octets).toString("hex");
const nap = { napId: "NAP1", name: "nap", apn: "test.example" };

/** A document that the host has got hold of: its octets, and what is true of it. */
export interface Made<About> {
	readonly about: About;
	readonly request: BootstrapRequest;
}

export interface MadeVector {
	readonly about: Vector;
	readonly rand: Buffer;
	readonly autn: Buffer;
	readonly xres: string;
}

/** A device in the field, as an image of its flash, and operators with real keys. */
export interface Setting {
	readonly flash: Uint8Array;
	readonly rootKey: Uint8Array;
	readonly owned: Personalised;
	readonly operators: readonly TestOperator[];
	readonly start: Tre;
	/** Octets of secrets by name; what is found in a response breaks G1. */
	readonly secrets: readonly { readonly name: string; readonly octets: Buffer }[];
	readonly tre?: WebAssembly.Module;
}

/** Manufacture, with what the model has to know. `keyed`: a flash with keys. */
export async function makeSetting(keyed: Uint8Array, rootKey: Uint8Array, tre?: WebAssembly.Module): Promise<Setting> {
	const flash = new FlashMemory();
	flash.octets.set(keyed);
	const direct = new DirectTre(flash, rootKey, tre);
	const client = asClient(direct);
	const operators = [
		await TestOperator.make("ro.example"),
		await TestOperator.make("sho-1.example", "ec"),
		await TestOperator.make("sho-2.example", "ec"),
	];
	const owned = await personalise(client, await makeRoot("pva.example", "rsa"), operators[0]);
	const { activeImsi, activeMcim } = direct.call("status", {});
	const { k, seq } = operators[0].subscriber(activeImsi);
	const active: Card = {
		...{ operator: 0, imsi: activeImsi, mcimId: hex(activeMcim), version: 1, k },
		seq: { 1: seq },
	};
	// The attacker begins with a boot.
	const writes = direct.call("wear", {}).left + 1;
	const start: Tre = {
		...{ life: "idle", outcome: "none", operator: 0, reign: owned.reign, serial: 0, active },
		...{ spent: [], held: [k], authenticated: false, bootsLeft: 0 },
		...{ offered: false, writes, writesKept: writes - 1 },
	};
	const opc = Buffer.from(operators[0].subscriber(activeImsi).opc, "hex");
	rememberOpc(k, opc);
	const secrets = [
		{ name: "K", octets: Buffer.from(k, "hex") },
		{ name: "OPc", octets: opc },
	];
	return { flash: flash.octets.slice(), rootKey, owned, operators, start, secrets, ...(tre ? { tre } : {}) };
}

/** A DM account as its operator keeps it. */
export interface Account {
	readonly operator: number;
	readonly nonceA: string;
	readonly object: Uint8Array;
	readonly passwords: readonly Buffer[];
}

export function makeAccount({ operators, owned }: Setting, operator: number): Account {
	const { shoId, rootHash } = operators[operator];
	const { nonceA, object, clientPassword, serverPassword } = prepareAccount(
		owned.treId,
		owned.certEncrypt,
		rootHash,
		shoId,
	);
	return {
		operator,
		nonceA: hex(nonceA),
		object,
		passwords: [clientPassword, serverPassword].map((one) => Buffer.from(one)),
	};
}

/** OPc by K: the model knows a subscription by its K. */
const opcs = new Map<string, Buffer>();
export const opcOf = (k: string): Buffer => opcs.get(k) ?? Buffer.alloc(16, 0xff);
export const rememberOpc = (k: string, opc: Buffer): void => void opcs.set(k, opc);

function makeOffer({ owned, operators }: Setting, { root }: Bootstrap): Buffer {
	const firmware = { version: "9.9.9", digest: randomOctets(32) };
	return prepareOffer(owned.treId, owned.certEncrypt, operators[root].rootHash, firmware);
}

export function makeBootstrap(setting: Setting, about: Bootstrap, account?: Account): Made<Bootstrap> {
	const { operators, owned } = setting;
	const signer = operators[about.signer];
	const root = operators[about.root];
	const document = writeBootstrap({
		...{ kind: about.kind === "application" ? "initial" : about.kind, name: root.shoId },
		...{ treId: about.forThisTre ? owned.treId : "0".repeat(32), reign: about.reign, serial: about.serial },
		naps: about.kind === "withdraw" ? [] : [nap],
		change:
			about.kind === "change" && account
				? {
						provUrl: "https://dpf/dm",
						certificate: root.root.certificate,
						account: account.object,
						fallback: about.fallback.on ? about.fallback : "off",
					}
				: undefined,
		update:
			about.kind === "update" && account
				? { provUrl: "https://dpf/dm", offer: makeOffer(setting, about), account: account.object }
				: undefined,
	});
	const request = signedOctets(
		about.kind === "application"
			? document
					.replace('value="initial"', 'value="application"')
					.replace(
						/<characteristic type="VENDORCONFIG">/,
						'<characteristic type="APPLICATION"><parm name="APPID" value="w2"></parm></characteristic><characteristic type="VENDORCONFIG">',
					)
			: document,
		signer,
	);
	return { about: { ...about, name: hex(sha256(request.document)) }, request: damaged(request, about.intact) };
}

/** One bit of the document is another, under the same signature. */
function damaged(request: BootstrapRequest, intact: boolean): BootstrapRequest {
	if (intact) return request;
	const document = Buffer.from(request.document);
	document[Math.floor(document.length / 2)] ^= 1;
	return { ...request, document };
}

export interface McimWish {
	readonly signer: number;
	readonly intact: boolean;
	readonly nonceB: string;
	readonly forThisTre: boolean;
	readonly issuer: number;
	readonly fallback: Fallback;
	/** A K that is to come again, an id that is stored already. */
	readonly k?: string;
	readonly mcimId?: string;
	readonly version: number;
}

export function makeMcim(setting: Setting, wish: McimWish): Made<Mcim> {
	const { operators, owned } = setting;
	const k = wish.k === undefined ? randomOctets(16) : Buffer.from(wish.k, "hex");
	const opc = opcs.get(hex(k)) ?? randomOctets(16);
	rememberOpc(hex(k), opc);
	const mcimId = wish.mcimId === undefined ? randomOctets(16) : Buffer.from(wish.mcimId, "hex");
	const imsi = `00101${String(1e9 + Math.floor(Math.random() * 9e9))}`;
	const { on, seconds, boots } = wish.fallback;
	const publicPart = [
		...[wish.forThisTre ? owned.treId : "0".repeat(32), operators[wish.issuer].rootHash, mcimId, imsi],
		...["milenage", [], [on ? 1 : 0, seconds, boots], 0, 16, 16],
	];
	const object = protect(
		{ tag: 3, version: wish.version, publicPart, secret: Buffer.concat([k, opc]) },
		new X509Certificate(owned.certEncrypt).publicKey,
	);
	const signed = writeM2mmcim(Buffer.from(wish.nonceB, "hex"), object, operators[wish.signer].root.key);
	const card = { operator: wish.issuer, imsi, mcimId: hex(mcimId), version: wish.version, k: hex(k), seq: {} };
	return { about: { ...wish, card }, request: damaged(enveloped(signed), wish.intact) };
}

/** AUTN over a SEQ and IND of the maker's choice (TS 33.102 clause 6.3.2). */
export function makeVector(about: Vector): MadeVector {
	const { k, seq, ind } = about;
	const { request, xres } = vectorOf({ k, opc: opcs.get(k) ?? Buffer.alloc(16), seq, ind });
	if (!about.intact) request.autn[15] ^= 1;
	return { about, ...request, xres: hex(xres) };
}
