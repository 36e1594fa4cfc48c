import { type CommandRow, commands, type FieldType } from "../commands.ts";
import { errors } from "../errors.ts";

const types: Record<FieldType, string> = { uint: "uint .size 4", bytes: "bstr", text: "tstr", bool: "bool" };

const kebab = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

const group = (head: string, shape: Readonly<Record<string, FieldType>>): string =>
	[head, ...Object.entries(shape).map(([name, type]) => `${kebab(name)}: ${types[type]}`)].join(", ");

/** RFC 8610 description of all messages. */
export function cddl(): string {
	const rows = Object.entries<CommandRow>(commands);
	const lines = [
		"; Messages between host and TRE, generated from the contract. Deterministic CBOR (RFC 8949 4.2.1).",
		`request = ${rows.map(([name]) => `${kebab(name)}-request`).join(" / ")}`,
		`response = error / ${rows.map(([name]) => `${kebab(name)}-response`).join(" / ")}`,
		`error = [${Object.values(errors)
			.map((row) => row.number)
			.join(" / ")}]`,
		"",
	];
	for (const [name, row] of rows) {
		lines.push(`${kebab(name)}-request = [${group(String(row.number), row.request)}]`);
		lines.push(`${kebab(name)}-response = [${group("0", row.response)}]`);
	}
	return `${lines.join("\n")}\n`;
}
