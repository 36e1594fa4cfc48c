import { X509Certificate } from "node:crypto";
import { BearerAgent } from "../modem/bearer-agent.ts";
import type { IpBearer } from "../modem/modem.ts";
import { ClientSession, type SessionPlan } from "../omadm/session.ts";
import { post } from "../omadm/transport.ts";
import type { TreClient } from "../tre/client.ts";
import { type BenchEvent, emit, type StepNames, step } from "../wire/report/events.ts";
import { type MessageForm, shownAsXml } from "../wire/syncml/form.ts";

/** HTTPS over a bearer, trusting the one root that the TRE releases. */
export async function trustingAgent(tre: TreClient, bearer: IpBearer): Promise<BearerAgent> {
	const { certificate } = await tre.call("releaseRoot", {});
	return new BearerAgent(bearer, new X509Certificate(certificate).toString());
}

/** What the DM sessions of this M2ME have in common. */
export interface DmClient {
	readonly tre: TreClient;
	/** Of the messages. */
	readonly form: MessageForm;
}

/** One DM session over a bearer, from the first package to its end; every message of it is told. */
export async function runDmSession(
	{ tre, form }: DmClient,
	bearer: IpBearer,
	plan: Pick<SessionPlan, "url" | "alerts" | "execute">,
	names: Pick<StepNames, "clause" | "what" | "mark">,
): Promise<void> {
	const agent = await trustingAgent(tre, bearer);
	const { treId } = await tre.call("info", {});
	const trace = (direction: string, octets: Uint8Array, told: MessageForm): void => {
		const document = (suffix: string, content: string, encoding: "utf8" | "base64"): BenchEvent => {
			return { event: "document", name: `syncml/${direction}.${suffix}`, treId, content, encoding };
		};
		const text = shownAsXml(told, octets);
		if (text !== undefined) emit(document("xml", text, "utf8"));
		if (told === "wbxml") emit(document("wbxml", Buffer.from(octets).toString("base64"), "base64"));
	};
	try {
		await step({ ...names, from: "M2ME", to: new URL(plan.url).host }, () =>
			new ClientSession(tre, {
				...plan,
				deviceId: `urn:tre:${treId}`,
				form,
				post: (url, body) => post(url, body, form, agent),
				trace,
			}).run(),
		);
	} finally {
		agent.destroy();
	}
}
