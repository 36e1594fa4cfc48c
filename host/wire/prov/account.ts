import { type Characteristic, characteristic, isParm, ofType, ProvisioningError, parm, parmValue } from "./document.ts";

/** Who shows a credential to whom (OMA AC w7): the client to the server, or the server to the client. */
export const credentialLevels = ["APPSRV", "CLIENT"] as const;

export interface Credential {
	readonly level: (typeof credentialLevels)[number];
	/** `DIGEST`, `BASIC`, `HMAC`, `TRANSPORT` …: AAUTHTYPE as it stands there. */
	readonly type?: string;
	readonly name?: string;
	readonly secret?: string;
	/** Nonce of the next digest, base64. */
	readonly data?: string;
}

/** A DM account as APPLICATION w7 says it (OMA AC w7; DM StdObj: DMAcc). */
export interface DmAccount {
	/** ServerID: what an account is known by, in its context. */
	readonly serverId: string;
	readonly name?: string;
	/** URI of the server. */
	readonly address: string;
	/** The access point that it goes over; `INTERNET` is any. */
	readonly napId?: string;
	/** The client starts a session as soon as it can. */
	readonly init: boolean;
	readonly credentials: readonly Credential[];
}

/** APPID of DM accounts. */
const DM = "w7";

const parms = (entries: Readonly<Record<string, string | undefined>>) =>
	Object.entries(entries).flatMap(([name, value]) => (value === undefined ? [] : [parm(name, value)]));

export function writeAccount({ serverId, name, address, napId, init, credentials }: DmAccount): Characteristic {
	return characteristic(
		"APPLICATION",
		...parms({ APPID: DM, "PROVIDER-ID": serverId, NAME: name, "TO-NAPID": napId }),
		...(init ? [parm("INIT")] : []),
		characteristic("APPADDR", parm("ADDR", address)),
		...credentials.map(({ level, type, name: user, secret, data }) =>
			characteristic(
				"APPAUTH",
				...parms({ AAUTHLEVEL: level, AAUTHTYPE: type, AAUTHNAME: user, AAUTHSECRET: secret, AAUTHDATA: data }),
			),
		),
	);
}

function readCredential(entry: Characteristic): Credential {
	const level = credentialLevels.find((one) => one === parmValue(entry, "AAUTHLEVEL"));
	if (!level) throw new ProvisioningError("an APPAUTH whose AAUTHLEVEL is neither APPSRV nor CLIENT");
	return {
		level,
		type: parmValue(entry, "AAUTHTYPE"),
		name: parmValue(entry, "AAUTHNAME"),
		secret: parmValue(entry, "AAUTHSECRET"),
		data: parmValue(entry, "AAUTHDATA"),
	};
}

/** The address of the one server: ADDR in an APPADDR, or straight in the APPLICATION as some operators write it. */
function readAddress(entry: Characteristic): string {
	const [place, more] = ofType(entry.items, "APPADDR");
	const address = parmValue(place ?? entry, "ADDR");
	if (more || !address || !URL.canParse(address)) throw new ProvisioningError("an APPLICATION without one URI in ADDR");
	return address;
}

/** Reads an APPLICATION w7; throws ProvisioningError for another one, or for one that no session could use. */
export function readAccount(entry: Characteristic): DmAccount {
	const appId = parmValue(entry, "APPID");
	if (appId !== DM)
		throw new ProvisioningError(`an APPLICATION ${appId ?? "without APPID"}: only ${DM} (OMA DM) is taken`);
	const serverId = parmValue(entry, "PROVIDER-ID");
	if (!serverId) throw new ProvisioningError("an APPLICATION without PROVIDER-ID");
	return {
		serverId,
		name: parmValue(entry, "NAME"),
		address: readAddress(entry),
		napId: parmValue(entry, "TO-NAPID"),
		init: entry.items.some((item) => isParm(item) && item.name === "INIT"),
		credentials: ofType(entry.items, "APPAUTH").map(readCredential),
	};
}
