/**
 * Names of the OMA Firmware Update Management Object (OMA-TS-DM-FUMO 1.0), as far as they are spoken here
 * (docs/documents.md, "Firmware over the air").
 */
export const fumoNodes = {
	root: "./FwUpdate",
	name: "./FwUpdate/PkgName",
	version: "./FwUpdate/PkgVersion",
	url: "./FwUpdate/DownloadAndUpdate/PkgURL",
	/** Exec: fetch it, and have the TRE take it. */
	downloadAndUpdate: "./FwUpdate/DownloadAndUpdate",
} as const;

/** Types of the Generic Alerts: the device asks what there is for it, and says what became of it. */
export const fumoAlerts = {
	request: "org.openmobilealliance.dm.firmwareupdate.devicerequest",
	result: "org.openmobilealliance.dm.firmwareupdate.downloadandupdate",
} as const;

/** Result codes: the data of the alert that ends an update. */
export const fumoResults = {
	successful: 200,
	corrupted: 402,
	deviceMismatch: 403,
	validationFailed: 404,
	notAcceptable: 405,
	undefined: 409,
	updateFailed: 410,
	badUrl: 411,
	serverUnavailable: 412,
} as const;

export type FumoResult = keyof typeof fumoResults;

/** Undefined: a code that is not spoken here. */
export const fumoResultOf = (code: number): FumoResult | undefined =>
	(Object.keys(fumoResults) as FumoResult[]).find((name) => fumoResults[name] === code);
