import { type Bundle, BundleError, bundleDigest, openBundle } from "../../firmware/contract/bundle.ts";
import type { TreErrorName } from "../../firmware/contract/errors.ts";
import type { IpBearer } from "../modem/modem.ts";
import { DmSessionError, ServerRefuses } from "../omadm/session.ts";
import { TreError } from "../tre/errors.ts";
import { readLog } from "../tre/log.ts";
import { restartInto, transfer } from "../tre/update.ts";
import { step } from "../wire/report/events.ts";
import { type FumoResult, fumoAlerts, fumoNodes, fumoResults } from "../wire/syncml/fumo.ts";
import { type Item, type NodeCommand, status } from "../wire/syncml/message.ts";
import { type DmClient, runDmSession, trustingAgent } from "./dm-session.ts";
import { download, NotThere } from "./download.ts";
import type { Memory, PendingUpdate } from "./memory.ts";

const CLAUSE = "B.2.3.6";

/** What the TRE's refusals are in FUMO's words; every other error is worth another try. */
const refusals: Partial<Record<TreErrorName | "unknown", FumoResult>> = {
	"update-unsupported": "notAcceptable",
	"update-header": "deviceMismatch",
	"update-signature": "validationFailed",
	"update-downgrade": "notAcceptable",
	"update-not-offered": "notAcceptable",
	"update-digest": "corrupted",
};

type Kind = PendingUpdate["kind"];
type At<State extends Kind> = Extract<PendingUpdate, { kind: State }>;

/** The firmware that the DPF has told of. */
class Told {
	url: string | undefined;
	executed = false;

	execute({ name, items }: NodeCommand): { code: number } {
		if (name === "Exec" && items[0]?.target === fumoNodes.downloadAndUpdate) {
			this.executed = this.url !== undefined;
			return { code: this.executed ? status.accepted : status.commandFailed };
		}
		if (name !== "Replace" || !items.every(({ target = "" }) => target.startsWith(`${fumoNodes.root}/`)))
			return { code: status.notFound };
		this.url = items.find(({ target }) => target === fumoNodes.url)?.data ?? this.url;
		return { code: status.ok };
	}
}

/**
 * Firmware over the air (docs/documents.md): asks the DPF of the current SHO where it lies, fetches it, gives it to the TRE, and
 * says what became of it. Where it stands is in the M2ME's memory, and what is true is asked of the TRE; a restart goes on
 * from there.
 */
export class FirmwareUpdate {
	readonly #client: DmClient;
	readonly #memory: Memory;
	/** What was fetched last: a TRE that has to wait does not make it go over the air again. */
	#fetched: { readonly url: string; readonly bundle: Bundle } | undefined;

	constructor(client: DmClient, memory: Memory) {
		this.#client = client;
		this.#memory = memory;
	}

	/** Is there something to do for the SHO with this root? An offer of another one is forgotten. */
	isPending(root: Uint8Array): boolean {
		const { update } = this.#memory.content;
		if (update === undefined) return false;
		if (update.root === Buffer.from(root).toString("hex")) return true;
		this.#memory.update({ update: undefined });
		return false;
	}

	/** The next step. */
	async proceed(bearer: IpBearer): Promise<void> {
		const { update } = this.#memory.content;
		switch (update?.kind) {
			case "offered":
				return this.#ask(update, bearer);
			case "found":
				return this.#fetch(update, bearer);
			case "sent":
				return this.#look(update);
			case "ended":
				return this.#report(update, bearer);
			case undefined:
				return;
		}
	}

	/** Undefined where the operator knows of no such offer any more: then it is forgotten here, too. */
	async #session(url: string, bearer: IpBearer, alert: Item, what: string): Promise<Told | undefined> {
		const told = new Told();
		const plan = { url, alerts: [alert], execute: async (command: NodeCommand) => told.execute(command) };
		try {
			await runDmSession(this.#client, bearer, plan, { clause: CLAUSE, what });
			return told;
		} catch (error) {
			if (!(error instanceof ServerRefuses)) throw error;
			this.#memory.update({ update: undefined });
			return undefined;
		}
	}

