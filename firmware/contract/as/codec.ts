// Generated from the contract: npm run contract.

import { CborReader, CborWriter } from "./cbor";

export const PROTOCOL_VERSION: u32 = 1;
export const MAX_SEGMENT: u32 = 480;
export const MIN_SEGMENT: u32 = 256;
export const MAX_MESSAGE: u32 = 8192;
export const MAX_RESPONSE: u32 = 4096;
export const WINDOW: u32 = 8;
export const FRAME_REQUEST: u8 = 1;
export const FRAME_RESPONSE: u8 = 2;
export const FRAME_HAVE_REQUEST: u8 = 3;
export const FRAME_HAVE_RESPONSE: u8 = 4;

export const STATE_BLANK: u32 = 0;
export const STATE_KEYED: u32 = 1;
export const STATE_PERSONALISED: u32 = 2;
export const STATE_IDLE: u32 = 3;
export const STATE_BOOTSTRAPPED: u32 = 4;
export const STATE_REQUESTED: u32 = 5;
export const STATE_INSTALLED: u32 = 6;
export const STATE_TRIAL: u32 = 7;

export const ERROR_TRAPPED: u32 = 1;
export const ERROR_UNKNOWN_COMMAND: u32 = 2;
export const ERROR_MALFORMED_REQUEST: u32 = 3;
export const ERROR_WRONG_STATE: u32 = 4;
export const ERROR_VERSION_UNSUPPORTED: u32 = 5;
export const ERROR_MESSAGE_TOO_LARGE: u32 = 6;
export const ERROR_STORE_FULL: u32 = 7;
export const ERROR_STORE_DAMAGED: u32 = 8;
export const ERROR_CRYPTO_FAILURE: u32 = 9;
export const ERROR_HELLO_FIRST: u32 = 10;
export const ERROR_FLASH_FAILED: u32 = 11;
export const ERROR_STORE_NEWER: u32 = 12;
export const ERROR_WEAR_LIMITED: u32 = 13;
export const ERROR_CERTIFICATE_MALFORMED: u32 = 16;
export const ERROR_CERTIFICATE_MISMATCH: u32 = 17;
export const ERROR_ROOT_NOT_CA: u32 = 18;
export const ERROR_ROOT_UNSUPPORTED: u32 = 22;
export const ERROR_CERTIFICATES_MISSING: u32 = 19;
export const ERROR_CREDENTIAL_MISSING: u32 = 20;
export const ERROR_WIPE_NOT_ASKED: u32 = 21;
export const ERROR_ENVELOPE_INVALID: u32 = 32;
export const ERROR_ENVELOPE_SUITE: u32 = 33;
export const ERROR_ENVELOPE_CONTENT: u32 = 34;
export const ERROR_WRONG_TRE: u32 = 35;
export const ERROR_ROOT_MISMATCH: u32 = 36;
export const ERROR_DOCUMENT_MALFORMED: u32 = 48;
export const ERROR_SIGNATURE_INVALID: u32 = 49;
export const ERROR_SIGNATURE_ALGORITHM: u32 = 50;
export const ERROR_THUMBPRINT_MISMATCH: u32 = 51;
export const ERROR_REPLAYED: u32 = 52;
export const ERROR_NONCE_SPENT: u32 = 53;
export const ERROR_NONCE_MISMATCH: u32 = 54;
export const ERROR_KEY_REUSED: u32 = 55;
export const ERROR_ALGORITHM_UNSUPPORTED: u32 = 56;
export const ERROR_VERSION_NOT_HIGHER: u32 = 57;
export const ERROR_ROOT_CARRIER: u32 = 58;
export const ERROR_FALLBACK_BOUNDS: u32 = 59;
export const ERROR_AUTN_MAC: u32 = 64;
export const ERROR_SEPARATION_BIT: u32 = 65;
export const ERROR_NO_MCIM: u32 = 66;
export const ERROR_NOT_AUTHENTICATED: u32 = 67;
export const ERROR_DM_SERVER_REFUSED: u32 = 68;
export const ERROR_NO_ACCOUNT: u32 = 69;
export const ERROR_TRIAL_OVER: u32 = 70;
export const ERROR_UPDATE_UNSUPPORTED: u32 = 80;
export const ERROR_UPDATE_HEADER: u32 = 81;
export const ERROR_UPDATE_SIGNATURE: u32 = 82;
export const ERROR_UPDATE_DOWNGRADE: u32 = 83;
export const ERROR_UPDATE_ORDER: u32 = 84;
export const ERROR_UPDATE_DIGEST: u32 = 85;
export const ERROR_UPDATE_ON_TRIAL: u32 = 86;
export const ERROR_UPDATE_NOT_OFFERED: u32 = 87;

