import type { Nap } from "../wire/prov/bootstrap.ts";
import type { FumoResult } from "../wire/syncml/fumo.ts";
import { StateFile } from "./state-file.ts";

/** What the TRE has accepted: it ends with the reign of its SHO. */
interface AcceptedOffer {
	/** DPF of the SHO. */
	readonly provUrl: string;
	/** SHA-256 of his root, hex. */
	readonly root: string;
	/** Of the bundle, hex. */
	readonly digest: string;
	/** How often it was given to the TRE, or fetched, in vain. */
	readonly failures: number;
}

/** A firmware over the air, from the offer that the TRE accepted to the word that the SHO gets of it. */
export type PendingUpdate = AcceptedOffer &
	(
		| { readonly kind: "offered" }
		/** The DPF has said where it lies. */
		| { readonly kind: "found"; readonly pkgUrl: string }
		/** The TRE has all of it; what is left is the restart into it. */
		| { readonly kind: "sent" }
		| { readonly kind: "ended"; readonly result: FumoResult }
	);

/** What the M2ME keeps outside the TRE; nothing in it is secret, nothing in it is trusted. */
export interface Remembered {
	/** Network parameters by the reference that the TRE keeps beside their MCIM (hex). */
	readonly naps: Readonly<Record<string, Nap>>;
	/** DPF of the change under way, from the bootstrap that the TRE accepted. */
	readonly provUrl?: string;
	/** DPF that is still to be told how the change ended. */
	readonly reportTo?: { readonly provUrl: string; readonly mcimId: string };
	/** The firmware that the current SHO offers, and how far it is. */
	readonly update?: PendingUpdate;
	/** The TRE that this M2ME was built around. */
	readonly treId?: string;
}

/** A port may lead to another device than yesterday: what is remembered is of no use there, or does harm. */
export class OtherTre extends Error {
	constructor(expected: string, found: string, folder: string) {
		super(
			`the TRE on this port is ${found || "blank"}, and this M2ME belongs to ${expected}; ` +
				`for another device give another --state than ${folder}`,
		);
	}
}

const isRemembered = (value: unknown): value is Remembered =>
	typeof value === "object" && value !== null && typeof (value as Partial<Remembered>).naps === "object";

/** What the M2ME remembers, in a file. Throws StateDamaged. */
export class Memory {
	readonly #folder: string;
	readonly #file: StateFile<Remembered>;
	#content: Remembered;

	constructor(folder: string) {
		this.#folder = folder;
		this.#file = new StateFile(folder, "m2me.json", isRemembered);
		this.#content = this.#file.read() ?? { naps: {} };
	}

	get content(): Remembered {
		return this.#content;
	}

	update(fields: Partial<Remembered>): void {
		this.#content = { ...this.#content, ...fields };
		this.#file.write(this.#content);
	}

	/** Belongs to that TRE from now on; throws where it belongs to another one. A blank TRE has no TRE_id yet. */
	claim(treId: string): void {
		const { treId: known } = this.#content;
		if (known !== undefined && known !== treId) throw new OtherTre(known, treId, this.#folder);
		if (known === undefined && treId !== "") this.update({ treId });
	}
}
