// Generated from the contract: npm run contract.

export interface Messages {
	/** Opens a session; asked again until it is answered. */
	hello: {
		request: { minVersion: number; maxVersion: number; maxSegment: number; maxMessage: number };
		response: { version: number; maxSegment: number; maxMessage: number; window: number; bootCounter: number };
	};
	/** What this TRE is; the TRE info of M2MMobj and the TRE_id (empty when blank). */
	info: {
		request: Record<string, never>;
		response: { treId: string; type: string; version: string; target: string; entropy: string; suites: string; algorithms: string; forms: string; modules: string };
	};
	/** Life state, last durable transaction and what is installed. */
	status: {
		request: Record<string, never>;
		response: { state: number; bootCounter: number; transaction: number; serial: number; currentRoot: Uint8Array; pendingRoot: Uint8Array; nonceB: Uint8Array; activeImsi: string; activeMcim: Uint8Array; pendingImsi: string; pendingMcim: Uint8Array };
	};
	/** B.2.2.1: makes the signing and the encryption key pair inside and fixes the TRE_id. */
	makeKeys: {
		request: Record<string, never>;
		response: { treId: string };
	};
	/** B.2.2.1: PKCS#10 request, DER; usage 0 signs, 1 decrypts. */
	certificateRequest: {
		request: { usage: number };
		response: { request: Uint8Array };
	};
	/** B.2.2.1: both CertTRE, CertPVA and CertSHO[0], DER. */
	installCertificates: {
		request: { sign: Uint8Array; encrypt: Uint8Array; pva: Uint8Array; sho: Uint8Array };
		response: Record<string, never>;
	};
	/** B.2.2.1: {PCID, K, OPc, algorithm} as protected data for PuKTRE, issuer CertSHO[0]. */
	installCredential: {
		request: { object: Uint8Array };
		response: { imsi: string };
	};
	/** Ends personalisation; the REIGN is for the RO only. May be asked again until the first AUTHENTICATE. */
	lock: {
		request: Record<string, never>;
		response: { reign: Uint8Array };
	};
	/** G8: 32 octets of the TRE that the PVA has to sign for a wipe; the next one voids it, and a restart. */
	wipeChallenge: {
		request: Record<string, never>;
		response: { nonce: Uint8Array };
	};
	/** G8: the PVA's signature over TRE-WIPE-1, TRE_id and the nonce; destroys keys and all else, the device is blank. */
	wipe: {
		request: { algorithm: number; signature: Uint8Array };
		response: Record<string, never>;
	};
	/** makeKeys with a choice of the encryption key: 1 RSA-2048 (suites 1 and 2), 2 P-256 (suite 3). */
	makeKeyPairs: {
		request: { encryption: number };
		response: { treId: string };
	};
	/** TS 33.102 6.3 with the active MCIM; outcome 0 success (res, ck, ik), 1 synchronisation failure (auts). */
	authenticate: {
		request: { rand: Uint8Array; autn: Uint8Array };
		response: { outcome: number; res: Uint8Array; ck: Uint8Array; ik: Uint8Array; auts: Uint8Array };
	};
	/** B.2.3.3: the signed octets of a bootstrap; algorithm 1 rsa-sha256, 2 ecdsa-sha256. */
	acceptBootstrap: {
		request: { document: Uint8Array; algorithm: number; signature: Uint8Array };
		response: { kind: string; serial: number; repeated: boolean };
	};
	/** B.2.3.4 II: the signed M2MMobj; the same content whenever it is asked for again. */
	provisioningRequest: {
		request: Record<string, never>;
		response: { document: Uint8Array };
	};
	/** B.2.3.4 VI and VII: the signed octets of M2MMCIMMobj; verifies, decrypts and installs. */
	acceptMcim: {
		request: { document: Uint8Array; algorithm: number; signature: Uint8Array };
		response: { imsi: string; mcimId: Uint8Array };
	};
	/** B.2.3.5: the new MCIM authenticates from now on; a trial where fallback is on, else committed at once. */
	activate: {
		request: Record<string, never>;
		response: { imsi: string; committed: boolean };
	};
	/** B.2.3.5: the host has IP connectivity with the new MCIM; commits after a successful AKA. */
	confirmConnectivity: {
		request: Record<string, never>;
		response: Record<string, never>;
	};
	/** Signed TREReceipt over state, root, reign, serial, nonceB, mcimId and the asker's challenge. */
	receipt: {
		request: { challenge: Uint8Array };
		response: { document: Uint8Array };
	};
	/** CertSHO in DER that the host's TLS client may trust: the pending one, after commit the current one. */
	releaseRoot: {
		request: Record<string, never>;
		response: { certificate: Uint8Array };
	};
	/** Client digest (syncml:auth-md5) of the DM account; an empty nonce stands for the stored one. */
	dmCredential: {
		request: { nonce: Uint8Array };
		response: { serverId: string; user: string; digest: Uint8Array };
	};
	/** Checks the DM server's digest; nextNonce is for its next session. */
	dmVerify: {
		request: { digest: Uint8Array };
		response: { accepted: boolean; nextNonce: Uint8Array };
	};
	/** TS 33.401 6.1 with the active MCIM, for a vector with the AMF separation bit: KASME for the serving network. */
	authenticateEps: {
		request: { rand: Uint8Array; autn: Uint8Array; snId: Uint8Array };
		response: { outcome: number; res: Uint8Array; kasme: Uint8Array; auts: Uint8Array };
	};
	/** Audit trail: what changed trust or subscriptions, oldest first, as 28 octets an entry (events.ts), from an index on. */
	log: {
		request: { from: number };
		response: { next: number; entries: Uint8Array };
	};
	/** What stands in an MCIM slot (0 to 7); role 0 empty, 1 active, 2 pending, 3 kept. */
	mcim: {
		request: { slot: number };
		response: { role: number; imsi: string; mcimId: Uint8Array; issuer: Uint8Array; version: number; parameters: Uint8Array };
	};
	/** B.2.3.4 VIII: the host's reference (1 to 32 octets) of the network parameters that come and go with an MCIM; role as in mcim, 1 or 2. */
	bindParameters: {
		request: { role: number; reference: Uint8Array };
		response: Record<string, never>;
	};
	/** The flash store: octets in all and in use, records, MCIMs, fingerprints of K (at most 512), erase cycles of each sector. */
	store: {
		request: Record<string, never>;
		response: { size: number; used: number; records: number; mcims: number; fingerprints: number; eraseCycles: number };
	};
	/** Writes to the flash that the host's word alone may still cause, and those refused since the boot; one more comes with each minute. */
	wear: {
		request: Record<string, never>;
		response: { left: number; refused: number };
	};
	/** An update that the factory signed: the used part of the image header of each slot, in order; clears the slot that is not running. */
	updateBegin: {
		request: { headers: Uint8Array };
		response: { slot: number; length: number };
	};
	/** Octets of the image for that slot, in order; next is the offset that is awaited then. */
	updateOctets: {
		request: { offset: number; octets: Uint8Array };
		response: { next: number };
	};
	/** All octets are there: reads them back, checks the digest, and restarts into them, on trial. */
	updateEnd: {
		request: Record<string, never>;
		response: Record<string, never>;
	};
	/** Slots (0: this firmware is not updated over the line), the running one, its version and security counter, the lowest that is taken, starts left to a trial, and what an update in progress awaits. */
	updateStatus: {
		request: Record<string, never>;
		response: { slots: number; running: number; version: string; securityCounter: number; lowest: number; triesLeft: number; next: number; length: number };
	};
	/** For this life of the device: behind lock it takes an update only where its current SHO offers it, too. */
	requireOffers: {
		request: Record<string, never>;
		response: Record<string, never>;
	};
	/** The update that the current SHO offers (B.2.3.6, tag update): what, its version and the SHA-256 over its headers, empty where none stands; required: there is no other. */
	updateOffer: {
		request: Record<string, never>;
		response: { what: string; version: string; digest: Uint8Array; required: boolean };
	};
}
