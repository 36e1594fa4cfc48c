import type { GsupConnection } from "../../gsup/connection.ts";
import type { Gsup } from "../../gsup/message.ts";

/** A home location register with its AuC, as the GSUP front of an operator uses it: the operator's own, or another. */
export interface Hlr {
	/**
	 * The answer to a visited network's request, an error among them; undefined where the procedure has none. What it
	 * asks of the visited network meanwhile goes to `vlr`.
	 */
	answer(message: Gsup, vlr: GsupConnection): Promise<Gsup | undefined>;
	/** Why it does not answer at present. */
	readonly failing: string | undefined;
	close(): Promise<void>;
}

/** An answer that refuses. */
export const refusing = ({ procedure, imsi }: Gsup, cause: number): Gsup => ({ procedure, kind: "error", imsi, cause });

export const answering = ({ procedure, imsi }: Gsup, fields: Partial<Gsup> = {}): Gsup => ({
	procedure,
	kind: "result",
	imsi,
	...fields,
});