export const ROLE_EMPTY: u32 = 0;
export const ROLE_ACTIVE: u32 = 1;
export const ROLE_PENDING: u32 = 2;
export const ROLE_KEPT: u32 = 3;
export const MCIM_SLOTS: u32 = 8;
export const MAX_FINGERPRINTS: u32 = 512;
export const MAX_TRIAL_SECONDS: u32 = 604800;
export const MAX_TRIAL_BOOTS: u32 = 100;
export const HOST_WRITES: u32 = 256;
export const HOST_WRITE_SECONDS: u32 = 60;
export const SLOT_ERASE_WRITES: u32 = 32;

export const LOG_ENTRIES: u32 = 32;
export const LOG_ENTRY_OCTETS: i32 = 28;
export const LOG_LOCKED: u32 = 1;
export const LOG_CHANGE_ACCEPTED: u32 = 3;
export const LOG_MCIM_INSTALLED: u32 = 4;
export const LOG_TRIAL_BEGUN: u32 = 5;
export const LOG_COMMITTED: u32 = 6;
export const LOG_REVERTED: u32 = 7;
export const LOG_WITHDRAWN: u32 = 8;
export const LOG_UPDATE_RECEIVED: u32 = 9;
export const LOG_UPDATE_CONFIRMED: u32 = 10;
export const LOG_UPDATE_ROLLED_BACK: u32 = 11;
export const LOG_UPDATE_OFFERED: u32 = 12;

export const IMAGE_MAGIC: u32 = 1229279828;
export const IMAGE_FORMAT: u32 = 1;
export const IMAGE_HEADER_SIZE: u32 = 512;
export const IMAGE_SLOTS: u32 = 2;
export const IMAGE_USED_SIZE: i32 = 192;
export const IMAGE_MAGIC_AT: i32 = 0;
export const IMAGE_FORMAT_AT: i32 = 4;
export const IMAGE_VERSION_AT: i32 = 8;
export const IMAGE_SECURITY_COUNTER_AT: i32 = 12;
export const IMAGE_FLAGS_AT: i32 = 16;
export const IMAGE_LENGTH_AT: i32 = 20;
export const IMAGE_ADDRESS_AT: i32 = 24;
export const IMAGE_RESERVED_AT: i32 = 28;
export const IMAGE_BOARD_AT: i32 = 32;
export const IMAGE_DIGEST_AT: i32 = 64;
export const IMAGE_SIGNER_AT: i32 = 96;
export const IMAGE_SIGNATURE_AT: i32 = 128;

export const COMMAND_HELLO: u32 = 1;
export const COMMAND_INFO: u32 = 2;
export const COMMAND_STATUS: u32 = 3;
export const COMMAND_MAKE_KEYS: u32 = 16;
export const COMMAND_CERTIFICATE_REQUEST: u32 = 17;
export const COMMAND_INSTALL_CERTIFICATES: u32 = 18;
export const COMMAND_INSTALL_CREDENTIAL: u32 = 19;
export const COMMAND_LOCK: u32 = 20;
export const COMMAND_WIPE_CHALLENGE: u32 = 21;
export const COMMAND_WIPE: u32 = 22;
export const COMMAND_MAKE_KEY_PAIRS: u32 = 23;
export const COMMAND_AUTHENTICATE: u32 = 32;
export const COMMAND_ACCEPT_BOOTSTRAP: u32 = 33;
export const COMMAND_PROVISIONING_REQUEST: u32 = 34;
export const COMMAND_ACCEPT_MCIM: u32 = 35;
export const COMMAND_ACTIVATE: u32 = 36;
export const COMMAND_CONFIRM_CONNECTIVITY: u32 = 37;
export const COMMAND_RECEIPT: u32 = 38;
export const COMMAND_RELEASE_ROOT: u32 = 39;
export const COMMAND_DM_CREDENTIAL: u32 = 40;
export const COMMAND_DM_VERIFY: u32 = 41;
export const COMMAND_AUTHENTICATE_EPS: u32 = 42;
export const COMMAND_LOG: u32 = 43;
export const COMMAND_MCIM: u32 = 44;
export const COMMAND_BIND_PARAMETERS: u32 = 45;
export const COMMAND_STORE: u32 = 46;
export const COMMAND_WEAR: u32 = 47;
export const COMMAND_UPDATE_BEGIN: u32 = 48;
export const COMMAND_UPDATE_OCTETS: u32 = 49;
export const COMMAND_UPDATE_END: u32 = 50;
export const COMMAND_UPDATE_STATUS: u32 = 51;
export const COMMAND_REQUIRE_OFFERS: u32 = 52;
export const COMMAND_UPDATE_OFFER: u32 = 53;

