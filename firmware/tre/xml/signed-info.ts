import { Writer } from "../octets/writer";

export const SIGN_RSA_SHA256: u32 = 1;
export const SIGN_ECDSA_SHA256: u32 = 2;

/** The detached bootstrap signature, or the enveloped one of the management objects. */
export const FORM_DETACHED: u32 = 0;
export const FORM_ENVELOPED: u32 = 1;

const DSIG = "http://www.w3.org/2000/09/xmldsig#";
const EXC_C14N = "http://www.w3.org/2001/10/xml-exc-c14n#";

/**
 * Writes the one SignedInfo of the profile (DESIGN section 6). `asSigned` puts the namespace on
 * SignedInfo itself, as canonicalization does; inside a ds:Signature it stands on the parent.
 */
export function writeSignedInfo(out: Writer, form: u32, algorithm: u32, digest: Uint8Array, asSigned: bool): void {
	out.ascii("<ds:SignedInfo");
	if (asSigned) out.ascii(' xmlns:ds="').ascii(DSIG).ascii('"');
	out.ascii('><ds:CanonicalizationMethod Algorithm="').ascii(EXC_C14N);
	out.ascii('"></ds:CanonicalizationMethod><ds:SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#');
	out.ascii(algorithm == SIGN_RSA_SHA256 ? "rsa-sha256" : "ecdsa-sha256");
	out.ascii('"></ds:SignatureMethod>');
	if (form == FORM_DETACHED) {
		out.ascii('<ds:Reference URI="cid:bootstrap">');
	} else {
		out.ascii('<ds:Reference URI=""><ds:Transforms><ds:Transform Algorithm="').ascii(DSIG);
		out.ascii('enveloped-signature"></ds:Transform><ds:Transform Algorithm="').ascii(EXC_C14N);
		out.ascii('"></ds:Transform></ds:Transforms>');
	}
	out.ascii('<ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"></ds:DigestMethod><ds:DigestValue>');
	out.base64(digest);
	out.ascii("</ds:DigestValue></ds:Reference></ds:SignedInfo>");
}

/** Opens and closes the ds:Signature element around SignedInfo and the value. */
export function writeSignature(out: Writer, form: u32, algorithm: u32, digest: Uint8Array, value: Uint8Array): void {
	out.ascii('<ds:Signature xmlns:ds="').ascii(DSIG).ascii('">');
	writeSignedInfo(out, form, algorithm, digest, false);
	out.ascii("<ds:SignatureValue>").base64(value).ascii("</ds:SignatureValue></ds:Signature>");
}
