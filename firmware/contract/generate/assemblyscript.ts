import { type CommandRow, commands, type FieldType, wire } from "../commands.ts";
import { errors } from "../errors.ts";
import { LOG_ENTRIES, LOG_ENTRY_OCTETS, logEvents } from "../events.ts";
import { image, imageFields } from "../image.ts";
import {
	HOST_WRITE_SECONDS,
	HOST_WRITES,
	type LifeState,
	lifeStates,
	MAX_FINGERPRINTS,
	MAX_TRIAL_BOOTS,
	MAX_TRIAL_SECONDS,
	MCIM_SLOTS,
	mcimRoles,
	SLOT_ERASE_WRITES,
} from "../states.ts";

const types: Record<FieldType, string> = { uint: "u32", bytes: "Uint8Array", text: "Uint8Array", bool: "bool" };
const readers: Record<FieldType, string> = { uint: "uint", bytes: "bytes", text: "text", bool: "bool" };
const initial: Record<FieldType, string> = {
	uint: "0",
	bytes: "new Uint8Array(0)",
	text: "new Uint8Array(0)",
	bool: "false",
};

const constant = (name: string): string =>
	name
		.replace(/-/g, "_")
		.replace(/([a-z])([A-Z])/g, "$1_$2")
		.toUpperCase();
const pascal = (name: string): string => name[0]?.toUpperCase() + name.slice(1);

function allowedMask(row: CommandRow): number {
	const states = row.allowed === "always" ? (Object.keys(lifeStates) as LifeState[]) : row.allowed;
	return states.reduce((mask, state) => mask | (1 << lifeStates[state]), 0);
}

function requestClass(name: string, row: CommandRow): string[] {
	const entries = Object.entries(row.request);
	if (entries.length === 0) return [];
	return [
		`export class ${pascal(name)}Request {`,
		...entries.map(([field, type]) => `  ${field}: ${types[type]} = ${initial[type]};`),
		"",
		"  read(reader: CborReader): bool {",
		...entries.map(([field, type]) => `    this.${field} = reader.${readers[type]}();`),
		"    return reader.finished();",
		"  }",
		"}",
		"",
	];
}

function responseWriter(name: string, row: CommandRow): string[] {
	const entries = Object.entries(row.response);
	const parameters = entries.map(([field, type]) => `${field}: ${types[type]}`);
	return [
		`export function write${pascal(name)}Response(${["writer: CborWriter", ...parameters].join(", ")}): void {`,
		`  writer.array(${entries.length + 1});`,
		"  writer.uint(0);",
		...entries.map(([field, type]) => `  writer.${readers[type]}(${field});`),
		"}",
		"",
	];
}

/** Constants, request classes and response writers for `firmware/tre`. */
export function assemblyScriptCodec(): string {
	const rows = Object.entries<CommandRow>(commands);
	const lines = [
		"// Generated from the contract: npm run contract.",
		"",
		'import { CborReader, CborWriter } from "./cbor";',
		"",
	];
	lines.push(
		`export const PROTOCOL_VERSION: u32 = ${wire.protocolVersion};`,
		`export const MAX_SEGMENT: u32 = ${wire.maxSegment};`,
		`export const MIN_SEGMENT: u32 = ${wire.minSegment};`,
		`export const MAX_MESSAGE: u32 = ${wire.maxMessage};`,
		`export const MAX_RESPONSE: u32 = ${wire.maxResponse};`,
		`export const WINDOW: u32 = ${wire.window};`,
	);
	for (const [name, number] of Object.entries(wire.kinds))
		lines.push(`export const FRAME_${constant(name)}: u8 = ${number};`);
	lines.push("");
	for (const [name, number] of Object.entries(lifeStates))
		lines.push(`export const STATE_${constant(name)}: u32 = ${number};`);
	lines.push("");
	for (const [name, row] of Object.entries(errors))
		lines.push(`export const ERROR_${constant(name)}: u32 = ${row.number};`);
	lines.push("");
	for (const [number, name] of mcimRoles.entries()) lines.push(`export const ROLE_${constant(name)}: u32 = ${number};`);
	lines.push(
		`export const MCIM_SLOTS: u32 = ${MCIM_SLOTS};`,
		`export const MAX_FINGERPRINTS: u32 = ${MAX_FINGERPRINTS};`,
		`export const MAX_TRIAL_SECONDS: u32 = ${MAX_TRIAL_SECONDS};`,
		`export const MAX_TRIAL_BOOTS: u32 = ${MAX_TRIAL_BOOTS};`,
		`export const HOST_WRITES: u32 = ${HOST_WRITES};`,
		`export const HOST_WRITE_SECONDS: u32 = ${HOST_WRITE_SECONDS};`,
		`export const SLOT_ERASE_WRITES: u32 = ${SLOT_ERASE_WRITES};`,
	);
	lines.push("");
	lines.push(
		`export const LOG_ENTRIES: u32 = ${LOG_ENTRIES};`,
		`export const LOG_ENTRY_OCTETS: i32 = ${LOG_ENTRY_OCTETS};`,
	);
	for (const [name, number] of Object.entries(logEvents))
		lines.push(`export const LOG_${constant(name)}: u32 = ${number};`);
	lines.push("");
	lines.push(
		`export const IMAGE_MAGIC: u32 = ${image.magic};`,
		`export const IMAGE_FORMAT: u32 = ${image.format};`,
		`export const IMAGE_HEADER_SIZE: u32 = ${image.HEADER_SIZE};`,
		`export const IMAGE_SLOTS: u32 = ${image.SLOTS};`,
		`export const IMAGE_USED_SIZE: i32 = ${image.USED_SIZE};`,
	);
	for (const [name, at] of Object.entries(imageFields))
		lines.push(`export const IMAGE_${constant(name)}_AT: i32 = ${at};`);
	lines.push("");
	for (const [name, row] of rows) lines.push(`export const COMMAND_${constant(name)}: u32 = ${row.number};`);
	lines.push("");
	lines.push("/** Bit n is set where life state n allows the command; 0 for an unknown command. */");
	lines.push("export function allowedStates(command: u32): u32 {", "  switch (command) {");
	for (const [name, row] of rows) {
		lines.push(`    case COMMAND_${constant(name)}:`, `      return ${allowedMask(row)};`);
	}
	lines.push("    default:", "      return 0;", "  }", "}", "");
	lines.push("/** Number of elements in a request's array. */");
	lines.push("export function requestElements(command: u32): u32 {", "	switch (command) {");
	for (const [name, row] of rows) {
		lines.push(`		case COMMAND_${constant(name)}:`, `			return ${Object.keys(row.request).length + 1};`);
	}
	lines.push("		default:", "			return 0;", "	}", "}", "");
	for (const [name, row] of rows) lines.push(...requestClass(name, row), ...responseWriter(name, row));
	return `${lines.join("\n").trimEnd()}\n`;
}
