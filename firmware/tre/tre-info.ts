import { ascii } from "./octets/octets";
import * as board from "./platform/board";
import { KEY_DECRYPT_P256, typeOf } from "./platform/keys";
import { get } from "./store/log";
import { RECORD_DECRYPT_KEY } from "./store/records";

const scratch = new Uint8Array(32);

/** TRE info of M2MMobj: what kind of TRE this is. Lists are separated by one space. */
export class TreInfo {
	type: Uint8Array = ascii("wasm");
	version: Uint8Array = ascii("0.1.0");
	target: Uint8Array = scratch.slice(0, board.target(scratch.dataStart, scratch.length));
	entropy: Uint8Array = scratch.slice(0, board.entropy_name(scratch.dataStart, scratch.length));
	/** Those that its encryption key opens. */
	suites: Uint8Array = ascii(typeOf(get(RECORD_DECRYPT_KEY)) == KEY_DECRYPT_P256 ? "3" : "1 2");
	algorithms: Uint8Array = ascii("milenage");
	forms: Uint8Array = ascii("b236");
	modules: Uint8Array = new Uint8Array(0);
}