/** Bit n is set where life state n allows the command; 0 for an unknown command. */
export function allowedStates(command: u32): u32 {
  switch (command) {
    case COMMAND_HELLO:
      return 255;
    case COMMAND_INFO:
      return 255;
    case COMMAND_STATUS:
      return 255;
    case COMMAND_MAKE_KEYS:
      return 1;
    case COMMAND_CERTIFICATE_REQUEST:
      return 2;
    case COMMAND_INSTALL_CERTIFICATES:
      return 2;
    case COMMAND_INSTALL_CREDENTIAL:
      return 2;
    case COMMAND_LOCK:
      return 6;
    case COMMAND_WIPE_CHALLENGE:
      return 252;
    case COMMAND_WIPE:
      return 252;
    case COMMAND_MAKE_KEY_PAIRS:
      return 1;
    case COMMAND_AUTHENTICATE:
      return 252;
    case COMMAND_ACCEPT_BOOTSTRAP:
      return 124;
    case COMMAND_PROVISIONING_REQUEST:
      return 48;
    case COMMAND_ACCEPT_MCIM:
      return 32;
    case COMMAND_ACTIVATE:
      return 64;
    case COMMAND_CONFIRM_CONNECTIVITY:
      return 128;
    case COMMAND_RECEIPT:
      return 248;
    case COMMAND_RELEASE_ROOT:
      return 252;
    case COMMAND_DM_CREDENTIAL:
      return 248;
    case COMMAND_DM_VERIFY:
      return 248;
    case COMMAND_AUTHENTICATE_EPS:
      return 252;
    case COMMAND_LOG:
      return 255;
    case COMMAND_MCIM:
      return 252;
    case COMMAND_BIND_PARAMETERS:
      return 252;
    case COMMAND_STORE:
      return 255;
    case COMMAND_WEAR:
      return 255;
    case COMMAND_UPDATE_BEGIN:
      return 31;
    case COMMAND_UPDATE_OCTETS:
      return 31;
    case COMMAND_UPDATE_END:
      return 31;
    case COMMAND_UPDATE_STATUS:
      return 255;
    case COMMAND_REQUIRE_OFFERS:
      return 2;
    case COMMAND_UPDATE_OFFER:
      return 255;
    default:
      return 0;
  }
}

/** Number of elements in a request's array. */
export function requestElements(command: u32): u32 {
	switch (command) {
		case COMMAND_HELLO:
			return 5;
		case COMMAND_INFO:
			return 1;
		case COMMAND_STATUS:
			return 1;
		case COMMAND_MAKE_KEYS:
			return 1;
		case COMMAND_CERTIFICATE_REQUEST:
			return 2;
		case COMMAND_INSTALL_CERTIFICATES:
			return 5;
		case COMMAND_INSTALL_CREDENTIAL:
			return 2;
		case COMMAND_LOCK:
			return 1;
		case COMMAND_WIPE_CHALLENGE:
			return 1;
		case COMMAND_WIPE:
			return 3;
		case COMMAND_MAKE_KEY_PAIRS:
			return 2;
		case COMMAND_AUTHENTICATE:
			return 3;
		case COMMAND_ACCEPT_BOOTSTRAP:
			return 4;
		case COMMAND_PROVISIONING_REQUEST:
			return 1;
		case COMMAND_ACCEPT_MCIM:
			return 4;
		case COMMAND_ACTIVATE:
			return 1;
		case COMMAND_CONFIRM_CONNECTIVITY:
			return 1;
		case COMMAND_RECEIPT:
			return 2;
		case COMMAND_RELEASE_ROOT:
			return 1;
		case COMMAND_DM_CREDENTIAL:
			return 2;
		case COMMAND_DM_VERIFY:
			return 2;
		case COMMAND_AUTHENTICATE_EPS:
			return 4;
		case COMMAND_LOG:
			return 2;
		case COMMAND_MCIM:
			return 2;
		case COMMAND_BIND_PARAMETERS:
			return 3;
		case COMMAND_STORE:
			return 1;
		case COMMAND_WEAR:
			return 1;
		case COMMAND_UPDATE_BEGIN:
			return 2;
		case COMMAND_UPDATE_OCTETS:
			return 3;
		case COMMAND_UPDATE_END:
			return 1;
		case COMMAND_UPDATE_STATUS:
			return 1;
		case COMMAND_REQUIRE_OFFERS:
			return 1;
		case COMMAND_UPDATE_OFFER:
			return 1;
		default:
			return 0;
	}
}

