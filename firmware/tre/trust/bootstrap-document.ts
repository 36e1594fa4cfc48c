import { equalAscii } from "../octets/octets";
import { decodeBase64, decodeDecimal, decodeHex } from "../octets/text";
import { Fallback } from "../store/change";
import { Scanner } from "../xml/scanner";

export const KIND_INITIAL: u32 = 1;
export const KIND_CHANGE: u32 = 2;
export const KIND_WITHDRAW: u32 = 3;
export const KIND_APPLICATION: u32 = 4;
export const KIND_UPDATE: u32 = 5;

const LOWER: u32 = 0x61;
const UPPER: u32 = 0x41;
const QUOTE: u8 = 0x22;
const MAX_DEPTH: i32 = 6;
const CHARACTERISTIC = '<characteristic type="';
const TRE_CONFIG = '<characteristic type="VENDORCONFIG"><parm name="NAME" value="TRE">';

/**
 * The octets under a bootstrap's signature (documents.md, "Bootstrap"): a canonical
 * wap-provisioningdoc whose characteristics stand in one order. `valid` is false for anything else;
 * `rootElsewhere` tells of a change that lacks nothing but the CertificateStore: its root comes in
 * one of the other carriers of B.2.3.3, or in none.
 */
export class BootstrapDocument {
	valid: bool = false;
	rootElsewhere: bool = false;
	kind: u32 = 0;
	treId: Uint8Array = new Uint8Array(0);
	reign: Uint8Array = new Uint8Array(0);
	serial: u32 = 0;
	fallback: Fallback = new Fallback(false, 0, 0);
	account: Uint8Array = new Uint8Array(0);
	/** Protected data of the tag `update`. */
	offer: Uint8Array = new Uint8Array(0);
	thumbprint: Uint8Array = new Uint8Array(0);
	certificate: Uint8Array = new Uint8Array(0);
	private bootstraps: i32 = 0;
	private naps: i32 = 0;
	private applications: i32 = 0;
	private otherConfigs: i32 = 0;

	constructor(octets: Uint8Array) {
		const scanner = new Scanner(octets);
		scanner.expect('<wap-provisioningdoc version="1.1">');
		while (skipCharacteristic(scanner, "BOOTSTRAP", 0)) this.bootstraps++;
		while (skipCharacteristic(scanner, "NAPDEF", 0)) this.naps++;
		while (skipCharacteristic(scanner, "APPLICATION", 0)) this.applications++;
		const certified = scanner.takes('<characteristic type="CertificateStore">');
		if (certified) this.readCertificate(scanner);
		while (!scanner.sees(TRE_CONFIG) && skipCharacteristic(scanner, "VENDORCONFIG", 0)) this.otherConfigs++;
		this.readTre(scanner);
		scanner.expect("</wap-provisioningdoc>");
		const read = scanner.finished();
		this.rootElsewhere = read && this.isChange() && !certified;
		this.valid = read && this.otherConfigs == 0 && this.hasParts(certified);
	}

	private readCertificate(scanner: Scanner): void {
		scanner.expect('<characteristic type="Root"><characteristic type="System"><characteristic type="');
		const thumbprint = decodeHex(scanner.upTo(QUOTE), UPPER);
		scanner.expect('">');
		const certificate = decodeBase64(parm(scanner, "EncodedCertificate"));
		scanner.expect("</characteristic></characteristic></characteristic></characteristic>");
		if (thumbprint == null || certificate == null || thumbprint.length != 20) {
			scanner.bad = true;
			return;
		}
		this.thumbprint = thumbprint;
		this.certificate = certificate;
	}

