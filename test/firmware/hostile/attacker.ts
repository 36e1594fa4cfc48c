import { createHash } from "node:crypto";
import type { CommandName } from "../../../firmware/contract/commands.ts";
import { errorNameOf } from "../../../firmware/contract/errors.ts";
import { lifeStateOf } from "../../../firmware/contract/states.ts";
import { generator } from "../../../hil/rig/sampling.ts";
import { decodeResponse, encodeRequest, type Request } from "../../../host/tre/codec.ts";
import { DirectTre } from "../../support/machine.ts";
import { FadingFlash } from "./fading-flash.ts";
import * as model from "./model.ts";
import {
	type Account,
	type Made,
	type MadeVector,
	makeAccount,
	makeBootstrap,
	makeMcim,
	makeVector,
	opcOf,
	type Setting,
} from "./world.ts";

export class Broken extends Error {}

const hex = (octets: Uint8Array): string => Buffer.from(octets).toString("hex");
const sha256 = (octets: Uint8Array): string => createHash("sha256").update(octets).digest("hex");

/** A step, by what it does and a seed of its own: the same step again, whatever stood before it. */
export interface Step {
	readonly action: Action;
	readonly seed: number;
}

export type Action = keyof typeof weights;

/** How often the attacker does what; slow things seldom. */
const weights = {
	authenticate: 60,
	replayVector: 30,
	bootstrap: 12,
	replayBootstrap: 20,
	provisioningRequest: 3,
	mcim: 10,
	replayMcim: 8,
	activate: 6,
	confirm: 10,
	receipt: 2,
	dm: 4,
	bind: 8,
	cut: 8,
	closed: 10,
	wipe: 2,
	reboot: 2,
	noise: 40,
	mutate: 40,
} as const;

const total = Object.values(weights).reduce((sum, weight) => sum + weight, 0);

export function stepOf(random: () => number): Step {
	let at = random() * total;
	for (const [action, weight] of Object.entries(weights) as [Action, number][]) {
		at -= weight;
		if (at < 0) return { action, seed: Math.floor(random() * 2 ** 31) };
	}
	return { action: "authenticate", seed: 1 };
}

const MAX_KEPT = 40;

/** A hostile host at a TRE, and the model beside it: every answer and the status after it are compared. */
export class Attacker {
	readonly #setting: Setting;
	readonly #flash = new FadingFlash();
	#direct: DirectTre;
	#tre: model.Tre;
	#random: () => number = () => 0;
	readonly #bootstraps: Made<model.Bootstrap>[] = [];
	readonly #mcims: Made<model.Mcim>[] = [];
	readonly #vectors: MadeVector[] = [];
	readonly #accounts: Account[] = [];
	readonly #secrets: { name: string; octets: Buffer }[];
	/** G5, kept apart from the model: what was accepted once. */
	readonly #accepted = new Set<string>();

	constructor(setting: Setting) {
		this.#setting = setting;
		this.#flash.octets.set(setting.flash);
		this.#direct = this.#booted();
		this.#tre = setting.start;
		this.#secrets = [...setting.secrets];
	}

	/** Its time stands still: a trial ends by boots, and no write that a host may cause comes back by itself. */
	#booted(): DirectTre {
		const { rootKey, tre } = this.#setting;
		return new DirectTre(this.#flash, rootKey, tre, { seconds: () => 0 });
	}

	run({ action, seed }: Step): void {
		this.#random = generator(seed);
		const actions: Record<Action, () => void> = {
			authenticate: () => this.#authenticate(this.#keep(this.#vectors, this.#vector())),
			replayVector: () => this.#again(this.#vectors, (one) => this.#authenticate(one)),
			bootstrap: () => this.#bootstrap(this.#keep(this.#bootstraps, this.#newBootstrap())),
			replayBootstrap: () => this.#again(this.#bootstraps, (one) => this.#bootstrap(one)),
			provisioningRequest: () => this.#expect("provisioningRequest", {}, model.provisioningRequest(this.#tre)),
			mcim: () => this.#mcim(this.#keep(this.#mcims, this.#newMcim())),
			replayMcim: () => this.#again(this.#mcims, (one) => this.#mcim(one)),
			activate: () => this.#expect("activate", {}, model.activate(this.#tre, this.#nextReign())),
			confirm: () => this.#expect("confirmConnectivity", {}, model.confirmConnectivity(this.#tre, this.#nextReign())),
			receipt: () => this.#receipt(),
			dm: () => this.#dm(),
			bind: () => this.#bind(),
			cut: () => this.#cut(),
			closed: () => this.#closed(),
			wipe: () => this.#wipe(),
			reboot: () => this.#reboot(),
			noise: () => this.#noise(),
			mutate: () => this.#mutate(),
		};
		actions[action]();
		this.#compare(action);
	}

