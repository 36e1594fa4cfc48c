import type { KeyType } from "../shared/certificates.ts";

/** Configuration file of an operator process. */
export interface OperatorConfig {
	readonly shoId: string;
	/** MCC and MNC, five digits. */
	readonly plmn: string;
	/** Database and private keys; mode 0700. */
	readonly folder: string;
	/** File that names the contracted parties. */
	readonly registry: string;
	/** Key of CertSHO. */
	readonly keyType: KeyType;
	/** B.2.3.4 IV: check CertTRE under CertPVA here, or ask the PVA. */
	readonly validation: "local" | "pva";
	readonly apn: string;
	/** Names of the visited networks that there is a roaming agreement with. */
	readonly agreements: readonly string[];
	/** The HLR/AuC: this project's, or osmo-hlr as a process of this operator. */
	readonly hlr: "own" | "osmo-hlr";
	/** Equipment that gets no service: 14 digits of its IMEI. */
	readonly barredImeis: readonly string[];
	/** Policy for the operator's own subscribers: DPFs only, or any host. */
	readonly egress: "provisioning" | "any";
	/** NOTE Y: what the operator writes into bootstraps and MCIMs. */
	readonly fallback: { readonly seconds: number; readonly boots: number };
	/** Does a device leave only with the release code of its delivery note, or with any contracted SHO that asks? */
	readonly releaseCode: "required" | "ignored";
	/** How often this operator tries to take a device over before a revert ends the subscription. */
	readonly attempts: number;
}