	private readTre(scanner: Scanner): void {
		scanner.expect('<characteristic type="VENDORCONFIG">');
		if (!equalAscii(parm(scanner, "NAME"), "TRE")) scanner.bad = true;
		this.kind = kindOf(parm(scanner, "KIND"));
		this.treId = parm(scanner, "TRE-ID");
		const reign = decodeHex(parm(scanner, "REIGN"), LOWER);
		this.serial = decodeDecimal(parm(scanner, "SERIAL"));
		if (reign == null || reign.length != 32 || this.serial == 0) {
			scanner.bad = true;
			return;
		}
		this.reign = reign;
		if (this.kind == KIND_CHANGE) {
			const fallback = fallbackOf(parm(scanner, "FALLBACK"));
			if (fallback == null) scanner.bad = true;
			else this.fallback = fallback;
		}
		if (this.kind == KIND_UPDATE) this.offer = octetsOf(scanner, "OFFER");
		if (this.kind == KIND_CHANGE || this.kind == KIND_UPDATE) this.account = octetsOf(scanner, "ACCOUNT");
		scanner.expect("</characteristic>");
	}

	/** A change, its root aside. */
	private isChange(): bool {
		return this.kind == KIND_CHANGE && this.bootstraps == 1 && this.naps >= 1 && this.applications == 1;
	}

	/** Which characteristics each KIND carries. */
	private hasParts(certified: bool): bool {
		switch (this.kind) {
			case KIND_INITIAL:
				return this.bootstraps <= 1 && this.naps >= 1 && this.applications == 0 && !certified;
			case KIND_CHANGE:
				return this.isChange() && certified;
			case KIND_UPDATE:
				return this.bootstraps == 1 && this.naps >= 1 && this.applications == 0 && !certified;
			case KIND_WITHDRAW:
				return this.bootstraps == 1 && this.naps == 0 && this.applications == 0 && !certified;
			case KIND_APPLICATION:
				return this.applications >= 1 && !certified;
			default:
				return false;
		}
	}
}

/** The value of the parameter `name`, which must be next. */
function parm(scanner: Scanner, name: string): Uint8Array {
	scanner.expect('<parm name="');
	scanner.expect(name);
	scanner.expect('" value="');
	const value = scanner.upTo(QUOTE);
	scanner.expect('"></parm>');
	return value;
}

/** The octets that the parameter `name`, which must be next, has in base64; at least one. */
function octetsOf(scanner: Scanner, name: string): Uint8Array {
	const octets = decodeBase64(parm(scanner, name));
	if (octets != null && octets.length > 0) return octets;
	scanner.bad = true;
	return new Uint8Array(0);
}

/** Skips one characteristic of `type` (any where empty) with all it holds; false if none is next. */
function skipCharacteristic(scanner: Scanner, type: string, depth: i32): bool {
	if (!scanner.sees(CHARACTERISTIC) || !scanner.sees(type, CHARACTERISTIC.length)) return false;
	scanner.expect(CHARACTERISTIC);
	if (type.length > 0) scanner.expect(type);
	else scanner.skipTo(QUOTE);
	scanner.expect('">');
	while (!scanner.bad && !scanner.takes("</characteristic>")) {
		if (scanner.takes('<parm name="')) {
			scanner.skipTo(QUOTE);
			if (scanner.takes('" value="')) scanner.skipTo(QUOTE);
			scanner.expect('"></parm>');
		} else if (depth >= MAX_DEPTH || !skipCharacteristic(scanner, "", depth + 1)) {
			scanner.bad = true;
		}
	}
	return !scanner.bad;
}

function kindOf(text: Uint8Array): u32 {
	if (equalAscii(text, "initial")) return KIND_INITIAL;
	if (equalAscii(text, "change")) return KIND_CHANGE;
	if (equalAscii(text, "withdraw")) return KIND_WITHDRAW;
	if (equalAscii(text, "application")) return KIND_APPLICATION;
	if (equalAscii(text, "update")) return KIND_UPDATE;
	return 0;
}

/** `on,seconds,boots` or `off`. */
function fallbackOf(text: Uint8Array): Fallback | null {
	if (equalAscii(text, "off")) return new Fallback(false, 0, 0);
	const scanner = new Scanner(text);
	if (!scanner.takes("on,")) return null;
	const seconds = decodeDecimal(scanner.upTo(0x2c));
	if (scanner.bad) return null;
	const boots = decodeDecimal(text.subarray(scanner.at + 1));
	return seconds == 0 || boots == 0 ? null : new Fallback(true, seconds, boots);
}
