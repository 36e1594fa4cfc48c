import { type Kysely, sql } from "kysely";
import { createTable, type Migrations } from "../database/engine.ts";

/** 2^28, the largest step of SEQ that a card follows, for ever as it was when migration 0004 was written. */
const FOLLOWED = 268_435_456;

/**
 * The schema of an operator's database, step by step. A step that was released is never changed. Types are those that
 * SQLite, PostgreSQL and engines that speak like it share: text and bigint; JSON and sealed values stand as text.
 */
export const operatorMigrations: Migrations = {
	"0001-first": {
		up: async (db: Kysely<never>) => {
			await createTable(db, "subscriber", "imsi", { k: "text", opc: "text", msisdn: "text" });
			await createTable(db, "sequence", "imsi", { seq: "bigint" });
			await createTable(db, "location", "imsi", { vno: "text" });
			await createTable(db, "device", "tre_id", {
				...{ cert_sign: "text", cert_encrypt: "text", imsi: "text", made_by: "text", reign: "text", serial: "bigint" },
				...{ initial: "text", bootstrapped: "bigint", applications: "text", challenge: "text" },
				...{ release_code: "text", owes: "text", left: "bigint" },
			});
			await createTable(db, "outgoing_change", "tre_id", {
				...{ change_id: "text", attempt: "bigint", to_sho: "text", prov_url: "text", certificate: "text" },
				...{ account: "text", state: "text", bootstrap: "text", withdrawal: "text", voiding: "text" },
				...{ challenge: "text", peer_challenge: "text", again: "bigint", shown: "bigint", refused: "bigint" },
				...{ offered: "bigint", untaken: "bigint", delivered: "bigint" },
			});
			await createTable(db, "registration", "tre_id", {
				...{ change_id: "text", attempt: "bigint", tries: "bigint", cert_sign: "text", cert_encrypt: "text" },
				...{ from_sho: "text", imsi: "text", mcim_id: "text", protected_mcim: "text", account_hash: "text" },
				...{ nonce_a: "text", user: "text", client_password: "text", server_password: "text" },
				...{ server_nonce: "text", client_nonce: "text", answered: "text", state: "text", unwanted: "bigint" },
				...{ delivered: "bigint", challenge: "text", returning: "bigint", why: "text", told: "bigint" },
				...{ from_challenge: "text", shown_code: "text", release_code: "text" },
			});
			await createTable(db, "answered_message", "message", { answer: "text" });
			await createTable(db, "ended_change", "change", { nonce_b: "text" });
			await createTable(db, "letter", "id", { order: "bigint", to: "text", message: "text", body: "text" });
			await createTable(db, "visited_network", "name", { ind: "bigint" });
			await createTable(db, "identity", "name", { key: "text", certificate: "text" });
		},
	},
	"0002-operator-variants-of-milenage": {
		up: async (db: Kysely<never>) => {
			await db.schema.alterTable("subscriber").addColumn("op", "text").execute();
			await db.schema.alterTable("subscriber").addColumn("constants", "text").execute();
		},
	},
	"0003-receipts-and-audit-trail": {
		up: async (db: Kysely<never>) => {
			await createTable(db, "receipt", "entry", { at: "text", tre_id: "text", state: "text", document: "text" });
			await createTable(db, "audit", "entry", { at: "text", tre_id: "text", imsi: "text", what: "text" });
		},
	},
	"0004-which-sequence-numbers-were-given-out": {
		up: async (db: Kysely<never>) => {
			await db.schema.alterTable("sequence").addColumn("spans", "text").execute();
			// Until now there was one counter: all up to it may have been. One that is further than a card follows in one step
			// came from elsewhere, and nobody knows which were given out.
			const sequences = db as unknown as Kysely<{ sequence: { seq: number; spans: string | null } }>;
			await sequences
				.updateTable("sequence")
				.set({ spans: sql<string>`'[[1,' || seq || ']]'` })
				.where("seq", ">", 0)
				.where("seq", "<=", FOLLOWED)
				.execute();
		},
	},
	"0005-firmware-that-is-offered": {
		up: async (db: Kysely<never>) => {
			await db.schema.alterTable("device").addColumn("offer", "text").execute();
			await createTable(db, "firmware_package", "digest", { board: "text", version: "text", octets: "text" });
		},
	},
};