	async #ask({ provUrl, root }: At<"offered">, bearer: IpBearer): Promise<void> {
		const alert = { source: fumoNodes.root, type: fumoAlerts.request, format: "chr", data: "" };
		const told = await this.#session(provUrl, bearer, alert, "OMA DM session: where is the firmware?");
		if (!told) return;
		const { url, executed } = told;
		if (!executed || url === undefined) throw new DmSessionError("the session did not say where the firmware is");
		const at = { provUrl, root };
		const isThere = URL.canParse(url) && new URL(url).origin === new URL(provUrl).origin;
		this.#memory.update({
			update: isThere ? { ...at, kind: "found", pkgUrl: url } : { ...at, kind: "ended", result: "badUrl" },
		});
	}

	async #fetch(at: At<"found">, bearer: IpBearer): Promise<void> {
		const result = await this.#take(at, bearer);
		if (result !== undefined) this.#end(at, result);
	}

	/** Why it ended before the TRE had all of it; undefined where it has. */
	async #take(at: At<"found">, bearer: IpBearer): Promise<FumoResult | undefined> {
		const { tre } = this.#client;
		const { digest } = await tre.call("updateOffer", {});
		if (digest.length === 0) return "notAcceptable";
		try {
			const bundle = await this.#download(at, bearer);
			const slots = bundle.slots.map(({ octets }) => octets);
			if (!bundleDigest(slots).equals(digest)) return "corrupted";
			await step(
				{
					clause: CLAUSE,
					from: "M2ME",
					to: "TRE",
					what: "the firmware's octets: signature of the factory, digest of the SHO",
				},
				() => transfer(tre, slots, () => undefined),
			);
			this.#memory.update({ update: { kind: "sent", provUrl: at.provUrl, root: at.root } });
			await step({ clause: CLAUSE, from: "M2ME", to: "TRE", what: "restart into it, on trial" }, () =>
				restartInto(tre),
			);
			return undefined;
		} catch (error) {
			const result = resultOf(error);
			if (result === undefined) throw error;
			return result;
		}
	}

	async #download({ pkgUrl }: At<"found">, bearer: IpBearer): Promise<Bundle> {
		if (this.#fetched?.url === pkgUrl) return this.#fetched.bundle;
		const agent = await trustingAgent(this.#client.tre, bearer);
		try {
			const octets = await step(
				{ clause: CLAUSE, from: new URL(pkgUrl).host, to: "M2ME", what: "the firmware, over the bearer" },
				() => download(pkgUrl, agent, () => undefined),
			);
			this.#fetched = { url: pkgUrl, bundle: openBundle(octets) };
			return this.#fetched.bundle;
		} finally {
			agent.destroy();
		}
	}

	/** Behind the restart: the TRE's audit trail tells what came of the offer. */
	async #look(at: At<"sent">): Promise<void> {
		const { tre } = this.#client;
		if ((await tre.call("updateOffer", {})).digest.length > 0) {
			// The restart was never asked for.
			this.#memory.update({ update: { kind: "offered", provUrl: at.provUrl, root: at.root } });
			return;
		}
		const events = (await readLog(tre)).map(({ event }) => event);
		const since = events.slice(events.lastIndexOf("update-offered") + 1);
		this.#end(at, since.includes("update-confirmed") ? "successful" : "updateFailed");
	}

	#end({ provUrl, root }: PendingUpdate, result: FumoResult): void {
		this.#memory.update({ update: { kind: "ended", provUrl, root, result } });
	}

	async #report({ provUrl, result }: At<"ended">, bearer: IpBearer): Promise<void> {
		const code = String(fumoResults[result]);
		const alert = { source: fumoNodes.downloadAndUpdate, type: fumoAlerts.result, format: "int", data: code };
		await this.#session(provUrl, bearer, alert, `OMA DM session: the update has come to ${code}`);
		this.#memory.update({ update: undefined });
	}
}

/** Undefined: worth another try. */
function resultOf(error: unknown): FumoResult | undefined {
	if (error instanceof NotThere) return "serverUnavailable";
	if (error instanceof BundleError) return "corrupted";
	return error instanceof TreError ? refusals[error.code] : undefined;
}
