import { decodePush } from "../../../../host/wire/push/wsp.ts";
import { Refused } from "../../../../host/wire/refused.ts";
import { Reassembly } from "../../../../host/wire/sms/reassembly.ts";
import { decodeSubmit } from "../../../../host/wire/sms/submit.ts";
import type { Gsup } from "../../gsup/message.ts";
import { causes, smCauses } from "../../gsup/tables.ts";
import { Refusal } from "../../shared/refusal.ts";
import { answering, refusing } from "./hlr.ts";

/** Takes the whole message of a subscriber; throws a Refusal where it is none that is taken. */
export type Receive = (imsi: string, contentType: string, body: Buffer) => Promise<void>;

/** The service centre of an operator: short messages of its subscribers (TS 23.040), put together. */
export class ShortMessageCentre {
	/** Its address, digits with `+`. */
	readonly number: string;
	readonly #receive: Receive;
	readonly #reassembly = new Reassembly({ maxMessages: 10_000, maxOctets: 64 * 1024 * 1024, timeoutMs: 60_000 });

	constructor(number: string, receive: Receive) {
		this.number = number;
		this.#receive = receive;
	}

	/** MO-ForwardSM: a segment; the last one brings the answer to the whole. */
	async submit(message: Gsup): Promise<Gsup> {
		const { imsi, smUi } = message;
		const refused = (smCause: number): Gsup => ({ ...refusing(message, causes.networkFailure), smCause });
		if (smUi === undefined) return refusing(message, causes.invalidMandatoryInformation);
		try {
			const whole = this.#reassembly.take({ originator: imsi, ...decodeSubmit(smUi) }, Date.now());
			if (whole) {
				const { contentType, body } = decodePush(whole.data);
				await this.#receive(imsi, contentType, Buffer.from(body));
			}
			return answering(message);
		} catch (error) {
			if (error instanceof Refusal) return refused(smCauses.rejected);
			if (error instanceof Refused) return refused(smCauses.semanticallyIncorrect);
			throw error;
		}
	}
}
