import { type Bundle, BundleError, bundleDigest, openBundle } from "../../firmware/contract/bundle.ts";
import type { TreErrorName } from "../../firmware/contract/errors.ts";
import type { IpBearer } from "../modem/modem.ts";
import { DmSessionError, ServerRefuses } from "../omadm/session.ts";
import { isTreError, TreError } from "../tre/errors.ts";
import { readLog } from "../tre/log.ts";
import { restartInto, transfer } from "../tre/update.ts";
import { step } from "../wire/report/events.ts";
import { type FumoResult, fumoAlerts, fumoNodes, fumoResults } from "../wire/syncml/fumo.ts";
import { type Item, type NodeCommand, status } from "../wire/syncml/message.ts";
import { type DmClient, runDmSession, trustingAgent } from "./dm-session.ts";
import { download, NotThere } from "./download.ts";
import type { Memory, PendingUpdate } from "./memory.ts";

const CLAUSE = "B.2.3.6";
const OCTETS = "the firmware's octets: signature of the factory, digest of the SHO";
/** Downloads and transfers that fail, one after the other. */
const MAX_FAILURES = 8;

const hex = (octets: Uint8Array): string => Buffer.from(octets).toString("hex");

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
	#fetched: { readonly digest: string; readonly bundle: Bundle } | undefined;

	constructor(client: DmClient, memory: Memory) {
		this.#client = client;
		this.#memory = memory;
	}

	/** Is there something to do for the SHO with this root? An offer of another one is forgotten. */
	isPending(root: Uint8Array): boolean {
		const { update } = this.#memory.content;
		if (update === undefined) return false;
		if (update.root === hex(root)) return true;
		this.#memory.update({ update: undefined });
		return false;
	}

	/** The next step. */
	async proceed(bearer: IpBearer): Promise<void> {
		const standing = hex((await this.#client.tre.call("updateOffer", {})).digest);
		const update = this.#current(standing);
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

	/** What the TRE says counts, though this host was away when it happened. `standing`: digest of the offer there, or "". */
	#current(standing: string): PendingUpdate | undefined {
		const { update } = this.#memory.content;
		if (update === undefined) return undefined;
		const { provUrl, root } = update;
		const isDone = update.kind === "ended" && (update.result === "successful" || update.result === "updateFailed");
		if (standing === "") {
			// Somebody else may have given it to the TRE.
			if (update.kind === "found") this.#keep(update, { kind: "sent" });
		} else if (update.digest !== standing || isDone)
			this.#memory.update({ update: { kind: "offered", provUrl, root, digest: standing, failures: 0 } });
		// The restart was never asked for.
		else if (update.kind === "sent") this.#keep(update, { kind: "offered" });
		return this.#memory.content.update;
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

	async #ask(at: At<"offered">, bearer: IpBearer): Promise<void> {
		const alert = { source: fumoNodes.root, type: fumoAlerts.request, format: "chr", data: "" };
		const told = await this.#session(at.provUrl, bearer, alert, "OMA DM session: where is the firmware?");
		if (!told) return;
		const { url, executed } = told;
		if (!executed || url === undefined) throw new DmSessionError("the session did not say where the firmware is");
		const isThere = URL.canParse(url) && new URL(url).origin === new URL(at.provUrl).origin;
		if (isThere) this.#memory.update({ update: { ...at, kind: "found", pkgUrl: url } });
		else this.#end(at, "badUrl");
	}

	async #fetch(at: At<"found">, bearer: IpBearer): Promise<void> {
		const { tre } = this.#client;
		try {
			const slots = (await this.#bundle(at, bearer)).slots.map(({ octets }) => octets);
			await step({ clause: CLAUSE, from: "M2ME", to: "TRE", what: OCTETS }, () =>
				transfer(tre, slots, () => undefined),
			);
			this.#keep(at, { kind: "sent" });
			await step({ clause: CLAUSE, from: "M2ME", to: "TRE", what: "restart into it, on trial" }, () =>
				restartInto(tre),
			);
		} catch (error) {
			const result = resultOf(error) ?? this.#countFailure(error);
			if (result === undefined) throw error;
			this.#end(at, result);
		}
	}

	/** What fails each time wears the slot, and costs the owner his bearer: it ends. Waiting for the TRE is no failure. */
	#countFailure(error: unknown): FumoResult | undefined {
		const { update } = this.#memory.content;
		if (update === undefined || isTreError(error, "wear-limited")) return undefined;
		const failures = update.failures + 1;
		this.#memory.update({ update: { ...update, failures } });
		return failures < MAX_FAILURES ? undefined : "undefined";
	}

	#keep({ provUrl, root, digest, failures }: PendingUpdate, next: { readonly kind: "offered" | "sent" }): void {
		this.#memory.update({ update: { provUrl, root, digest, failures, ...next } });
	}

	/** The bundle that the SHO has offered, and no other. */
	async #bundle({ pkgUrl, digest }: At<"found">, bearer: IpBearer): Promise<Bundle> {
		if (this.#fetched?.digest === digest) return this.#fetched.bundle;
		const agent = await trustingAgent(this.#client.tre, bearer);
		try {
			const names = { clause: CLAUSE, from: new URL(pkgUrl).host, to: "M2ME", what: "the firmware, over the bearer" };
			const bundle = openBundle(await step(names, () => download(pkgUrl, agent)));
			if (hex(bundleDigest(bundle.slots.map(({ octets }) => octets))) !== digest)
				throw new BundleError("it is not the firmware that was offered");
			this.#fetched = { digest, bundle };
			return bundle;
		} finally {
			agent.destroy();
		}
	}

	/** Behind the restart: the TRE's audit trail tells what came of the offer. */
	async #look(at: At<"sent">): Promise<void> {
		const events = (await readLog(this.#client.tre)).map(({ event }) => event);
		const since = events.slice(events.lastIndexOf("update-offered") + 1);
		this.#end(at, since.includes("update-confirmed") ? "successful" : "updateFailed");
	}

	#end({ provUrl, root, digest, failures }: PendingUpdate, result: FumoResult): void {
		this.#fetched = undefined;
		this.#memory.update({ update: { kind: "ended", provUrl, root, digest, failures, result } });
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
