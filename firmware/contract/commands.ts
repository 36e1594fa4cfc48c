import type { LifeState } from "./states.ts";

/** uint: 0 … 2^32-1. bytes: a byte string of 0 … max octets. text: printable ASCII. */
export type FieldType = "uint" | "bytes" | "text" | "bool";

export interface CommandRow {
	readonly number: number;
	/** First protocol version that has it. */
	readonly since: number;
	readonly does: string;
	readonly request: Readonly<Record<string, FieldType>>;
	readonly response: Readonly<Record<string, FieldType>>;
	readonly allowed: "always" | readonly LifeState[];
	/** Response fields that are random or depend on the target; transcripts mask them. */
	readonly varies?: readonly string[];
}

const operating = ["personalised", "idle", "bootstrapped", "requested", "installed", "trial"] as const;
/** Where a restart into other firmware cuts nothing short: not between a request and its MCIM, and in no trial. */
const updatable = ["blank", "keyed", "personalised", "idle", "bootstrapped"] as const;
const afterBootstrap = ["bootstrapped", "requested", "installed", "trial", "idle"] as const;

/**
 * The protocol between TRE and host: one row a command, the single source of both codecs.
 * A request is the CBOR array [command, …request], a response [error, …response].
 */
export const commands = {
	hello: {
		number: 1,
		since: 1,
		does: "Opens a session; asked again until it is answered",
		request: { minVersion: "uint", maxVersion: "uint", maxSegment: "uint", maxMessage: "uint" },
		response: { version: "uint", maxSegment: "uint", maxMessage: "uint", window: "uint", bootCounter: "uint" },
		allowed: "always",
		varies: ["bootCounter"],
	},
	info: {
		number: 2,
		since: 1,
		does: "What this TRE is; the TRE info of M2MMobj and the TRE_id (empty when blank)",
		request: {},
		response: {
			treId: "text",
			type: "text",
			version: "text",
			target: "text",
			entropy: "text",
			suites: "text",
			algorithms: "text",
			forms: "text",
			modules: "text",
		},
		allowed: "always",
		varies: ["treId", "target", "entropy"],
	},
	status: {
		number: 3,
		since: 1,
		does: "Life state, last durable transaction and what is installed",
		request: {},
		response: {
			state: "uint",
			bootCounter: "uint",
			transaction: "uint",
			serial: "uint",
			currentRoot: "bytes",
			pendingRoot: "bytes",
			nonceB: "bytes",
			activeImsi: "text",
			activeMcim: "bytes",
			pendingImsi: "text",
			pendingMcim: "bytes",
		},
		allowed: "always",
		varies: ["bootCounter", "currentRoot", "pendingRoot", "nonceB", "activeMcim", "pendingMcim"],
	},
	makeKeys: {
		number: 16,
		since: 1,
		does: "B.2.2.1: makes the signing and the encryption key pair inside and fixes the TRE_id",
		request: {},
		response: { treId: "text" },
		allowed: ["blank"],
		varies: ["treId"],
	},
	certificateRequest: {
		number: 17,
		since: 1,
		does: "B.2.2.1: PKCS#10 request, DER; usage 0 signs, 1 decrypts",
		request: { usage: "uint" },
		response: { request: "bytes" },
		allowed: ["keyed"],
		varies: ["request"],
	},
	installCertificates: {
		number: 18,
		since: 1,
		does: "B.2.2.1: both CertTRE, CertPVA and CertSHO[0], DER",
		request: { sign: "bytes", encrypt: "bytes", pva: "bytes", sho: "bytes" },
		response: {},
		allowed: ["keyed"],
	},
	installCredential: {
		number: 19,
		since: 1,
		does: "B.2.2.1: {PCID, K, OPc, algorithm} as protected data for PuKTRE, issuer CertSHO[0]",
		request: { object: "bytes" },
		response: { imsi: "text" },
		allowed: ["keyed"],
		varies: ["imsi"],
	},
	lock: {
		number: 20,
		since: 1,
		does: "Ends personalisation; the REIGN is for the RO only. May be asked again until the first AUTHENTICATE",
		request: {},
		response: { reign: "bytes" },
		allowed: ["keyed", "personalised"],
		varies: ["reign"],
	},
	wipeChallenge: {
		number: 21,
		since: 1,
		does: "G8: 32 octets of the TRE that the PVA has to sign for a wipe; the next one voids it, and a restart",
		request: {},
		response: { nonce: "bytes" },
		allowed: operating,
		varies: ["nonce"],
	},
	wipe: {
		number: 22,
		since: 1,
		does: "G8: the PVA's signature over TRE-WIPE-1, TRE_id and the nonce; destroys keys and all else, the device is blank",
		request: { algorithm: "uint", signature: "bytes" },
		response: {},
		allowed: operating,
	},
	makeKeyPairs: {
		number: 23,
		since: 1,
		does: "makeKeys with a choice of the encryption key: 1 RSA-2048 (suites 1 and 2), 2 P-256 (suite 3)",
		request: { encryption: "uint" },
		response: { treId: "text" },
		allowed: ["blank"],
		varies: ["treId"],
	},
	authenticate: {
		number: 32,
		since: 1,
		does: "TS 33.102 6.3 with the active MCIM; outcome 0 success (res, ck, ik), 1 synchronisation failure (auts)",
		request: { rand: "bytes", autn: "bytes" },
		response: { outcome: "uint", res: "bytes", ck: "bytes", ik: "bytes", auts: "bytes" },
		allowed: operating,
		varies: ["res", "ck", "ik", "auts"],
	},
	acceptBootstrap: {
		number: 33,
		since: 1,
		does: "B.2.3.3: the signed octets of a bootstrap; algorithm 1 rsa-sha256, 2 ecdsa-sha256",
		request: { document: "bytes", algorithm: "uint", signature: "bytes" },
		response: { kind: "text", serial: "uint", repeated: "bool" },
		allowed: ["personalised", "idle", "bootstrapped", "requested", "installed"],
	},
	provisioningRequest: {
		number: 34,
		since: 1,
		does: "B.2.3.4 II: the signed M2MMobj; the same content whenever it is asked for again",
		request: {},
		response: { document: "bytes" },
		allowed: ["bootstrapped", "requested"],
		varies: ["document"],
	},
	acceptMcim: {
		number: 35,
		since: 1,
		does: "B.2.3.4 VI and VII: the signed octets of M2MMCIMMobj; verifies, decrypts and installs",
		request: { document: "bytes", algorithm: "uint", signature: "bytes" },
		response: { imsi: "text", mcimId: "bytes" },
		allowed: ["requested"],
		varies: ["imsi", "mcimId"],
	},
	activate: {
		number: 36,
		since: 1,
		does: "B.2.3.5: the new MCIM authenticates from now on; a trial where fallback is on, else committed at once",
		request: {},
		response: { imsi: "text", committed: "bool" },
		allowed: ["installed"],
		varies: ["imsi"],
	},
	confirmConnectivity: {
		number: 37,
		since: 1,
		does: "B.2.3.5: the host has IP connectivity with the new MCIM; commits after a successful AKA",
		request: {},
		response: {},
		allowed: ["trial"],
	},
	receipt: {
		number: 38,
		since: 1,
		does: "Signed TREReceipt over state, root, reign, serial, nonceB, mcimId and the asker's challenge",
		request: { challenge: "bytes" },
		response: { document: "bytes" },
		allowed: ["idle", "bootstrapped", "requested", "installed", "trial"],
		varies: ["document"],
	},
	releaseRoot: {
		number: 39,
		since: 1,
		does: "CertSHO in DER that the host's TLS client may trust: the pending one, after commit the current one",
		request: {},
		response: { certificate: "bytes" },
		allowed: operating,
		varies: ["certificate"],
	},
	dmCredential: {
		number: 40,
		since: 1,
		does: "Client digest (syncml:auth-md5) of the DM account; an empty nonce stands for the stored one",
		request: { nonce: "bytes" },
		response: { serverId: "text", user: "text", digest: "bytes" },
		allowed: afterBootstrap,
		varies: ["digest", "user"],
	},
	dmVerify: {
		number: 41,
		since: 1,
		does: "Checks the DM server's digest; nextNonce is for its next session",
		request: { digest: "bytes" },
		response: { accepted: "bool", nextNonce: "bytes" },
		allowed: afterBootstrap,
		varies: ["nextNonce"],
	},
	authenticateEps: {
		number: 42,
		since: 1,
		does: "TS 33.401 6.1 with the active MCIM, for a vector with the AMF separation bit: KASME for the serving network",
		request: { rand: "bytes", autn: "bytes", snId: "bytes" },
		response: { outcome: "uint", res: "bytes", kasme: "bytes", auts: "bytes" },
		allowed: operating,
		varies: ["res", "kasme", "auts"],
	},
	log: {
		number: 43,
		since: 1,
		does: "Audit trail: what changed trust or subscriptions, oldest first, as 28 octets an entry (events.ts), from an index on",
		request: { from: "uint" },
		response: { next: "uint", entries: "bytes" },
		allowed: "always",
		varies: ["entries"],
	},
	mcim: {
		number: 44,
		since: 1,
		does: "What stands in an MCIM slot (0 to 7); role 0 empty, 1 active, 2 pending, 3 kept",
		request: { slot: "uint" },
		response: {
			role: "uint",
			imsi: "text",
			mcimId: "bytes",
			issuer: "bytes",
			version: "uint",
			parameters: "bytes",
		},
		allowed: operating,
		varies: ["imsi", "mcimId", "issuer", "parameters"],
	},
	bindParameters: {
		number: 45,
		since: 1,
		does: "B.2.3.4 VIII: the host's reference (1 to 32 octets) of the network parameters that come and go with an MCIM; role as in mcim, 1 or 2",
		request: { role: "uint", reference: "bytes" },
		response: {},
		allowed: operating,
	},
	store: {
		number: 46,
		since: 1,
		does: "The flash store: octets in all and in use, records, MCIMs, fingerprints of K (at most 512), erase cycles of each sector",
		request: {},
		response: { size: "uint", used: "uint", records: "uint", mcims: "uint", fingerprints: "uint", eraseCycles: "uint" },
		allowed: "always",
		varies: ["size", "used", "eraseCycles"],
	},
	wear: {
		number: 47,
		since: 1,
		does: "Writes to the flash that the host's word alone may still cause, and those refused since the boot; one more comes with each minute",
		request: {},
		response: { left: "uint", refused: "uint" },
		allowed: "always",
		varies: ["left"],
	},
	updateBegin: {
		number: 48,
		since: 1,
		does: "An update that the factory signed: the used part of the image header of each slot, in order; clears the slot that is not running",
		request: { headers: "bytes" },
		response: { slot: "uint", length: "uint" },
		allowed: updatable,
	},
	updateOctets: {
		number: 49,
		since: 1,
		does: "Octets of the image for that slot, in order; next is the offset that is awaited then",
		request: { offset: "uint", octets: "bytes" },
		response: { next: "uint" },
		allowed: updatable,
	},
	updateEnd: {
		number: 50,
		since: 1,
		does: "All octets are there: reads them back, checks the digest, and restarts into them, on trial",
		request: {},
		response: {},
		allowed: updatable,
	},
	updateStatus: {
		number: 51,
		since: 1,
		does: "Slots (0: this firmware is not updated over the line), the running one, its version and security counter, the lowest that is taken, starts left to a trial, and what an update in progress awaits",
		request: {},
		response: {
			slots: "uint",
			running: "uint",
			version: "text",
			securityCounter: "uint",
			lowest: "uint",
			triesLeft: "uint",
			next: "uint",
			length: "uint",
		},
		allowed: "always",
		varies: ["slots", "running", "version", "securityCounter", "lowest", "triesLeft"],
	},
	requireOffers: {
		number: 52,
		since: 1,
		does: "For this life of the device: behind lock it takes an update only where its current SHO offers it, too",
		request: {},
		response: {},
		allowed: ["keyed"],
	},
	updateOffer: {
		number: 53,
		since: 1,
		does: "The update that the current SHO offers (B.2.3.6, tag update): what, its version and the SHA-256 over its headers, empty where none stands; required: there is no other",
		request: {},
		response: { what: "text", version: "text", digest: "bytes", required: "bool" },
		allowed: "always",
	},
} as const satisfies Record<string, CommandRow>;

export type CommandName = keyof typeof commands;

/** Frame level constants, shared by both ends (DESIGN section 5, documents.md "Frame"). */
export const wire = {
	protocolVersion: 1,
	/** Octets of a segment in the largest frame the firmware takes. */
	maxSegment: 480,
	/** The smallest segment an end may ask for: a message has at most 32, one bit each. */
	minSegment: 256,
	maxMessage: 8192,
	maxResponse: 4096,
	window: 8,
	/** Kinds of frame: a segment of a request or response, or which segments have arrived. */
	kinds: { request: 1, response: 2, haveRequest: 3, haveResponse: 4 },
} as const;