	#pick<T>(list: readonly T[]): T {
		return list[Math.floor(this.#random() * list.length)];
	}

	/** True with that share. */
	#chance(share: number): boolean {
		return this.#random() < share;
	}

	#keep<T>(list: T[], one: T): T {
		list.push(one);
		if (list.length > MAX_KEPT) list.splice(Math.floor(this.#random() * list.length), 1);
		return one;
	}

	#again<T>(list: readonly T[], use: (one: T) => void): void {
		if (list.length > 0) use(this.#pick(list));
	}

	#operator(right: number): number {
		return this.#chance(0.85) ? right : Math.floor(this.#random() * this.#setting.operators.length);
	}

	#nextReign(): string {
		return sha256(Buffer.from(this.#tre.change?.nonceB ?? "", "hex"));
	}

	#fallback(): model.Fallback {
		return { on: this.#chance(0.8), seconds: 3600, boots: 1 + Math.floor(this.#random() * 3) };
	}

	#vector(): MadeVector {
		const { active, pending, life } = this.#tre;
		const card = life === "trial" && pending && this.#chance(0.9) ? pending : active;
		const ind = this.#chance(0.7) ? 1 : Math.floor(this.#random() * 32);
		const own = card.seq[ind] ?? 0;
		const far = this.#chance(0.03) ? 2 ** 28 : 0;
		const seq = Math.max(0, own + far + Math.floor(this.#random() * 4) - 1);
		return makeVector({ k: card.k, intact: this.#chance(0.95), seq, ind });
	}

	#authenticate({ about, rand, autn, xres }: MadeVector): void {
		const expected = model.authenticate(this.#tre, about);
		const answer = this.#expect("authenticate", { rand, autn }, expected);
		if (!answer || !("tre" in expected)) return;
		if (answer.outcome !== expected.outcome)
			throw new Broken(`AKA: outcome ${answer.outcome}, not ${expected.outcome}`);
		if (answer.outcome !== 0) return;
		if (hex(answer.res) !== xres) throw new Broken("AKA: another RES");
		this.#once(`AUTN ${hex(autn)} ${hex(rand)}`);
	}

	#newBootstrap(): Made<model.Bootstrap> {
		const { operator, reign, serial, life } = this.#tre;
		const kinds =
			life === "idle"
				? (["change", "change", "initial", "application", "update"] as const)
				: (["change", "withdraw", "initial", "application", "update"] as const);
		const kind = this.#pick(kinds);
		const right = kind === "update" ? operator : (operator + 1 + Math.floor(this.#random() * 2)) % 3;
		const root = this.#chance(0.9) ? right : operator;
		const account = this.#account(this.#chance(0.92) ? root : operator);
		const fallback = this.#fallback();
		const about: model.Bootstrap = {
			...{ name: "", kind, root, fallback, account: account.operator, nonceA: account.nonceA },
			signer: this.#operator(operator),
			intact: this.#chance(0.97),
			forThisTre: this.#chance(0.97),
			reign: this.#chance(0.95) ? reign : "ab".repeat(32),
			serial: Math.max(
				1,
				serial + (this.#chance(0.85) ? 1 + Math.floor(this.#random() * 2) : -Math.floor(this.#random() * 3)),
			),
		};
		return makeBootstrap(this.#setting, about, account);
	}

	#account(operator: number): Account {
		const known = this.#accounts.filter((one) => one.operator === operator);
		if (known.length > 0 && this.#chance(0.2)) return this.#pick(known);
		const made = makeAccount(this.#setting, operator);
		this.#keep(this.#accounts, made);
		for (const octets of made.passwords) this.#secrets.push({ name: "DM password", octets });
		return made;
	}

	#bootstrap({ about, request }: Made<model.Bootstrap>): void {
		const before = this.#tre;
		// What the TRE will draw is not known before; it is read from its status, and has to be new.
		const trial = model.acceptBootstrap(before, about, "");
		const answer = this.#expect("acceptBootstrap", request, trial);
		if (!answer || !("tre" in trial) || answer.repeated) return;
		this.#once(`bootstrap ${about.name}`);
		if (about.kind !== "change") return;
		const nonceB = hex(this.#direct.call("status", {}).nonceB);
		this.#once(`nonceB ${nonceB}`);
		const after = model.acceptBootstrap(before, about, nonceB);
		if ("tre" in after) this.#tre = after.tre;
	}

	#newMcim(): Made<model.Mcim> {
		const { change, operator, held, active } = this.#tre;
		const right = change?.operator ?? operator;
		const nonceB =
			change && this.#chance(0.92) ? change.nonceB : hex(Buffer.alloc(16, 1 + Math.floor(this.#random() * 9)));
		const sameId = this.#chance(0.1);
		const made = makeMcim(this.#setting, {
			...{ nonceB, fallback: this.#fallback(), signer: this.#operator(right), issuer: this.#operator(right) },
			intact: this.#chance(0.97),
			forThisTre: this.#chance(0.97),
			version: 1 + Math.floor(this.#random() * 2),
			...(this.#chance(0.12) ? { k: this.#pick(held) } : {}),
			...(sameId ? { mcimId: active.mcimId } : {}),
		});
		this.#secrets.push({ name: "K", octets: Buffer.from(made.about.card.k, "hex") });
		this.#secrets.push({ name: "OPc", octets: opcOf(made.about.card.k) });
		return made;
	}

	#mcim({ about, request }: Made<model.Mcim>): void {
		const answer = this.#expect("acceptMcim", request, model.acceptMcim(this.#tre, about));
		if (answer) this.#once(`MCIM ${hex(request.signature)}`);
	}

	/** G5: no octets are accepted a second time. */
	#once(what: string): void {
		if (this.#accepted.has(what)) throw new Broken(`accepted twice: ${what.slice(0, 40)}`);
		this.#accepted.add(what);
	}

	#receipt(): void {
		const challenge = Buffer.from(`${Math.floor(this.#random() * 1e9)}`);
		const answer = this.#expect("receipt", { challenge }, { tre: this.#tre });
		const text = Buffer.from(answer?.document ?? []).toString("utf8");
		const { serial, reign } = this.#tre;
		for (const said of [
			`<State>${model.receiptState(this.#tre)}</State>`,
			`<Serial>${serial}</Serial>`,
			`<Reign>${reign}</Reign>`,
			`<Challenge>${challenge.toString("base64")}</Challenge>`,
		]) {
			if (!text.includes(said)) throw new Broken(`the receipt does not say ${said}`);
		}
	}

	#dm(): void {
		const { account, pendingAccount } = this.#tre;
		const expected: model.Expected = (account ?? pendingAccount) ? { tre: this.#tre } : { refusal: "no-account" };
		if (this.#chance(0.5)) {
			const nonce = Buffer.alloc(this.#chance(0.5) ? 0 : 16, 1 + Math.floor(this.#random() * 3));
			this.#expect("dmCredential", { nonce }, model.dmCredential(this.#tre, hex(nonce)));
		} else {
			const answer = this.#expect("dmVerify", { digest: Buffer.alloc(16, 5) }, expected);
			if (answer?.accepted) throw new Broken("a guessed digest was accepted");
		}
	}

	#bind(): void {
		const role = Math.floor(this.#random() * 4);
		const reference = Buffer.alloc(1 + Math.floor(this.#random() * 32), 1 + Math.floor(this.#random() * 200));
		this.#expect("bindParameters", { role, reference }, model.bindParameters(this.#tre, role, hex(reference)));
	}

	/** G4: the power fails at some flash operation of a command; the TRE is as before or as after it. */
	#cut(): void {
		const before = this.#tre;
		const vector = this.#vector();
		const bootstrap = this.#newBootstrap();
		const mcim = this.#newMcim();
		const commands = [
			() => this.#blind("authenticate", vector, () => model.authenticate(before, vector.about)),
			() => this.#blind("activate", {}, () => model.activate(before, this.#nextReign())),
			() => this.#blind("confirmConnectivity", {}, () => model.confirmConnectivity(before, this.#nextReign())),
			() => this.#blind("acceptMcim", mcim.request, () => model.acceptMcim(before, mcim.about)),
			() =>
				this.#blind("acceptBootstrap", bootstrap.request, () =>
					model.acceptBootstrap(before, bootstrap.about, hex(this.#direct.call("status", {}).nonceB)),
				),
		];
		this.#pick(commands)();
	}

	/** Sends a command whose answer never arrives, because the power fails during it; then finds out what happened. */
	#blind<Name extends CommandName>(name: Name, request: Request<Name>, expected: () => model.Expected): void {
		const { transaction } = this.#direct.call("status", {});
		// Half of them in what a short transaction writes, where its end is.
		this.#flash.failAfter(Math.floor(this.#chance(0.5) ? this.#random() * 14 : this.#random() ** 3 * 1500));
		this.#direct.exchange(Buffer.from(encodeRequest(name, request)));
		this.#flash.powerUp();
		this.#direct = this.#booted();
		const written = this.#direct.call("status", {}).transaction - transaction;
		const outcome = expected();
		const before = this.#tre;
		const candidates = "tre" in outcome && outcome.tre !== before ? [before, outcome.tre] : [before];
		// A boot is a transaction of its own, and one more where it counts against a trial.
		const found = candidates.find((tre) => {
			const expectedToWrite = (tre === before ? 0 : 1) + (tre.life === "trial" ? 2 : 1);
			return written === expectedToWrite && this.#difference(model.boot(tre)) === undefined;
		});
		if (!found) throw new Broken(`G4: after a power cut in ${name} the TRE is neither as before nor as after`);
		this.#tre = model.boot(found);
	}

	/** G8: commands of the factory, in the field. */
	#closed(): void {
		const refusal: model.Expected = { refusal: "wrong-state" };
		const octets = Buffer.alloc(16, 1);
		const commands = [
			() => this.#expect("makeKeys", {}, refusal),
			() => this.#expect("certificateRequest", { usage: 0 }, refusal),
			() => this.#expect("installCertificates", { sign: octets, encrypt: octets, pva: octets, sho: octets }, refusal),
			() => this.#expect("installCredential", { object: octets }, refusal),
			() => this.#expect("lock", {}, refusal),
		];
		this.#pick(commands)();
	}

	/** G8: a wipe that the PVA has not signed. */
	#wipe(): void {
		const asked = this.#chance(0.7);
		if (asked) this.#expect("wipeChallenge", {}, { tre: this.#tre });
		const request = { algorithm: 1, signature: Buffer.alloc(256, 9) };
		// An earlier challenge may still be open.
		const answer = this.#answered(Buffer.from(encodeRequest("wipe", request)));
		const names = asked ? ["signature-invalid"] : ["signature-invalid", "wipe-not-asked"];
		if (!names.includes(errorNameOf(answer) ?? "done")) throw new Broken(`wipe: ${errorNameOf(answer) ?? "done"}`);
	}

	/** Off and on: nothing is forgotten but what a trial loses. */
	#reboot(): void {
		this.#direct = this.#booted();
		this.#tre = model.boot(this.#tre);
	}

	/** Octets that are no message, and commands that are none. */
	#noise(): void {
		const length = Math.floor(this.#random() * 60);
		const octets = Buffer.from(Array.from({ length }, () => Math.floor(this.#random() * 256)));
		if (this.#chance(0.5) && length > 1) octets[0] = 0x80 + Math.floor(this.#random() * 6);
		this.#answered(octets);
	}

	/** A good message with some octets changed, cut or added: what it then means is not known, only what must not happen. */
	#mutate(): void {
		const made = this.#chance(0.5) ? this.#bootstraps : this.#mcims;
		if (made.length === 0) return;
		const name: CommandName = made === this.#bootstraps ? "acceptBootstrap" : "acceptMcim";
		const message = Buffer.from(encodeRequest(name, this.#pick<Made<unknown>>(made).request));
		const at = Math.floor(this.#random() * message.length);
		const kind = Math.floor(this.#random() * 3);
		if (kind === 0) message[at] ^= 1 << Math.floor(this.#random() * 8);
		const changed =
			kind === 1
				? message.subarray(0, at)
				: kind === 2
					? Buffer.concat([message, Buffer.alloc(1 + (at % 5))])
					: message;
		if (this.#answered(changed) === 0) throw new Broken(`a mutated ${name} was accepted`);
	}

	/** The error of the answer, which has to be one of the contract. */
	#answered(message: Buffer): number {
		const octets = this.#direct.exchange(message);
		this.#searchSecrets(octets);
		if (octets.length === 2 && octets[0] === 0x81) return octets[1];
		const error = octets.length === 3 && octets[0] === 0x81 && octets[1] === 0x18 ? octets[2] : 0;
		if (error !== 0 && errorNameOf(error) === undefined) throw new Broken(`error ${error} is not in the contract`);
		return error;
	}

	#expect<Name extends CommandName>(name: Name, request: Request<Name>, expected: model.Expected) {
		const octets = this.#direct.exchange(Buffer.from(encodeRequest(name, request)));
		this.#searchSecrets(octets);
		const answer = decodeResponse(name, octets);
		const found = "error" in answer ? errorNameOf(answer.error) : "done";
		const wanted = "refusal" in expected ? expected.refusal : "done";
		if (found !== wanted) throw new Broken(`${name}: ${found}, and the model says ${wanted}`);
		if ("tre" in expected) this.#tre = expected.tre;
		return "response" in answer ? answer.response : undefined;
	}

	/** G1. */
	#searchSecrets(octets: Buffer): void {
		const found = this.#secrets.find((secret) => octets.includes(secret.octets));
		if (found) throw new Broken(`G1: ${found.name} in a response`);
	}

	/** What the TRE says of itself is what the model says. */
	#compare(action: Action): void {
		const difference = this.#difference(this.#tre);
		if (difference !== undefined) throw new Broken(`after ${action} ${difference}`);
	}

	#difference({ life, serial, active, pending, change, operator, offered, writes }: model.Tre): string | undefined {
		const status = this.#direct.call("status", {});
		const { operators } = this.#setting;
		const said = {
			life: lifeStateOf(status.state),
			serial: status.serial,
			active: `${status.activeImsi} ${hex(status.activeMcim)}`,
			pending: `${status.pendingImsi} ${hex(status.pendingMcim)}`,
			current: hex(status.currentRoot),
			pendingRoot: hex(status.pendingRoot),
			mcims: this.#mcimsInStore(),
			offered: this.#direct.call("updateOffer", {}).digest.length > 0,
			writes: this.#direct.call("wear", {}).left,
		};
		const stored = [active, pending].map((card, n) =>
			card
				? [
						`${n + 1} ${card.imsi} ${card.mcimId} ${hex(operators[card.operator].rootHash)} ${card.version} ${card.parameters ?? ""}`,
					]
				: [],
		);
		const expected = {
			life,
			serial,
			active: `${active.imsi} ${active.mcimId}`,
			pending: pending ? `${pending.imsi} ${pending.mcimId}` : " ",
			current: hex(operators[operator].rootHash),
			pendingRoot: change ? hex(operators[change.operator].rootHash) : "",
			mcims: stored.flat().join("; "),
			offered,
			writes,
		};
		const [one, other] = [JSON.stringify(said), JSON.stringify(expected)];
		return one === other ? undefined : `the TRE says ${one}, the model ${other}`;
	}

	/** G3: every subscription that stands in the store. */
	#mcimsInStore(): string {
		const found: string[] = [];
		// Two of eight slots are ever in use: the first three show a third one.
		for (let slot = 0; slot < 3; slot++) {
			const { role, imsi, mcimId, issuer, version, parameters } = this.#direct.call("mcim", { slot });
			if (role > 0) found.push(`${role} ${imsi} ${hex(mcimId)} ${hex(issuer)} ${version} ${hex(parameters)}`);
		}
		return found.sort().join("; ");
	}
}