export class HelloRequest {
  minVersion: u32 = 0;
  maxVersion: u32 = 0;
  maxSegment: u32 = 0;
  maxMessage: u32 = 0;

  read(reader: CborReader): bool {
    this.minVersion = reader.uint();
    this.maxVersion = reader.uint();
    this.maxSegment = reader.uint();
    this.maxMessage = reader.uint();
    return reader.finished();
  }
}

export function writeHelloResponse(writer: CborWriter, version: u32, maxSegment: u32, maxMessage: u32, window: u32, bootCounter: u32): void {
  writer.array(6);
  writer.uint(0);
  writer.uint(version);
  writer.uint(maxSegment);
  writer.uint(maxMessage);
  writer.uint(window);
  writer.uint(bootCounter);
}

export function writeInfoResponse(writer: CborWriter, treId: Uint8Array, type: Uint8Array, version: Uint8Array, target: Uint8Array, entropy: Uint8Array, suites: Uint8Array, algorithms: Uint8Array, forms: Uint8Array, modules: Uint8Array): void {
  writer.array(10);
  writer.uint(0);
  writer.text(treId);
  writer.text(type);
  writer.text(version);
  writer.text(target);
  writer.text(entropy);
  writer.text(suites);
  writer.text(algorithms);
  writer.text(forms);
  writer.text(modules);
}

export function writeStatusResponse(writer: CborWriter, state: u32, bootCounter: u32, transaction: u32, serial: u32, currentRoot: Uint8Array, pendingRoot: Uint8Array, nonceB: Uint8Array, activeImsi: Uint8Array, activeMcim: Uint8Array, pendingImsi: Uint8Array, pendingMcim: Uint8Array): void {
  writer.array(12);
  writer.uint(0);
  writer.uint(state);
  writer.uint(bootCounter);
  writer.uint(transaction);
  writer.uint(serial);
  writer.bytes(currentRoot);
  writer.bytes(pendingRoot);
  writer.bytes(nonceB);
  writer.text(activeImsi);
  writer.bytes(activeMcim);
  writer.text(pendingImsi);
  writer.bytes(pendingMcim);
}

export function writeMakeKeysResponse(writer: CborWriter, treId: Uint8Array): void {
  writer.array(2);
  writer.uint(0);
  writer.text(treId);
}

export class CertificateRequestRequest {
  usage: u32 = 0;

  read(reader: CborReader): bool {
    this.usage = reader.uint();
    return reader.finished();
  }
}

export function writeCertificateRequestResponse(writer: CborWriter, request: Uint8Array): void {
  writer.array(2);
  writer.uint(0);
  writer.bytes(request);
}

export class InstallCertificatesRequest {
  sign: Uint8Array = new Uint8Array(0);
  encrypt: Uint8Array = new Uint8Array(0);
  pva: Uint8Array = new Uint8Array(0);
  sho: Uint8Array = new Uint8Array(0);

  read(reader: CborReader): bool {
    this.sign = reader.bytes();
    this.encrypt = reader.bytes();
    this.pva = reader.bytes();
    this.sho = reader.bytes();
    return reader.finished();
  }
}

export function writeInstallCertificatesResponse(writer: CborWriter): void {
  writer.array(1);
  writer.uint(0);
}

export class InstallCredentialRequest {
  object: Uint8Array = new Uint8Array(0);

  read(reader: CborReader): bool {
    this.object = reader.bytes();
    return reader.finished();
  }
}

export function writeInstallCredentialResponse(writer: CborWriter, imsi: Uint8Array): void {
  writer.array(2);
  writer.uint(0);
  writer.text(imsi);
}

export function writeLockResponse(writer: CborWriter, reign: Uint8Array): void {
  writer.array(2);
  writer.uint(0);
  writer.bytes(reign);
}

export function writeWipeChallengeResponse(writer: CborWriter, nonce: Uint8Array): void {
  writer.array(2);
  writer.uint(0);
  writer.bytes(nonce);
}

export class WipeRequest {
  algorithm: u32 = 0;
  signature: Uint8Array = new Uint8Array(0);

