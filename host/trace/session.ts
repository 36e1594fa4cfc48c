import { type MessageForm, readMessageIn } from "../wire/syncml/form.ts";
import { alerts, type Command, type Item, type Message, nodes, type Status } from "../wire/syncml/message.ts";
import { objectPart } from "./objects.ts";
import type { Signers } from "./signers.ts";
import { masked, type Part } from "./traced.ts";

const DM = "OMA DM 1.2";

const codes: Readonly<Record<number, string>> = {
	200: "done",
	202: "accepted",
	212: "authenticated",
	400: "bad request",
	401: "credentials refused, once more with the next nonce",
	404: "not found",
	407: "credentials wanted",
	500: "failed",
};

function headPart({ sessionId, msgId, target, source, cred, final }: Message): Part {
	const fields: [string, string][] = [
		["target", target],
		["source", source],
	];
	if (cred !== undefined) fields.push(["credential", `syncml:auth-md5 digest, ${masked(Buffer.from(cred, "base64"))}`]);
	return { clause: DM, what: `message ${msgId} of session ${sessionId}${final ? "" : ", to be continued"}`, fields };
}

/** Statuses say what became of commands; they prove nothing (docs/documents.md, "What an operator may believe"). */
function statusPart(statuses: readonly Status[]): Part {
	return {
		clause: DM,
		what: "what became of the commands, as the sender says",
		fields: statuses.map(({ cmd, msgRef, cmdRef, code, nextNonce }) => [
			`${cmd} ${msgRef}/${cmdRef}`,
			`${code} ${codes[code] ?? ""}${nextNonce === undefined ? "" : "; a nonce for the next credential"}`.trim(),
		]),
	};
}

const decoded = ({ data = "" }: Item, signers: Signers): Part =>
	objectPart(Buffer.from(data, "base64").toString("utf8"), signers);

const objects: readonly string[] = [nodes.m2mm, nodes.m2mmcim, nodes.receipt];

/** Leaves that anybody may see; what is in any other nobody knows, so nobody sees it. */
const plain = /^\.\/(?:DevInfo\/(?:DevId|Man|Mod|DmV|Lang)|NAP\/[^/]+\/(?:Name|Bearer|Apn))$/;

const leafOf = ({ source, target }: Item): string => target ?? source ?? "item";

const fieldsOf = (items: readonly Item[]): Part["fields"] =>
	items.map((item) => {
		const { data = "" } = item;
		return [leafOf(item), plain.test(leafOf(item)) ? data : masked(Buffer.from(data))];
	});

function itemParts(command: Exclude<Command, Status>, signers: Signers): readonly Part[] {
	if (command.name === "Other") return [{ clause: DM, what: `${command.element}: not supported here`, fields: [] }];
	const { items } = command;
	const target = items[0]?.target ?? items[0]?.source ?? "";
	const isObject = (item: Item) => objects.includes(leafOf(item));
	if (items.length > 0 && items.every(isObject)) return items.map((item) => decoded(item, signers));
	if (command.name === "Exec" && target === nodes.install)
		return [{ clause: "B.2.3.4 VI, VII", what: "the M2ME is to hand the object to the TRE", fields: [] }];
	if (target.startsWith(nodes.nap))
		return [{ clause: "B.2.3.4 VIII", what: "network parameters of the new SHO", fields: fieldsOf(items) }];
	if (command.name === "Alert" && command.code === alerts.clientInitiated)
		return [{ clause: DM, what: "Alert 1201: the client opens the session", fields: fieldsOf(items) }];
	if (target.startsWith("./DevInfo"))
		return [{ clause: DM, what: "DevInfo: what the device is", fields: fieldsOf(items) }];
	return [{ clause: DM, what: `${command.name} ${target}`.trim(), fields: fieldsOf(items) }];
}

/** A message of a DM session. Throws where it is none. */
export function sessionParts(form: MessageForm, octets: Uint8Array, signers: Signers): readonly Part[] {
	const message = readMessageIn(form, octets);
	const statuses = message.commands.filter((command): command is Status => command.name === "Status");
	const others = message.commands.filter((command): command is Exclude<Command, Status> => command.name !== "Status");
	return [
		headPart(message),
		...(statuses.length > 0 ? [statusPart(statuses)] : []),
		...others.flatMap((command) => itemParts(command, signers)),
	];
}
