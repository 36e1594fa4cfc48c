import { join } from "node:path";
import Sqlite from "libsql";
import { SecretBox, storeKey } from "../../hil/network/database/secret-box.ts";
import { columnOf, fromRow, type Row, type TableShape } from "../../hil/network/database/table.ts";
import { operatorTables } from "../../hil/network/operator/store.ts";

type RecordOf<Shape> = Shape extends TableShape<infer T> ? T : never;
type Tables = typeof operatorTables;

/** What stands in an operator's SQLite file now, whether it runs or not; secrets opened with its store key. */
export class Registers {
	readonly #folder: string;

	constructor(folder: string) {
		this.#folder = folder;
	}

	all<Name extends keyof Tables>(name: Name): RecordOf<Tables[Name]>[] {
		const shape = operatorTables[name] as TableShape<object>;
		const box = new SecretBox(storeKey(join(this.#folder, "store.key")));
		return this.rows(shape.name).map((row) => fromRow(shape, row, box)[1]) as RecordOf<Tables[Name]>[];
	}

	get<Name extends keyof Tables>(name: Name, key: string): RecordOf<Tables[Name]> | undefined {
		const shape = operatorTables[name] as TableShape<object>;
		const box = new SecretBox(storeKey(join(this.#folder, "store.key")));
		const row = this.rows(shape.name).find((one) => one[columnOf(shape.key)] === key);
		return row && (fromRow(shape, row, box)[1] as RecordOf<Tables[Name]>);
	}

	/** As they stand there, sealed. */
	rows(table: string): Row[] {
		const database = new Sqlite(join(this.#folder, "operator.db"), { readonly: true });
		try {
			return database.prepare(`SELECT * FROM "${table}"`).all() as Row[];
		} finally {
			database.close();
		}
	}
}
