import { ERROR_CRYPTO_FAILURE, ERROR_STORE_DAMAGED, ERROR_UPDATE_DOWNGRADE } from "../contract/as/codec";
import "./abort";
import { refuseAll } from "./commands/dispatch";
import { countBoot } from "./commands/session";
import { countTrialBoot, passTime } from "./life/trial";
import { endWipe } from "./life/wipe";
import { executingId, reportTrap, receive as takeOctets } from "./link/session";
import { randomOctets } from "./platform/keys";
import { mount } from "./store/log";
import { State } from "./store/state";
import { countHostWrites } from "./store/wear";
import { endSilentTrial, lookAtFirmware, settleFirmware, watchTrial } from "./update/trial";

const line = new Uint8Array(512);

/** Once after power-up. `trapped` is the request in which the last instance stopped, or -1. */
export function boot(trapped: i32): void {
	// Whatever else fails: one on trial that cannot even read its store must find its way back.
	watchTrial();
	// Without its keys the TRE must not begin a store: it would have sealed nothing, and look used.
	let error: u32 = randomOctets(1).length == 1 ? 0 : ERROR_CRYPTO_FAILURE;
	if (error == 0) error = mount();
	if (error == 0 && !State.isReadable()) error = ERROR_STORE_DAMAGED;
	if (error == 0) error = endWipe();
	if (error == 0) error = lookAtFirmware();
	if (error == 0) error = countBoot();
	if (error == 0) settleFirmware();
	// An older firmware than this device takes still has its way out, which is limited as ever.
	if (error == 0 || error == ERROR_UPDATE_DOWNGRADE) countHostWrites();
	if (error == 0) error = countTrialBoot();
	if (error != 0) refuseAll(error);
	reportTrap(trapped);
	__collect();
}

/** Where the runner puts octets from the UART, and how many fit. */
export function lineBuffer(): usize {
	return line.dataStart;
}

export function lineSize(): i32 {
	return line.length;
}

/** `length` octets stand in the line buffer. Answers go out through the board's UART. */
export function receive(length: i32): void {
	takeOctets(line.dataStart, min(length, line.length));
}

/** At least once a second. */
export function tick(): void {
	passTime();
	endSilentTrial();
	// Nothing else collects while no command comes.
	__collect();
}

export { executingId };
