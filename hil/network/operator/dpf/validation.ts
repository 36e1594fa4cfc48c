import { createHash, X509Certificate } from "node:crypto";
import type { M2mm } from "../../../../host/wire/management/objects.ts";
import { certTreFault } from "../../shared/certificates.ts";
import { postMutualTls } from "../../shared/http.ts";
import type { OperatorContext } from "../context.ts";

/** Whether a TRE can be trusted, and why not. */
export interface Validation {
	readonly trusted: boolean;
	readonly reason: string;
}

const sha256Hex = (octets: Uint8Array): string => createHash("sha256").update(octets).digest("hex");

/** The PVA under whose certificate both CertTRE stand. */
function certificatesFault(context: OperatorContext, treId: string, sign: X509Certificate, encrypt: X509Certificate) {
	let reason = "no contracted PVA issued it";
	for (const pva of context.registry.pvas()) {
		const root = new X509Certificate(pva.certificate);
		const fault = certTreFault(sign, "sign", treId, root) ?? certTreFault(encrypt, "encrypt", treId, root);
		if (fault === undefined) return { pva };
		reason = fault;
	}
	return { reason };
}

/** Are these the certificates of one TRE? Checked when a subscriber hands them in, and again here. */
export function validateLocally(
	context: OperatorContext,
	treId: string,
	certSign: Uint8Array,
	certEncrypt: Uint8Array,
): Validation {
	let certificates: readonly [X509Certificate, X509Certificate];
	try {
		certificates = [new X509Certificate(certSign), new X509Certificate(certEncrypt)];
	} catch {
		return { trusted: false, reason: "it is no X.509 certificate" };
	}
	const { reason } = certificatesFault(context, treId, ...certificates);
	return reason === undefined
		? { trusted: true, reason: "CertTRE verifies under CertPVA" }
		: { trusted: false, reason };
}

/** B.2.3.4 IV, step 6: asks the PVA. No answer is an exception, never trust. */
export async function validateAtPva(
	context: OperatorContext,
	certSign: Uint8Array,
	certEncrypt: Uint8Array,
	request: M2mm,
): Promise<Validation> {
	const { pva, reason } = certificatesFault(
		context,
		request.treId,
		new X509Certificate(certSign),
		new X509Certificate(certEncrypt),
	);
	if (!pva) return { trusted: false, reason: reason ?? "" };
	return postMutualTls<Validation>(
		{ ...pva.api, root: pva.certificate },
		"/validate",
		{
			treId: request.treId,
			certificates: [sha256Hex(certSign), sha256Hex(certEncrypt)],
			treInfo: request.treInfo,
		},
		context.keys.apiClient,
	);
}
