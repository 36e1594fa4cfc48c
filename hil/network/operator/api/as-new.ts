import type { ReceiptState } from "../../../../firmware/contract/documents.ts";
import { emit } from "../../../../host/wire/report/events.ts";
import type { Routes } from "../../shared/http.ts";
import { Refusal } from "../../shared/refusal.ts";
import type { OperatorContext } from "../context.ts";
import type { PeerRequest } from "../messages.ts";
import type { Registration } from "../records.ts";
import { mayHaveMcim, provesEnd, readPassedOn, saysEnd } from "../registration/end.ts";
import type { Registrar } from "../registration/registrar.ts";
import { isUnderWay } from "../states.ts";
import { peerRoutes } from "./routes.ts";

/** What SHO[i] tells SHO[i+1] (docs/documents.md, "Operator to operator"). */
export function newShoRoutes(context: OperatorContext, registrar: Registrar): Routes {
	const { store, config } = context;

	/** Only the SHO that the subscriber named may speak of the device, and only of the attempt under way. */
	const under = ({ treId, changeId }: PeerRequest<"delivered">, caller: string): Registration | undefined => {
		const registration = store.registrations.get(treId);
		if (registration?.fromSho !== caller)
			throw new Refusal("no-registration", `${caller} does not serve a device that is registered here`, 404);
		// Of an attempt that another one has replaced, or that is over: nothing to do.
		return registration.changeId === changeId && isUnderWay(registration.state) ? registration : undefined;
	};

	const delivered = (body: PeerRequest<"delivered">, caller: string): object => {
		if (under(body, caller)) store.registrations.update(body.treId, { delivered: true });
		return {};
	};

	/**
	 * As long as no MCIM was handed out the word of SHO[i] is enough: this DPF hands out none any more. Else
	 * the TRE's receipt counts; one that says it and does not prove it makes this operator ask for another.
	 */
	const ended = (
		body: PeerRequest<"withdrawn" | "reverted" | "refused">,
		caller: string,
		end: (registration: Registration, state?: ReceiptState) => void,
		returning = false,
	): object => {
		const registration = under(body, caller);
		if (!registration) return {};
		if (!mayHaveMcim(registration)) {
			end(registration);
			return {};
		}
		const receipt = readPassedOn(registration, body.receipt);
		if (provesEnd(registration, receipt)) {
			emit({ event: "document", name: `receipt-${receipt.state}.xml`, treId: body.treId, content: body.receipt ?? "" });
			store.believe(receipt, body.receipt ?? "");
			end(registration, receipt.state);
		} else if (saysEnd(registration, receipt)) {
			registrar.askAgain(registration, returning);
		} else {
			throw new Refusal("receipt-mismatch", "the receipt does not say that this change has ended");
		}
		return {};
	};

	/** What the receipt says counts, whatever the message was: only a revert leads to another attempt. */
	const close =
		(state: "withdrawn" | "refused", why?: string) =>
		(registration: Registration, said?: ReceiptState): void => {
			const back = said === "reverted" && (registration.returning || state === "withdrawn");
			if (back) registrar.reverted(registration);
			else registrar.close(registration, state, why);
		};

	return peerRoutes(context, {
		delivered,
		withdrawn: (body, caller) => ended(body, caller, close("withdrawn")),
		refused: (body, caller) =>
			ended(body, caller, close("refused", `the TRE does not take the bootstrap of ${caller} for ${config.shoId}`)),
		reverted: (body, caller) => ended(body, caller, close("withdrawn"), true),
	});
}