  read(reader: CborReader): bool {
    this.algorithm = reader.uint();
    this.signature = reader.bytes();
    return reader.finished();
  }
}

export function writeWipeResponse(writer: CborWriter): void {
  writer.array(1);
  writer.uint(0);
}

export class MakeKeyPairsRequest {
  encryption: u32 = 0;

  read(reader: CborReader): bool {
    this.encryption = reader.uint();
    return reader.finished();
  }
}

export function writeMakeKeyPairsResponse(writer: CborWriter, treId: Uint8Array): void {
  writer.array(2);
  writer.uint(0);
  writer.text(treId);
}

export class AuthenticateRequest {
  rand: Uint8Array = new Uint8Array(0);
  autn: Uint8Array = new Uint8Array(0);

  read(reader: CborReader): bool {
    this.rand = reader.bytes();
    this.autn = reader.bytes();
    return reader.finished();
  }
}

export function writeAuthenticateResponse(writer: CborWriter, outcome: u32, res: Uint8Array, ck: Uint8Array, ik: Uint8Array, auts: Uint8Array): void {
  writer.array(6);
  writer.uint(0);
  writer.uint(outcome);
  writer.bytes(res);
  writer.bytes(ck);
  writer.bytes(ik);
  writer.bytes(auts);
}

export class AcceptBootstrapRequest {
  document: Uint8Array = new Uint8Array(0);
  algorithm: u32 = 0;
  signature: Uint8Array = new Uint8Array(0);

  read(reader: CborReader): bool {
    this.document = reader.bytes();
    this.algorithm = reader.uint();
    this.signature = reader.bytes();
    return reader.finished();
  }
}

export function writeAcceptBootstrapResponse(writer: CborWriter, kind: Uint8Array, serial: u32, repeated: bool): void {
  writer.array(4);
  writer.uint(0);
  writer.text(kind);
  writer.uint(serial);
  writer.bool(repeated);
}

export function writeProvisioningRequestResponse(writer: CborWriter, document: Uint8Array): void {
  writer.array(2);
  writer.uint(0);
  writer.bytes(document);
}

export class AcceptMcimRequest {
  document: Uint8Array = new Uint8Array(0);
  algorithm: u32 = 0;
  signature: Uint8Array = new Uint8Array(0);

  read(reader: CborReader): bool {
    this.document = reader.bytes();
    this.algorithm = reader.uint();
    this.signature = reader.bytes();
    return reader.finished();
  }
}

export function writeAcceptMcimResponse(writer: CborWriter, imsi: Uint8Array, mcimId: Uint8Array): void {
  writer.array(3);
  writer.uint(0);
  writer.text(imsi);
  writer.bytes(mcimId);
}

export function writeActivateResponse(writer: CborWriter, imsi: Uint8Array, committed: bool): void {
  writer.array(3);
  writer.uint(0);
  writer.text(imsi);
  writer.bool(committed);
}

export function writeConfirmConnectivityResponse(writer: CborWriter): void {
  writer.array(1);
  writer.uint(0);
}

export class ReceiptRequest {
  challenge: Uint8Array = new Uint8Array(0);

  read(reader: CborReader): bool {
    this.challenge = reader.bytes();
    return reader.finished();
  }
}

export function writeReceiptResponse(writer: CborWriter, document: Uint8Array): void {
  writer.array(2);
  writer.uint(0);
  writer.bytes(document);
}

export function writeReleaseRootResponse(writer: CborWriter, certificate: Uint8Array): void {
  writer.array(2);
  writer.uint(0);
  writer.bytes(certificate);
}

export class DmCredentialRequest {
  nonce: Uint8Array = new Uint8Array(0);

  read(reader: CborReader): bool {
    this.nonce = reader.bytes();
    return reader.finished();
  }
}

export function writeDmCredentialResponse(writer: CborWriter, serverId: Uint8Array, user: Uint8Array, digest: Uint8Array): void {
  writer.array(4);
  writer.uint(0);
  writer.text(serverId);
  writer.text(user);
  writer.bytes(digest);
}

export class DmVerifyRequest {
  digest: Uint8Array = new Uint8Array(0);

  read(reader: CborReader): bool {
    this.digest = reader.bytes();
    return reader.finished();
  }
}

export function writeDmVerifyResponse(writer: CborWriter, accepted: bool, nextNonce: Uint8Array): void {
  writer.array(3);
  writer.uint(0);
  writer.bool(accepted);
  writer.bytes(nextNonce);
}

