import { sign } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { inject } from "vitest";
import type { CommandName } from "../../../firmware/contract/commands.ts";
import { lifeStates } from "../../../firmware/contract/states.ts";
import type { Geometry } from "../../../firmware/emulator/flash.ts";
import { makeRoot } from "../../../hil/network/shared/certificates.ts";
import type { TreClient } from "../../../host/tre/client.ts";
import type { Request, Response } from "../../../host/tre/codec.ts";
import { readFlash, writeFlash } from "../../support/flash-image.ts";
import { DirectTre } from "../../support/machine.ts";
import {
	authenticate,
	change,
	changeBootstrap,
	mcimObject,
	nonceBOf,
	type Personalised,
	personalise,
	TestOperator,
} from "../../support/operators.ts";
import { RecordingFlash } from "./flash.ts";
import type { Written } from "./proof.ts";

/** A flash to begin with, and the device root key that belongs to it. */
export interface Start {
	readonly image?: Uint8Array;
	readonly rootKey: Uint8Array;
}

/** A device with its keys, in any geometry. */
export function keyed({ sectorSize, sectorCount }: Geometry): Start {
	const records = new Map<number, Uint8Array>();
	const folder = inject("keyedDevice");
	for (const { key, octets } of readFlash(readFileSync(join(folder, "flash.bin")))) {
		if (octets.length > 0) records.set(key, octets);
	}
	return {
		image: writeFlash(sectorSize * sectorCount, records),
		rootKey: readFileSync(join(folder, "root.key")),
	};
}

/** A TRE in this process whose flash is recorded command by command; what does not write is left out. */
class Recorded {
	readonly written: Written[] = [];
	readonly flash: RecordingFlash;
	#tre: DirectTre;

	readonly #rootKey: Uint8Array;

	constructor(geometry: Geometry, { image, rootKey }: Start) {
		this.#rootKey = rootKey;
		this.flash = new RecordingFlash(geometry, image);
		this.#tre = this.#booted();
	}

	get #trial(): boolean {
		return this.#tre?.call("status", {}).state === lifeStates.trial;
	}

	#booted(): DirectTre {
		let booted: DirectTre | undefined;
		const trial = this.written.at(-1)?.trial ?? false;
		this.#record("boot", trial, () => {
			booted = new DirectTre(this.flash, this.#rootKey);
		});
		return booted as unknown as DirectTre;
	}

	/** Off and on again. */
	boot(): void {
		this.#tre = this.#booted();
	}

	call<Name extends CommandName>(name: Name, request: Request<Name>): Response<Name> {
		return this.#record(name, this.#trial, () => this.#tre.call(name, request), request);
	}

	#record<T>(name: Written["name"], trial: boolean, run: () => T, request?: object): T {
		const { sectorSize, sectorCount } = this.flash;
		const before = this.flash.octets.slice();
		const from = this.flash.operations.length;
		const result = run();
		const operations = this.flash.operations.slice(from);
		const after = trial || (this.#tre !== undefined && this.#trial);
		if (operations.length > 0)
			this.written.push({ name, request, geometry: { sectorSize, sectorCount }, before, operations, trial: after });
		return result;
	}
}

const asClient = (tre: Recorded): TreClient =>
	({
		call: async (name: never, request: never) => tre.call(name, request),
		status: async () => tre.call("status", {}),
	}) as unknown as TreClient;

/**
 * A whole life on one flash, every command that writes recorded: manufacture, changes that commit, that are
 * withdrawn and that revert.
 */
export async function recordLife(geometry: Geometry, start: Start): Promise<readonly Written[]> {
	const recorded = new Recorded(geometry, start);
	const tre = asClient(recorded);
	const [ro, sho1] = [await TestOperator.make("ro.example"), await TestOperator.make("sho-1.example", "ec")];
	const pva = await makeRoot("pva.example", "rsa");
	const owned: Personalised = await personalise(tre, pva, ro);
	const nap = [{ napId: "NAP1", name: "nap", apn: "test.example" }];
	await tre.call(
		"acceptBootstrap",
		changeBootstrap(owned, sho1, ro, { kind: "initial", naps: nap, change: undefined }),
	);
	await change(tre, owned, ro, sho1);
	const { activeMcim: mcimId } = recorded.call("status", {});
	await tre.call("bindParameters", { mcimId, reference: Buffer.alloc(32, 2) });
	await tre.call("acceptBootstrap", changeBootstrap(owned, ro, sho1));
	await nonceBOf(tre, owned);
	await tre.call("dmCredential", { nonce: Buffer.alloc(16, 1) });
	await tre.call("dmVerify", { digest: Buffer.alloc(16) });
	await tre.call("acceptMcim", await mcimObject(tre, owned, ro));
	await tre.call(
		"acceptBootstrap",
		changeBootstrap(owned, ro, sho1, { kind: "withdraw", naps: [], change: undefined }),
	);
	await tre.call("acceptBootstrap", changeBootstrap(owned, ro, sho1));
	await tre.call("acceptMcim", await mcimObject(tre, owned, ro));
	await tre.call("activate", {});
	for (let boots = 0; boots < 3; boots++) recorded.boot();
	await authenticate(tre, sho1, owned.imsi);
	const { nonce } = await tre.call("wipeChallenge", {});
	const wiped = Buffer.concat([Buffer.from(`TRE-WIPE-1${owned.treId}`), nonce]);
	await tre.call("wipe", { algorithm: 1, signature: sign("sha256", wiped, pva.key) });
	if (recorded.flash.misuse.length > 0) throw recorded.flash.misuse[0];
	return recorded.written;
}
