import { Decoder, Encoder } from "cbor-x";
import { type CommandName, commands, type FieldType } from "../../firmware/contract/commands.ts";
import type { Messages } from "../../firmware/contract/generated/messages.ts";

// Arrays of integers below 2^32, byte strings, ASCII and booleans: with these options, deterministic.
const encoder = new Encoder({ useRecords: false, tagUint8Array: false });
const decoder = new Decoder({ useRecords: false });

export type Request<Name extends CommandName> = Messages[Name]["request"];
export type Response<Name extends CommandName> = Messages[Name]["response"];

/** The TRE sent octets that the contract does not allow. */
export class ContractViolation extends Error {}

const fits: Record<FieldType, (value: unknown) => boolean> = {
	uint: (value) => Number.isInteger(value) && (value as number) >= 0 && (value as number) < 2 ** 32,
	bytes: (value) => value instanceof Uint8Array,
	text: (value) => typeof value === "string",
	bool: (value) => typeof value === "boolean",
};

function toArray(shape: Readonly<Record<string, FieldType>>, fields: Record<string, unknown>): unknown[] {
	return Object.entries(shape).map(([name, type]) => {
		if (!fits[type](fields[name])) throw new TypeError(`${name} must be ${type}`);
		return fields[name];
	});
}

/** [command, …request] */
export function encodeRequest<Name extends CommandName>(name: Name, request: Request<Name>): Uint8Array {
	const row = commands[name];
	return encoder.encode([row.number, ...toArray(row.request, request as Record<string, unknown>)]);
}

/** A request as it went over the line, for traces; throws ContractViolation where it is none. */
export function decodeRequest(octets: Uint8Array): { name: CommandName; request: Readonly<Record<string, unknown>> } {
	let items: unknown;
	try {
		items = decoder.decode(octets);
	} catch {
		throw new ContractViolation("the request is no CBOR");
	}
	const rows = Object.entries(commands) as [CommandName, (typeof commands)[CommandName]][];
	const [name, row] = (Array.isArray(items) && rows.find(([, { number }]) => number === items[0])) || [];
	if (!name || !row) throw new ContractViolation("the request is no command of the contract");
	const values = (items as unknown[]).slice(1);
	const shape = Object.entries<FieldType>(row.request);
	if (values.length !== shape.length || !shape.every(([, type], n) => fits[type](values[n])))
		throw new ContractViolation(`${name}: the request has other fields than the contract`);
	return { name, request: Object.fromEntries(shape.map(([field], n) => [field, values[n]])) };
}

/** [error] or [0, …response]; only the deterministic encoding is taken. */
export function decodeResponse<Name extends CommandName>(
	name: Name,
	octets: Uint8Array,
): { error: number } | { response: Response<Name> } {
	let items: unknown;
	try {
		items = decoder.decode(octets);
	} catch {
		throw new ContractViolation(`${name}: the response is no CBOR`);
	}
	if (!Array.isArray(items) || !fits.uint(items[0]) || !encoder.encode(items).equals(octets)) {
		throw new ContractViolation(`${name}: the response is no deterministic CBOR array`);
	}
	if (items[0] !== 0) return { error: items[0] };
	const shape = Object.entries<FieldType>(commands[name].response);
	if (items.length !== shape.length + 1 || !shape.every(([, type], n) => fits[type](items[n + 1]))) {
		throw new ContractViolation(`${name}: the response has other fields than the contract`);
	}
	return { response: Object.fromEntries(shape.map(([field], n) => [field, items[n + 1]])) as Response<Name> };
}
