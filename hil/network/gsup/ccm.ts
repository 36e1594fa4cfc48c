/** Messages of IPA connection management. */
export const ccm = { ping: 0x00, pong: 0x01, idGet: 0x04, idResponse: 0x05, idAck: 0x06 } as const;

/** Elements of an identity. The serial number is the name that answers are routed by. */
export const identityTags = {
	...{ serialNumber: 0x00, unitName: 0x01, location: 0x02, unitType: 0x03 },
	...{ equipmentVersion: 0x04, softwareVersion: 0x05, ipAddress: 0x06, macAddress: 0x07, unitId: 0x08 },
} as const;

export type Identity = ReadonlyMap<number, string>;

const asked = [0x08, 0x07, 0x02, 0x03, 0x04, 0x05, 0x01, 0x00];
const MAX_NAME = 64;

/** The server asks who is there: tags, each as a pair. */
export const idGet = (): Buffer => Buffer.from([ccm.idGet, ...asked.flatMap((tag) => [0x01, tag])]);

/** length(2, BE, tag included) | tag | text | NUL, for each element. */
export function idResponse(name: string): Buffer {
	const elements: [number, string][] = [
		[identityTags.unitId, "0/0/0"],
		[identityTags.macAddress, "00:00:00:00:00:00"],
		[identityTags.location, ""],
		[identityTags.unitType, ""],
		[identityTags.equipmentVersion, ""],
		[identityTags.softwareVersion, "tre-workbench"],
		[identityTags.unitName, name],
		[identityTags.serialNumber, name],
	];
	const parts = elements.map(([tag, text]) => {
		const value = Buffer.from(`${text}\0`, "latin1");
		const head = Buffer.alloc(3);
		head.writeUInt16BE(value.length + 1, 0);
		head[2] = tag;
		return Buffer.concat([head, value]);
	});
	return Buffer.concat([Buffer.from([ccm.idResponse]), ...parts]);
}

/** What a peer says of itself; undefined where the octets are no such answer. */
export function readIdentity(payload: Uint8Array): Identity | undefined {
	const octets = Buffer.from(payload);
	if (octets[0] !== ccm.idResponse) return undefined;
	const found = new Map<number, string>();
	let at = 1;
	while (at < octets.length) {
		if (at + 3 > octets.length) return undefined;
		const end = at + 2 + octets.readUInt16BE(at);
		if (end < at + 3 || end > octets.length) return undefined;
		found.set(
			octets[at + 2] as number,
			octets
				.subarray(at + 3, end)
				.toString("latin1")
				.replace(/\0$/, ""),
		);
		at = end;
	}
	return found;
}

/** The name of a peer: printable, and not longer than a routing key may be. Undefined where it gives none. */
export function nameOf(identity: Identity): string | undefined {
	const name = identity.get(identityTags.serialNumber);
	const complete = identity.has(identityTags.unitId) && name !== undefined;
	return complete && name.length <= MAX_NAME && /^[!-~]+$/.test(name) ? name : undefined;
}
