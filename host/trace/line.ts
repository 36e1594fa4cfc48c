import { type CommandName, commands, type FieldType, wire } from "../../firmware/contract/commands.ts";
import { errorNameOf } from "../../firmware/contract/errors.ts";
import { Deframer } from "../link/frame.ts";
import { ContractViolation, decodeRequest, decodeResponse } from "../tre/codec.ts";
import { masked, type Part, recognisable, type Traced } from "./traced.ts";

interface Whole {
	readonly id: number;
	readonly octets: Buffer;
}

/** The messages of one kind in a recording, in order, each once: what was sent again is left out. */
function messagesOf(recording: Uint8Array, kind: number): readonly Whole[] {
	const messages: Whole[] = [];
	let open: { id: number; parts: (Uint8Array | undefined)[] } | undefined;
	for (const frame of new Deframer().push(recording)) {
		// A recording may hold anything that was on the line.
		if (frame.kind !== kind || frame.segment >= frame.segments) continue;
		if (open?.id !== frame.id || open.parts.length !== frame.segments)
			open = { id: frame.id, parts: Array.from({ length: frame.segments }) };
		open.parts[frame.segment] = frame.octets;
		if (open.parts.some((part) => part === undefined)) continue;
		const octets = Buffer.concat(open.parts as Uint8Array[]);
		const last = messages.at(-1);
		if (last?.id !== open.id || !last.octets.equals(octets)) messages.push({ id: open.id, octets });
	}
	return messages;
}

/** Octets that may be seen, because the air or any host shows them; all others are masked. */
const shown = new Set([
	...["rand", "autn", "auts", "nonceB", "currentRoot", "pendingRoot", "activeMcim", "pendingMcim"],
	...["mcimId", "issuer", "parameters", "reference", "challenge"],
]);

/** Certificates and signed documents are no secret, only long. */
const long = new Set(["document", "signature", "certificate", "request", "sign", "encrypt", "pva", "sho", "entries"]);

function fieldOf(name: string, value: unknown): [string, string] {
	if (!(value instanceof Uint8Array)) return [name, String(value)];
	if (long.has(name)) return [name, `${value.length} octets`];
	return [name, shown.has(name) ? recognisable(value) : masked(value)];
}

const fieldsOf = (prefix: string, fields: object, shape: Readonly<Record<string, FieldType>>): Part["fields"] =>
	Object.keys(shape).map((name) => {
		const [field, value] = fieldOf(name, (fields as Record<string, unknown>)[name]);
		return [`${prefix} ${field}`, value];
	});

const CLAUSE = /^(B\.[\d.]+(?: [IVX]+(?: and [IVX]+)?)?|TS [\d.]+(?: [\d.]+)?|G\d)(?:: | )/;

function partOf(name: CommandName, request: object, response: Buffer | undefined): Part {
	const row = commands[name];
	const clause = CLAUSE.exec(row.does);
	const what = `${name}: ${clause ? row.does.slice(clause[0].length) : row.does}`;
	const asked = fieldsOf("→", request, row.request);
	if (!response) return { clause: clause?.[1] ?? "TRE", what, fields: [...asked, ["←", "no answer in the recording"]] };
	const answer = decodeResponse(name, response);
	const told: Part["fields"] =
		"error" in answer
			? [["←", `refused: ${errorNameOf(answer.error) ?? `error ${answer.error}`}`]]
			: fieldsOf("←", answer.response, row.response);
	return { clause: clause?.[1] ?? "TRE", what, fields: [...asked, ...told] };
}

/** What one exchange cannot say, the next one may. */
function exchangeOf(octets: Buffer, answer: Buffer | undefined): Part {
	try {
		const { name, request } = decodeRequest(octets);
		return partOf(name, request, answer);
	} catch (error) {
		if (!(error instanceof ContractViolation)) throw error;
		return { clause: "?", what: `cannot be read: ${error.message}`, fields: [["→ octets", masked(octets)]] };
	}
}

/** What host and TRE said on a recorded serial line (`to-tre.bin`, `from-tre.bin`), command by command. */
export function lineTraced(toTre: Uint8Array, fromTre: Uint8Array): readonly Traced[] {
	const answers = [...messagesOf(fromTre, wire.kinds.response)];
	return messagesOf(toTre, wire.kinds.request).map(({ id, octets }): Traced => {
		const at = answers.findIndex((answer) => answer.id === id);
		// Ids begin again after a restart: an answer belongs to the first request that is left.
		const [answer] = at < 0 ? [] : answers.splice(at, 1);
		return { file: "serial", from: "host", to: "TRE", parts: [exchangeOf(octets, answer?.octets)] };
	});
}
