import type { Gsup } from "../gsup/message.ts";
import { causes, smCauses } from "../gsup/tables.ts";
import { Refusal } from "../shared/refusal.ts";
import type { Attachment } from "./attachment.ts";

/** How long a device may take to acknowledge a short message: less than its home network waits. */
const ACKNOWLEDGE_MS = 8_000;

/** What a home network asks for one of its subscribers, who may be on the air here. */
export async function answerHome(attachments: ReadonlyMap<string, Attachment>, message: Gsup): Promise<Gsup> {
	const { procedure, imsi } = message;
	const attachment = attachments.get(imsi);
	switch (procedure) {
		case "InsertSubscriberData":
			attachment?.insert(message);
			break;
		case "DeleteSubscriberData":
			attachment?.insert({ pdp: [] });
			break;
		case "LocationCancel":
			attachment?.cancel();
			break;
		case "MtForwardSm":
			return deliver(attachment, message);
		default:
			return { procedure, kind: "error", imsi, cause: causes.messageTypeUnknown };
	}
	return { procedure, kind: "result", imsi };
}

async function deliver(attachment: Attachment | undefined, { procedure, imsi, smUi }: Gsup): Promise<Gsup> {
	const refused = (cause: number, smCause?: number): Gsup => ({
		...{ procedure, kind: "error", imsi, cause },
		...(smCause === undefined ? {} : { smCause }),
	});
	if (!attachment) return refused(causes.imsiUnknown, smCauses.unknownSubscriber);
	if (!smUi) return refused(causes.invalidMandatoryInformation);
	try {
		await attachment.deliver(smUi.toString("hex"), ACKNOWLEDGE_MS);
		return { procedure, kind: "result", imsi };
	} catch (error) {
		const gone = error instanceof Refusal && error.code === "absent-subscriber";
		return gone
			? refused(causes.imsiUnknown, smCauses.unknownSubscriber)
			: refused(causes.networkFailure, smCauses.destinationOutOfOrder);
	}
}
