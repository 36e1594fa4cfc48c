import type { SecretBox } from "./secret-box.ts";

/** How a field stands in its column; what is secret is sealed. */
export type ColumnType = "text" | "number" | "boolean" | "json" | "secret" | "secret-json";

/** A table: its key, and a column for each field of a record beside it. */
export interface TableShape<T extends object> {
	readonly name: string;
	/** Column of the key; a field of the record where it has one of that name. */
	readonly key: string;
	/** Is the key a field of the record, too? */
	readonly keyed: boolean;
	readonly columns: { readonly [Field in keyof T]?: ColumnType };
}

/** Shapes of tables for records of one type; each field has to have its column. */
export const tableOf = <T extends object>() => ({
	/** The key is a field of the record. */
	keyed: <Key extends keyof T & string>(
		name: string,
		key: Key,
		columns: Readonly<Record<Exclude<keyof T, Key>, ColumnType>>,
	): TableShape<T> => ({ name, key, keyed: true, columns: columns as TableShape<T>["columns"] }),
	/** The key stands beside the record. */
	beside: (name: string, key: string, columns: Readonly<Record<keyof T, ColumnType>>): TableShape<T> => ({
		...{ name, key, keyed: false, columns },
	}),
});

/** A row as a driver gives and takes it. */
export type Row = Record<string, string | number | bigint | null>;

/** camelCase as snake_case. */
export const columnOf = (field: string): string => field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

const place = ({ name }: { readonly name: string }, key: string, field: string): string => `${name}/${key}/${field}`;

function toColumn(value: unknown, type: ColumnType, seal: (text: string) => string): string | number | null {
	if (value === undefined || value === null) return null;
	switch (type) {
		case "boolean":
			return value ? 1 : 0;
		case "number":
			return value as number;
		case "json":
			return JSON.stringify(value);
		case "secret":
			return seal(value as string);
		case "secret-json":
			return seal(JSON.stringify(value));
		default:
			// PostgreSQL has no NUL in a text, and a batch that it refuses would stop everything behind it.
			return (value as string).replaceAll("\0", "\ufffd");
	}
}

function fromColumn(value: string | number | bigint, type: ColumnType, open: (sealed: string) => string): unknown {
	switch (type) {
		case "boolean":
			return Number(value) !== 0;
		case "number":
			return Number(value);
		case "json":
			return JSON.parse(String(value));
		case "secret":
			return open(String(value));
		case "secret-json":
			return JSON.parse(open(String(value)));
		default:
			return String(value);
	}
}

type Fields = [string, ColumnType][];

export function toRow<T extends object>(shape: TableShape<T>, key: string, record: T, box: SecretBox): Row {
	const fields = Object.entries(shape.columns) as Fields;
	const columns = fields.map(([field, type]) => [
		columnOf(field),
		toColumn((record as Record<string, unknown>)[field], type, (text) => box.seal(text, place(shape, key, field))),
	]);
	return { [columnOf(shape.key)]: key, ...Object.fromEntries(columns) };
}

/** Key and record of a row. Throws SealBroken where a secret in it does not open. */
export function fromRow<T extends object>(shape: TableShape<T>, row: Row, box: SecretBox): [key: string, record: T] {
	const key = String(row[columnOf(shape.key)]);
	const fields = (Object.entries(shape.columns) as Fields).flatMap(([field, type]) => {
		const value = row[columnOf(field)];
		if (value === null || value === undefined) return [];
		return [[field, fromColumn(value, type, (sealed) => box.open(sealed, place(shape, key, field)))]];
	});
	return [key, { ...(shape.keyed ? { [shape.key]: key } : {}), ...Object.fromEntries(fields) } as T];
}
