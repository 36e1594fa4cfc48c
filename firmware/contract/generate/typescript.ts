import { type CommandRow, commands, type FieldType } from "../commands.ts";

const types: Record<FieldType, string> = { uint: "number", bytes: "Uint8Array", text: "string", bool: "boolean" };

const shapeOf = (shape: Readonly<Record<string, FieldType>>): string => {
	const members = Object.entries(shape).map(([name, type]) => `${name}: ${types[type]}`);
	return members.length === 0 ? "Record<string, never>" : `{ ${members.join("; ")} }`;
};

/** Types of all requests and responses, for the host's typed client. */
export function typeScriptCodec(): string {
	const lines = ["// Generated from the contract: npm run contract.", "", "export interface Messages {"];
	for (const [name, row] of Object.entries<CommandRow>(commands)) {
		lines.push(`\t/** ${row.does}. */`);
		lines.push(`\t${name}: {`);
		lines.push(`\t\trequest: ${shapeOf(row.request)};`);
		lines.push(`\t\tresponse: ${shapeOf(row.response)};`);
		lines.push("\t};");
	}
	lines.push("}");
	return `${lines.join("\n")}\n`;
}
