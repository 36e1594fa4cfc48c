/** What a message does; its kinds by number. GSUP marks them by the last two bits: 0 asks, 1 refuses, 2 answers. */
export interface ProcedureRow {
	readonly request: number;
	readonly error?: number;
	readonly result?: number;
}

/** The procedures of GSUP that a home network and a visited network use (TS 29.002 has their like in MAP). */
export const procedures = {
	UpdateLocation: { request: 0x04, error: 0x05, result: 0x06 },
	SendAuthInfo: { request: 0x08, error: 0x09, result: 0x0a },
	AuthFailureReport: { request: 0x0b },
	PurgeMS: { request: 0x0c, error: 0x0d, result: 0x0e },
	InsertSubscriberData: { request: 0x10, error: 0x11, result: 0x12 },
	DeleteSubscriberData: { request: 0x14, error: 0x15, result: 0x16 },
	LocationCancel: { request: 0x1c, error: 0x1d, result: 0x1e },
	MoForwardSm: { request: 0x24, error: 0x25, result: 0x26 },
	MtForwardSm: { request: 0x28, error: 0x29, result: 0x2a },
	ReadyForSm: { request: 0x2c, error: 0x2d, result: 0x2e },
	CheckImei: { request: 0x30, error: 0x31, result: 0x32 },
} as const satisfies Record<string, ProcedureRow>;

export type Procedure = keyof typeof procedures;
export const messageKinds = ["request", "error", "result"] as const;
export type MessageKind = (typeof messageKinds)[number];

/** GMM causes (TS 24.008 clause 10.5.5.14) as GSUP carries them. */
export const causes = {
	imsiUnknown: 2,
	illegalMs: 3,
	imeiNotAccepted: 5,
	gprsNotAllowed: 7,
	plmnNotAllowed: 11,
	noSuitableCells: 15,
	mscTemporarilyNotReachable: 16,
	networkFailure: 17,
	congestion: 22,
	semanticallyIncorrect: 95,
	invalidMandatoryInformation: 96,
	messageTypeUnknown: 97,
} as const;

/** RP causes of short messages (TS 24.011 clause 8.2.5.4). */
export const smCauses = {
	...{ unassignedNumber: 1, callBarred: 10, rejected: 21, destinationOutOfOrder: 27 },
	...{ unknownSubscriber: 30, temporaryFailure: 41, semanticallyIncorrect: 95 },
} as const;

export const domains = { ps: 1, cs: 2 } as const;
export const rats = { geran: 1, utran: 2, eutran: 3 } as const;
export const cancelTypes = { update: 0, withdraw: 1 } as const;
export const imeiResults = { accepted: 0, refused: 1 } as const;

/** Vectors in one answer. */
export const MAX_VECTORS = 5;
