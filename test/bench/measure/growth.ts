import { MAX_FINGERPRINTS } from "../../../firmware/contract/states.ts";
import { defaultGeometry } from "../../../firmware/emulator/flash.ts";
import {
	flashWith,
	type Records,
	recordsOf,
	withFingerprints,
	withFullLog,
	withMcims,
} from "../../support/forged-store.ts";
import { personalisedFlash } from "../../support/keyed-flash.ts";
import { DirectTre } from "../../support/machine.ts";
import type { TestOperator } from "../../support/operators.ts";
import { median, timed } from "./statistics.ts";

const SEQ_INDEXES = 32;

/** Times against those of a fresh store with one MCIM, measured in turn. */
export interface GrowthRow {
	readonly store: string;
	readonly authenticate: number;
	readonly boot: number;
	readonly compaction: number;
	/** Octets that are live, of those that a bank has. */
	readonly used: number;
	readonly size: number;
	/** AUTHENTICATEs until the store changes banks: each sector is erased once for as many. */
	readonly perErase: number;
}

interface Raw {
	readonly authenticate: number;
	readonly boot: number;
	readonly compaction: number;
}

/** A device whose AUTHENTICATEs can be counted on. */
class Subject {
	readonly #records: Records;
	readonly #rootKey: Uint8Array;
	readonly #ro: TestOperator;
	readonly #imsi: string;

	constructor(records: Records, rootKey: Uint8Array, ro: TestOperator, imsi: string) {
		this.#records = records;
		this.#rootKey = rootKey;
		this.#ro = ro;
		this.#imsi = imsi;
	}

	fresh(): DirectTre {
		return new DirectTre(flashWith(this.#records, defaultGeometry), this.#rootKey);
	}

	authenticate(tre: DirectTre): void {
		const { rand, autn } = this.#ro.vector(this.#imsi);
		const request = { rand: Buffer.from(rand, "hex"), autn: Buffer.from(autn, "hex") };
		if (tre.call("authenticate", request).outcome !== 0) throw new Error("AKA failed");
	}

	/** One bank after another: the times of AUTHENTICATEs that stay in a bank, and of those that change it. */
	measure(count: number): Raw {
		const tre = this.fresh();
		this.authenticate(tre);
		const [plain, changing]: [number[], number[]] = [[], []];
		let epochs = tre.call("store", {}).eraseCycles;
		for (let n = 0; n < count; n++) {
			const ms = timed(() => this.authenticate(tre));
			const now = tre.call("store", {}).eraseCycles;
			(now === epochs ? plain : changing).push(ms);
			epochs = now;
		}
		const boots = Array.from({ length: 9 }, () => timed(() => void new DirectTre(tre.flash, this.#rootKey)));
		return { authenticate: median(plain), boot: median(boots), compaction: median(changing) };
	}

	facts(): { readonly used: number; readonly size: number; readonly perErase: number } {
		const tre = this.fresh();
		const { used, size } = tre.call("store", {});
		const before = tre.flash.octets.slice();
		this.authenticate(tre);
		const octets = tre.flash.octets.reduce((sum, octet, at) => sum + (octet === before[at] ? 0 : 1), 0);
		// A transaction with one SEQ_MS and its commit record: 32 octets, some of which may have stayed 0xff.
		const record = Math.max(32, Math.ceil(octets / 4) * 4);
		return { used, size, perErase: Math.floor((size - used) / record) };
	}
}

/** How AUTHENTICATE, boot and compaction grow with 1, 2, 4, 8 MCIMs and with a worn store. */
export async function growth(count: number): Promise<readonly GrowthRow[]> {
	const { image, rootKey, ro, owned } = await personalisedFlash();
	const records = recordsOf(image);
	const worn = (mcims: number): Records =>
		withFullLog(withFingerprints(withMcims(records, rootKey, mcims, SEQ_INDEXES), MAX_FINGERPRINTS));
	const stores: [string, Records][] = [
		...[1, 2, 4, 8].map((mcims): [string, Records] => [`${mcims} MCIM`, withMcims(records, rootKey, mcims)]),
		["1 MCIM, worn", worn(1)],
		["8 MCIM, worn", worn(8)],
	];
	const subjects = stores.map(([name, content]) => ({ name, subject: new Subject(content, rootKey, ro, owned.imsi) }));
	const base = subjects[0].subject;
	return subjects.map(({ name, subject }) => {
		const [own, yardstick] = [subject.measure(count), base.measure(count)];
		const against = (field: keyof Raw): number => own[field] / yardstick[field];
		return {
			store: name,
			...{ authenticate: against("authenticate"), boot: against("boot"), compaction: against("compaction") },
			...subject.facts(),
		};
	});
}
