import { z } from "zod";
import { MAX_TRIAL_BOOTS, MAX_TRIAL_SECONDS } from "../../../firmware/contract/states.ts";
import { tokenShape } from "../shared/access.ts";
import { StartFailed } from "../shared/element.ts";

const sho = z.string().regex(/^[a-z0-9-]+(\.[a-z0-9-]+)+$/, "is a DNS name, as SHO_ids are");
const apn = z.string().regex(/^[a-z0-9-]+(\.[a-z0-9-]+)*$/, "is an access point name");
const hex16 = z.string().regex(/^[0-9a-f]{32}$/, "is 16 octets in hex");

/** Configuration file of an operator process. */
const operatorConfig = z.strictObject({
	shoId: sho,
	/** MCC and MNC. */
	plmn: z.string().regex(/^\d{5,6}$/, "is five or six digits, MCC and MNC"),
	/** Database and private keys; mode 0700. */
	folder: z.string().min(1),
	/** File that names the contracted parties. */
	registry: z.string().min(1),
	/** Key of CertSHO. */
	keyType: z.enum(["rsa", "ec"]),
	/** B.2.3.4 IV: check CertTRE under CertPVA here, or ask the PVA. */
	validation: z.enum(["local", "pva"]),
	apn,
	/** Names of the visited networks that there is a roaming agreement with. */
	agreements: z.array(z.string().min(1)),
	/** The HLR/AuC: this project's, or osmo-hlr as a process of this operator. */
	hlr: z.enum(["own", "osmo-hlr"]),
	/** OP, the operator's own part of MILENAGE: OPc follows from it and K. Without it each subscription gets an OPc. */
	op: hex16.optional(),
	/** Equipment that gets no service: 14 digits of its IMEI. */
	barredImeis: z.array(z.string().regex(/^\d{14}$/, "is 14 digits of an IMEI")),
	/** NOTE Y: what the operator writes into bootstraps and MCIMs. */
	fallback: z.strictObject({
		seconds: z.int().positive().max(MAX_TRIAL_SECONDS),
		boots: z.int().positive().max(MAX_TRIAL_BOOTS),
	}),
	/** Does a device leave only with the release code of its delivery note, or with any contracted SHO that asks? */
	releaseCode: z.enum(["required", "ignored"]),
	/** How often this operator tries to take a device over before a revert ends the subscription. */
	attempts: z.int().min(1).max(100),
	/** Tokens: of the operator's staff, and of each visited network that uses its packet gateway. */
	access: z.strictObject({ staff: tokenShape, networks: z.record(z.string().min(1), tokenShape) }),
});

export type OperatorConfig = Readonly<z.infer<typeof operatorConfig>>;

/** A configuration that cannot be used; each line says which field, and what it has to be. */
export class ConfigError extends StartFailed {}

/** Checks a configuration file's content; throws ConfigError. Values are not repeated: one may be a secret. */
export function readOperatorConfig(content: unknown): OperatorConfig {
	const read = operatorConfig.safeParse(content);
	if (read.success) return read.data;
	const lines = read.error.issues.map(({ path, message }) => `  ${path.join(".") || "the file"}: ${message}`);
	throw new ConfigError(`the operator's configuration cannot be used:\n${lines.join("\n")}`);
}
