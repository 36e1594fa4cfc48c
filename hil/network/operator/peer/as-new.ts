import { emit } from "../../../../host/wire/report/events.ts";
import { Refusal, type Routes } from "../../shared/http.ts";
import type { OperatorContext } from "../context.ts";
import { mayHaveMcim, provesEnd, readPassedOn, saysEnd } from "../registration/end.ts";
import type { Registrar } from "../registration/registrar.ts";
import type { Registration } from "../store.ts";
import type { PeerRequest } from "./messages.ts";
import { answeringOnce } from "./once.ts";

/** States of a registration that nothing SHO[i] says can move any more. */
const over: readonly Registration["state"][] = ["committed", "refused", "withdrawn", "reverted"];

/** What SHO[i] tells SHO[i+1] (docs/documents.md, "Operator to operator"). */
export function newShoRoutes(context: OperatorContext, registrar: Registrar): Routes {
	const { store, config } = context;
	const once = answeringOnce(context);

	/** Only the SHO that the subscriber named may speak of the device, and only of the attempt under way. */
	const under = (body: PeerRequest<"delivered">, caller: string): Registration | undefined => {
		const registration = store.registrations.get(body.treId);
		if (registration?.fromSho !== caller)
			throw new Refusal("no-registration", `${caller} does not serve a device that is registered here`, 404);
		// Of an attempt that another one has replaced, or that is over: nothing to do.
		return registration.changeId === body.changeId && !over.includes(registration.state) ? registration : undefined;
	};

	const delivered = (body: PeerRequest<"delivered">, caller: string): object => {
		if (under(body, caller)) store.registrations.update(body.treId, { delivered: true });
		return {};
	};

	/** As long as no MCIM was handed out the word of SHO[i] is enough: this DPF hands out none any more. */
	const ended =
		(state: "refused" | "withdrawn", why?: string) =>
		(body: PeerRequest<"withdrawn">, caller: string): object => {
			const registration = under(body, caller);
			if (!registration) return {};
			if (mayHaveMcim(registration)) {
				const receipt = readPassedOn(registration, body.receipt);
				if (!provesEnd(registration, receipt))
					throw new Refusal("receipt-mismatch", "the receipt does not say that this change has ended");
				emit({
					event: "document",
					name: `receipt-${receipt.state}.xml`,
					treId: body.treId,
					content: body.receipt ?? "",
				});
			}
			if (registration.returning) registrar.reverted(registration);
			else registrar.close(registration, state, why);
			return {};
		};

	const reverted = (body: PeerRequest<"reverted">, caller: string): object => {
		const registration = under(body, caller);
		if (!registration) return {};
		const receipt = readPassedOn(registration, body.receipt);
		if (receipt.state !== "reverted" || !saysEnd(registration, receipt))
			throw new Refusal("receipt-mismatch", "the receipt does not say that this change was reverted");
		if (provesEnd(registration, receipt)) registrar.reverted(registration);
		else registrar.askAgain(registration);
		return {};
	};

	return {
		"POST /peer/delivered": (body: PeerRequest<"delivered">, caller: string) =>
			once(body.id, caller, () => delivered(body, caller)),
		"POST /peer/withdrawn": (body: PeerRequest<"withdrawn">, caller: string) =>
			once(body.id, caller, () => ended("withdrawn")(body, caller)),
		"POST /peer/refused": (body: PeerRequest<"refused">, caller: string) =>
			once(body.id, caller, () =>
				ended("refused", `${caller} says that the TRE does not take the bootstrap for ${config.shoId}`)(body, caller),
			),
		"POST /peer/reverted": (body: PeerRequest<"reverted">, caller: string) =>
			once(body.id, caller, () => reverted(body, caller)),
	};
}