export class AuthenticateEpsRequest {
  rand: Uint8Array = new Uint8Array(0);
  autn: Uint8Array = new Uint8Array(0);
  snId: Uint8Array = new Uint8Array(0);

  read(reader: CborReader): bool {
    this.rand = reader.bytes();
    this.autn = reader.bytes();
    this.snId = reader.bytes();
    return reader.finished();
  }
}

export function writeAuthenticateEpsResponse(writer: CborWriter, outcome: u32, res: Uint8Array, kasme: Uint8Array, auts: Uint8Array): void {
  writer.array(5);
  writer.uint(0);
  writer.uint(outcome);
  writer.bytes(res);
  writer.bytes(kasme);
  writer.bytes(auts);
}

export class LogRequest {
  from: u32 = 0;

  read(reader: CborReader): bool {
    this.from = reader.uint();
    return reader.finished();
  }
}

export function writeLogResponse(writer: CborWriter, next: u32, entries: Uint8Array): void {
  writer.array(3);
  writer.uint(0);
  writer.uint(next);
  writer.bytes(entries);
}

export class McimRequest {
  slot: u32 = 0;

  read(reader: CborReader): bool {
    this.slot = reader.uint();
    return reader.finished();
  }
}

export function writeMcimResponse(writer: CborWriter, role: u32, imsi: Uint8Array, mcimId: Uint8Array, issuer: Uint8Array, version: u32, parameters: Uint8Array): void {
  writer.array(7);
  writer.uint(0);
  writer.uint(role);
  writer.text(imsi);
  writer.bytes(mcimId);
  writer.bytes(issuer);
  writer.uint(version);
  writer.bytes(parameters);
}

export class BindParametersRequest {
  role: u32 = 0;
  reference: Uint8Array = new Uint8Array(0);

  read(reader: CborReader): bool {
    this.role = reader.uint();
    this.reference = reader.bytes();
    return reader.finished();
  }
}

export function writeBindParametersResponse(writer: CborWriter): void {
  writer.array(1);
  writer.uint(0);
}

export function writeStoreResponse(writer: CborWriter, size: u32, used: u32, records: u32, mcims: u32, fingerprints: u32, eraseCycles: u32): void {
  writer.array(7);
  writer.uint(0);
  writer.uint(size);
  writer.uint(used);
  writer.uint(records);
  writer.uint(mcims);
  writer.uint(fingerprints);
  writer.uint(eraseCycles);
}

export function writeWearResponse(writer: CborWriter, left: u32, refused: u32): void {
  writer.array(3);
  writer.uint(0);
  writer.uint(left);
  writer.uint(refused);
}

export class UpdateBeginRequest {
  headers: Uint8Array = new Uint8Array(0);

  read(reader: CborReader): bool {
    this.headers = reader.bytes();
    return reader.finished();
  }
}

export function writeUpdateBeginResponse(writer: CborWriter, slot: u32, length: u32): void {
  writer.array(3);
  writer.uint(0);
  writer.uint(slot);
  writer.uint(length);
}

export class UpdateOctetsRequest {
  offset: u32 = 0;
  octets: Uint8Array = new Uint8Array(0);

  read(reader: CborReader): bool {
    this.offset = reader.uint();
    this.octets = reader.bytes();
    return reader.finished();
  }
}

export function writeUpdateOctetsResponse(writer: CborWriter, next: u32): void {
  writer.array(2);
  writer.uint(0);
  writer.uint(next);
}

export function writeUpdateEndResponse(writer: CborWriter): void {
  writer.array(1);
  writer.uint(0);
}

export function writeUpdateStatusResponse(writer: CborWriter, slots: u32, running: u32, version: Uint8Array, securityCounter: u32, lowest: u32, triesLeft: u32, next: u32, length: u32): void {
  writer.array(9);
  writer.uint(0);
  writer.uint(slots);
  writer.uint(running);
  writer.text(version);
  writer.uint(securityCounter);
  writer.uint(lowest);
  writer.uint(triesLeft);
  writer.uint(next);
  writer.uint(length);
}

export function writeRequireOffersResponse(writer: CborWriter): void {
  writer.array(1);
  writer.uint(0);
}

export function writeUpdateOfferResponse(writer: CborWriter, what: Uint8Array, version: Uint8Array, digest: Uint8Array, required: bool): void {
  writer.array(5);
  writer.uint(0);
  writer.text(what);
  writer.text(version);
  writer.bytes(digest);
  writer.bool(required);
}
