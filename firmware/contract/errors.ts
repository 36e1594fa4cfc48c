/** Who has to act for the next attempt to succeed. */
export type Fault = "host" | "factory" | "operator" | "network" | "device";

export interface ErrorRow {
	readonly number: number;
	readonly fault: Fault;
	/** What it means and what to do next; the firmware itself holds no words. */
	readonly advice: string;
}

/** Every error a response can carry. Numbers are never given twice. */
export const errors = {
	trapped: {
		number: 1,
		fault: "device",
		advice: "The firmware stopped inside this command and started again; read `status`, then repeat the command.",
	},
	"unknown-command": {
		number: 2,
		fault: "host",
		advice: "The TRE does not know this command; compare the protocol version in `hello`.",
	},
	"malformed-request": {
		number: 3,
		fault: "host",
		advice: "The request is not the deterministic CBOR array that the contract describes.",
	},
	"wrong-state": {
		number: 4,
		fault: "host",
		advice: "The command is not allowed in this life state, which `status` (`tre info`) tells.",
	},
	"version-unsupported": {
		number: 5,
		fault: "host",
		advice: "No common protocol version; update the host or the firmware.",
	},
	"message-too-large": { number: 6, fault: "host", advice: "The message is longer than `hello` allows." },
	"store-full": {
		number: 7,
		fault: "device",
		advice:
			"The store has no room for this; nothing was changed, and AKA and withdrawal still work. `tre store` shows what fills it; only a wipe by the PVA makes room for more K.",
	},
	"store-damaged": {
		number: 8,
		fault: "device",
		advice: "The flash store cannot be read; the device has to go back to its factory.",
	},
	"crypto-failure": {
		number: 9,
		fault: "device",
		advice: "The crypto side failed (entropy or memory); restart the device and repeat.",
	},
	"hello-first": { number: 10, fault: "host", advice: "The TRE has restarted; send `hello` before anything else." },
	"flash-failed": {
		number: 11,
		fault: "device",
		advice:
			"The flash did not take what was written, and the TRE stands where it stood; repeat the command, restart the device, and where it stays, replace it.",
	},
	"store-newer": {
		number: 12,
		fault: "host",
		advice: "A newer firmware wrote this store; flash that one, or a later one, again.",
	},
	"wear-limited": {
		number: 13,
		fault: "host",
		advice:
			"The host alone has caused as many writes to the flash as it may for now; `tre wear` says how many are left, and one more comes with each minute.",
	},
	"certificate-malformed": {
		number: 16,
		fault: "factory",
		advice: "A certificate cannot be parsed or is not DER of a supported form.",
	},
	"certificate-mismatch": {
		number: 17,
		fault: "factory",
		advice: "A CertTRE does not carry this TRE's key, TRE_id, usage or CertPVA's signature.",
	},
	"root-not-ca": { number: 18, fault: "operator", advice: "CertSHO must be a self-signed CA certificate." },
	"root-unsupported": {
		number: 22,
		fault: "operator",
		advice:
			'No TRE verifies with this root: it takes RSA of 2048 to 4096 bits with an exponent of at most 32 bits, or P-256, signed with PKCS #1 v1.5 or ECDSA and SHA-256 (docs/documents.md, "CertSHO and CertPVA").',
	},
	"certificates-missing": {
		number: 19,
		fault: "factory",
		advice: "Install the certificates before the credential and before `lock`.",
	},
	"credential-missing": { number: 20, fault: "factory", advice: "Install the network credential before `lock`." },
	"wipe-not-asked": {
		number: 21,
		fault: "factory",
		advice: "Ask for a wipe challenge first, in the same boot, and have the PVA sign it.",
	},
	"envelope-invalid": {
		number: 32,
		fault: "operator",
		advice: "The protected data does not open with PrKTRE; protect it for this TRE's CertTRE again.",
	},
	"envelope-suite": {
		number: 33,
		fault: "operator",
		advice: "The TRE does not support this suite; `info` lists those it does.",
	},
	"envelope-content": {
		number: 34,
		fault: "operator",
		advice: "The protected data opens, but its tag or fields are not those asked for.",
	},
	"wrong-tre": { number: 35, fault: "operator", advice: "The document is for another TRE_id." },
	"root-mismatch": {
		number: 36,
		fault: "operator",
		advice: "The protected data names another root than the document brings or awaits.",
	},
	"document-malformed": {
		number: 48,
		fault: "operator",
		advice: "The document is not the canonical XML of its profile.",
	},
	"signature-invalid": {
		number: 49,
		fault: "operator",
		advice: "The signature does not verify under the root that may sign this document.",
	},
	"signature-algorithm": { number: 50, fault: "operator", advice: "Use rsa-sha256 or ecdsa-sha256." },
	"thumbprint-mismatch": {
		number: 51,
		fault: "operator",
		advice: "The CertificateStore's thumbprint is not that of its certificate.",
	},
	replayed: {
		number: 52,
		fault: "operator",
		advice: "REIGN or SERIAL is not ahead of what was accepted; ask the device for a receipt and sign again.",
	},
	"nonce-spent": {
		number: 53,
		fault: "operator",
		advice: "This nonceA ended with an earlier change; the new SHO prepares a new account.",
	},
	"nonce-mismatch": {
		number: 54,
		fault: "operator",
		advice: "The nonceB is not that of the open provisioning request.",
	},
	"key-reused": {
		number: 55,
		fault: "operator",
		advice: "This TRE has held that K before; prepare an MCIM with a new K.",
	},
	"algorithm-unsupported": {
		number: 56,
		fault: "operator",
		advice: "The MCIM asks for an algorithm that the TRE does not have; `info` lists them.",
	},
	"version-not-higher": {
		number: 57,
		fault: "operator",
		advice: "A version of this object is stored that is as high or higher.",
	},
	"root-carrier": {
		number: 58,
		fault: "operator",
		advice:
			"A change brings its root in a CertificateStore (Root, System); a key hash in PROVURL or a VENDORCONFIG is not read.",
	},
	"fallback-bounds": {
		number: 59,
		fault: "operator",
		advice: "A trial lasts 1 to 604,800 seconds of running time and 1 to 100 boots; sign the change again within that.",
	},
	"autn-mac": {
		number: 64,
		fault: "network",
		advice: "The network does not hold this subscription's K (MAC failure).",
	},
	"separation-bit": {
		number: 65,
		fault: "network",
		advice: "The AMF separation bit tells EPS vectors from UMTS vectors: use `authenticateEps` for those that have it.",
	},
	"no-mcim": {
		number: 66,
		fault: "host",
		advice: "No MCIM has that role; `tre mcims` lists them.",
	},
	"not-authenticated": {
		number: 67,
		fault: "host",
		advice: "Run AKA with the new MCIM before confirming IP connectivity.",
	},
	"dm-server-refused": {
		number: 68,
		fault: "operator",
		advice: "The DM server's digest is wrong; give it the nonce in the answer and let it try once more.",
	},
	"no-account": { number: 69, fault: "host", advice: "No DM account is stored." },
	"trial-over": {
		number: 70,
		fault: "network",
		advice: "The trial ended before IP connectivity was confirmed: the old subscription serves again (NOTE Y).",
	},
	"update-unsupported": {
		number: 80,
		fault: "host",
		advice:
			"This firmware was not started by a boot stage, and takes no update over the line: `tre flash` writes it anew.",
	},
	"update-header": {
		number: 81,
		fault: "host",
		advice:
			"These are not the image headers of a bundle for this board and its slots; `tre update` says what a bundle is for.",
	},
	"update-signature": {
		number: 82,
		fault: "factory",
		advice:
			"The factory whose firmware runs has not signed this update; it takes one that was signed with the same update key.",
	},
	"update-downgrade": {
		number: 83,
		fault: "factory",
		advice:
			"The security counter of this firmware is lower than one that this device has confirmed; give it a newer one with `tre update`.",
	},
	"update-order": {
		number: 84,
		fault: "host",
		advice:
			"These are not the octets that are awaited; `updateStatus` tells which are, and nothing begun is told by a length of 0.",
	},
	"update-digest": {
		number: 85,
		fault: "host",
		advice: "What stands in the slot is not what the header tells; begin the update again.",
	},
	"update-on-trial": {
		number: 86,
		fault: "device",
		advice:
			"The firmware that runs has not been confirmed, and the slot of the one before it is its way back; send `hello` again, or restart the device, and read `updateStatus`.",
	},
	"update-not-offered": {
		number: 87,
		fault: "operator",
		advice:
			"The current SHO offers another update, or none where this device takes no other; `tre firmware` tells which, and the operator offers one with `hil offer`.",
	},
} as const satisfies Record<string, ErrorRow>;

export type TreErrorName = keyof typeof errors;

export const errorNameOf = (number: number): TreErrorName | undefined =>
	(Object.keys(errors) as TreErrorName[]).find((name) => errors[name].number === number);
