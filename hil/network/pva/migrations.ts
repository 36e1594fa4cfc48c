import type { Kysely } from "kysely";
import { createTable, type Migrations } from "../database/engine.ts";

/** The schema of a PVA's database, step by step. A step that was released is never changed. */
export const pvaMigrations: Migrations = {
	"0001-first": {
		up: async (db: Kysely<never>) => {
			await createTable(db, "certified", "tre_id", {
				...{ cert_sign: "text", cert_encrypt: "text", requests: "text", revoked: "bigint" },
			});
			await createTable(db, "identity", "name", { key: "text", certificate: "text" });
		},
	},
};
