import { STATE_BOOTSTRAPPED, STATE_IDLE, STATE_INSTALLED, STATE_REQUESTED, STATE_TRIAL } from "../../contract/as/codec";
import { decodeBase64, encodeDecimal, encodeHex } from "../octets/text";
import { Writer } from "../octets/writer";
import { sha256 } from "../platform/keys";
import { Change } from "../store/change";
import { get } from "../store/log";
import { RECORD_ROOT_CURRENT, RECORD_TRE_ID } from "../store/records";
import { OUTCOME_COMMITTED, OUTCOME_REVERTED, OUTCOME_WITHDRAWN, State } from "../store/state";
import { TreInfo } from "../tre-info";
import { Scanner } from "../xml/scanner";
import { signEnveloped } from "./signed";

/** M2MMobj (B.2.3.4 II), signed; empty when the crypto side fails. */
export function writeM2mm(change: Change): Uint8Array {
	const info = new TreInfo();
	const body = new Writer(2048);
	body.ascii('<M2MM xmlns="urn:x-m2m:tre:1"><TREInfo><Type>').octets(info.type);
	body.ascii("</Type><Version>").octets(info.version);
	body.ascii("</Version><Target>").octets(info.target);
	body.ascii("</Target><Entropy>").octets(info.entropy);
	body.ascii("</Entropy><Suites>").octets(info.suites);
	body.ascii("</Suites><Algorithms>").octets(info.algorithms);
	body.ascii("</Algorithms><Forms>").octets(info.forms);
	body.ascii("</Forms><Modules>").octets(info.modules);
	body.ascii("</Modules></TREInfo><TREId>").octets(get(RECORD_TRE_ID));
	body.ascii("</TREId><NonceA>").base64(change.nonceA);
	body.ascii("</NonceA><NonceB>").base64(change.nonceB);
	body.ascii("</NonceB><RootHash>").base64(change.rootHash);
	body.ascii("</RootHash><AccountHash>").base64(change.accountHash).ascii("</AccountHash>");
	return signEnveloped(body, "</M2MM>");
}

/** TREReceipt, signed; empty when the crypto side fails. */
export function writeReceipt(state: State, challenge: Uint8Array): Uint8Array {
	const body = new Writer(1600);
	body.ascii('<TREReceipt xmlns="urn:x-m2m:tre:1"><TREId>').octets(get(RECORD_TRE_ID));
	body.ascii("</TREId><State>").ascii(stateName(state));
	body.ascii("</State><CurrentRoot>").base64(sha256(get(RECORD_ROOT_CURRENT)));
	body.ascii("</CurrentRoot><Reign>").octets(encodeHex(state.reign));
	body.ascii("</Reign><Serial>").octets(encodeDecimal(state.serial));
	body.ascii("</Serial><NonceB>");
	if (state.changed) body.base64(state.nonceB);
	body.ascii("</NonceB><McimId>");
	if (state.provisioned) body.base64(state.mcimId);
	body.ascii("</McimId><Challenge>").base64(challenge).ascii("</Challenge>");
	return signEnveloped(body, "</TREReceipt>");
}

function stateName(state: State): string {
	switch (state.life) {
		case STATE_BOOTSTRAPPED:
			return "bootstrapped";
		case STATE_REQUESTED:
			return "requested";
		case STATE_INSTALLED:
			return "installed";
		case STATE_TRIAL:
			return "trial";
		case STATE_IDLE:
			if (state.outcome == OUTCOME_COMMITTED) return "committed";
			if (state.outcome == OUTCOME_REVERTED) return "reverted";
			if (state.outcome == OUTCOME_WITHDRAWN) return "withdrawn";
			return "idle";
		default:
			return "idle";
	}
}

/** The octets of M2MMCIMMobj under its signature; `valid` is false for anything else. */
export class M2mmcim {
	valid: bool = false;
	nonceB: Uint8Array = new Uint8Array(0);
	object: Uint8Array = new Uint8Array(0);

	constructor(octets: Uint8Array) {
		const scanner = new Scanner(octets);
		scanner.expect('<M2MMCIM xmlns="urn:x-m2m:tre:1"><NonceB>');
		const nonceB = decodeBase64(scanner.upTo(0x3c));
		scanner.expect("</NonceB><ProtectedMCIM>");
		const object = decodeBase64(scanner.upTo(0x3c));
		scanner.expect("</ProtectedMCIM></M2MMCIM>");
		if (nonceB != null && object != null) {
			this.nonceB = nonceB;
			this.object = object;
			this.valid = scanner.finished();
		}
	}
}
