import { createHash, X509Certificate } from "node:crypto";
import { type BootstrapKind, readBootstrap, splitBootstrap } from "../wire/prov/bootstrap.ts";
import { type Characteristic, isParm, type Parm, readProvisioning } from "../wire/prov/document.ts";
import type { Signers } from "./signers.ts";
import { masked, type Part } from "./traced.ts";

const meanings: Record<BootstrapKind, { readonly clause: string; readonly what: string }> = {
	initial: {
		clause: "B.2.2.2",
		what: "initial bootstrap: the access point of the current SHO; it moves the SERIAL only",
	},
	change: {
		clause: "B.2.3.3",
		what: "change bootstrap: PROVURL and root of the new SHO, and the DM account that only the TRE can open",
	},
	withdraw: { clause: "B.2.3.3", what: "withdrawing bootstrap: the change that is under way ends" },
	application: {
		clause: "B.2.3.3",
		what: "application bootstrap: accounts of M2M applications; MCIM provisioning is not touched",
	},
	update: {
		clause: "B.2.3.6",
		what: "offer of firmware: version and digest that only the TRE can open, and a DM account for the session that tells where it lies",
	},
};

/** Parameters that hold a secret (OMA ProvCont 1.1, AC w7). */
const secrets = new Set(["AAUTHSECRET", "AUTHSECRET", "PXAUTH-PW", "PROXY-PW", "BASAUTH-PW"]);

function shown({ name, value }: Parm): string {
	if (value === undefined) return "set";
	if (secrets.has(name)) return masked(Buffer.from(value));
	if (name === "ACCOUNT" || name === "OFFER") {
		const octets = Buffer.from(value, "base64");
		return `protected data of suite ${octets[0]}, ${octets.length} octets, for the TRE alone`;
	}
	if (name === "EncodedCertificate") return certificate(Buffer.from(value, "base64"));
	return value;
}

function certificate(der: Buffer): string {
	const hash = createHash("sha256").update(der).digest("hex");
	try {
		return `${new X509Certificate(der).subject.replaceAll("\n", ", ")}, SHA-256 ${hash}`;
	} catch {
		return `no certificate, SHA-256 ${hash}`;
	}
}

/** A thumbprint says nothing that its certificate does not say. */
const typeOf = (type: string): string => (/^[0-9A-F]{40}$/.test(type) ? `${type.slice(0, 8)}…` : type);

const flat = (path: string, { type, items }: Characteristic): [string, string][] =>
	items.flatMap((item): [string, string][] =>
		isParm(item) ? [[`${path}${typeOf(type)} ${item.name}`, shown(item)]] : flat(`${path}${typeOf(type)} > `, item),
	);

/** A signed bootstrap in its XML form. Throws where it is none. */
export function bootstrapPart(sent: string, signers: Signers): Part {
	const { document, signature } = splitBootstrap(sent);
	const { clause, what } = meanings[readBootstrap(document).kind] ?? {
		clause: "B.2.3.3",
		what: "bootstrap of unknown KIND",
	};
	const fields = readProvisioning(document).flatMap((entry) => flat("", entry));
	return { clause, what, fields: [...fields, ["signature", signers.saying("detached", document, signature)]] };
}
