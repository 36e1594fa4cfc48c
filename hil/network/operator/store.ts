import type { Receipt } from "../../../host/wire/management/objects.ts";
import type { Collection } from "../database/collection.ts";
import { Database } from "../database/database.ts";
import type { Log } from "../database/log.ts";
import { type TableShape, tableOf } from "../database/table.ts";
import { identityShape, type StoredIdentity } from "../shared/identity.ts";
import { keepAudit } from "./audit.ts";
import { operatorMigrations } from "./migrations.ts";
import type {
	Answered,
	AuditEntry,
	Device,
	Ended,
	FirmwarePackage,
	KeptReceipt,
	Letter,
	Location,
	OutgoingChange,
	Peer,
	Registration,
	Sequence,
	Subscriber,
} from "./records.ts";

/** How it stands in the database: K, OPc, passwords, nonceA, private keys and release codes are sealed. */
export const operatorTables = {
	subscriber: tableOf<Subscriber>().keyed("subscriber", "imsi", {
		...{ k: "secret", opc: "secret", op: "secret", constants: "json", msisdn: "text" },
	}),
	sequence: tableOf<Sequence>().beside("sequence", "imsi", { seq: "number", spans: "json" }),
	location: tableOf<Location>().beside("location", "imsi", { vno: "text" }),
	device: tableOf<Device>().keyed("device", "treId", {
		...{ certSign: "text", certEncrypt: "text", imsi: "text", madeBy: "text", reign: "text", serial: "number" },
		...{ initial: "json", bootstrapped: "boolean", applications: "secret-json", challenge: "text" },
		offer: "secret-json",
		...{ releaseCode: "text", owes: "json", left: "boolean" },
	}),
	outgoing: tableOf<OutgoingChange>().keyed("outgoing_change", "treId", {
		...{ changeId: "text", attempt: "number", toSho: "text", provUrl: "text", certificate: "text" },
		...{ account: "text", state: "text", bootstrap: "json", withdrawal: "json", voiding: "json" },
		...{ challenge: "text", peerChallenge: "text", again: "boolean", shown: "number", refused: "boolean" },
		...{ offered: "boolean", untaken: "number", delivered: "boolean" },
	}),
	registration: tableOf<Registration>().keyed("registration", "treId", {
		...{ changeId: "text", attempt: "number", tries: "number", certSign: "text", certEncrypt: "text" },
		...{ fromSho: "text", imsi: "text", mcimId: "text", protectedMcim: "text", accountHash: "text" },
		...{ nonceA: "secret", user: "text", clientPassword: "secret", serverPassword: "secret" },
		...{ serverNonce: "text", clientNonce: "text", answered: "json", state: "text", unwanted: "boolean" },
		...{ delivered: "boolean", challenge: "text", returning: "boolean", why: "text", told: "boolean" },
		...{ fromChallenge: "text", shownCode: "secret", releaseCode: "text" },
	}),
	answered: tableOf<Answered>().beside("answered_message", "message", { answer: "json" }),
	ended: tableOf<Ended>().beside("ended_change", "change", { nonceB: "text" }),
	letter: tableOf<Letter>().keyed("letter", "id", {
		...{ order: "number", to: "text", message: "text", body: "secret-json" },
	}),
	firmware: tableOf<FirmwarePackage>().beside("firmware_package", "digest", {
		...{ board: "text", version: "text", octets: "text" },
	}),
	peer: tableOf<Peer>().beside("visited_network", "name", { ind: "number" }),
	identity: identityShape,
};

/** Tables that are only ever added to. */
export const operatorLogs = {
	receipt: tableOf<KeptReceipt>().beside("receipt", "entry", {
		...{ at: "text", treId: "text", state: "text", document: "text" },
	}),
	audit: tableOf<AuditEntry>().beside("audit", "entry", { at: "text", treId: "text", imsi: "text", what: "text" }),
};

/** Everything an operator holds. What it changes is in memory at once, and durable when `durable()` resolves. */
export class OperatorStore {
	readonly subscribers: Collection<Subscriber>;
	readonly sequences: Collection<Sequence>;
	readonly locations: Collection<Location>;
	readonly devices: Collection<Device>;
	readonly outgoing: Collection<OutgoingChange>;
	readonly registrations: Collection<Registration>;
	/** Answers to peers' messages by id: a repeated message has no second effect. */
	readonly answered: Collection<Answered>;
	/** By TRE_id and nonceB: changes that a receipt has ended. Each ends once. */
	readonly ended: Collection<Ended>;
	readonly letters: Collection<Letter>;
	/** By the digest that offers name them with, hex. */
	readonly firmware: Collection<FirmwarePackage>;
	readonly peers: Collection<Peer>;
	readonly identities: Collection<StoredIdentity>;
	/** Receipts that were believed. */
	readonly receipts: Log<KeptReceipt>;
	/** Each change of a subscription, a device, a change or a registration, in its transaction. */
	readonly audit: Log<AuditEntry>;
	readonly #database: Database;

	private constructor(database: Database, tables: OperatorTables) {
		this.#database = database;
		this.receipts = database.log(operatorLogs.receipt);
		this.audit = database.log(operatorLogs.audit);
		this.subscribers = tables.subscriber;
		this.sequences = tables.sequence;
		this.locations = tables.location;
		this.devices = tables.device;
		this.outgoing = tables.outgoing;
		this.registrations = tables.registration;
		this.answered = tables.answered;
		this.ended = tables.ended;
		this.letters = tables.letter;
		this.firmware = tables.firmware;
		this.peers = tables.peer;
		this.identities = tables.identity;
		keepAudit(this);
	}

	/** Keeps the receipt that something was recorded from. */
	believe({ treId, state }: Pick<Receipt, "treId" | "state">, document: string): void {
		this.receipts.append({ at: new Date().toISOString(), treId, state, document });
	}

	/** The operator's own SQLite file in its folder, or PostgreSQL where `DATABASE_URL` says so. */
	static async open(folder: string, url?: string): Promise<OperatorStore> {
		const at = url === undefined ? {} : { url };
		const database = await Database.open({ folder, name: "operator", migrations: operatorMigrations, ...at });
		const tables: Record<string, unknown> = {};
		for (const [name, shape] of Object.entries(operatorTables))
			tables[name] = await database.collection(shape as TableShape<object>);
		return new OperatorStore(database, tables as unknown as OperatorTables);
	}

	/** A subscription, and all that belongs to it, is gone. */
	forget(imsi: string): void {
		this.atomically(() => {
			this.subscribers.delete(imsi);
			this.sequences.delete(imsi);
			this.locations.delete(imsi);
		});
	}

	/** All that `run` writes becomes durable together, or none of it. */
	atomically<T>(run: () => T): T {
		return this.#database.atomically(run);
	}

	/** Resolves when all that was written would survive a crash: before then nothing may tell of it. */
	durable(): Promise<void> {
		return this.#database.durable();
	}

	/** Why nothing becomes durable at present. */
	get failing(): string | undefined {
		return this.#database.failing;
	}

	/** Why the database does not answer now. */
	ailment(): Promise<string | undefined> {
		return this.#database.ailment();
	}

	close(): Promise<void> {
		return this.#database.close();
	}
}

type OperatorTables = {
	readonly [Name in keyof typeof operatorTables]: Collection<RecordOf<(typeof operatorTables)[Name]>>;
};
type RecordOf<Shape> = Shape extends TableShape<infer T> ? T : never;
