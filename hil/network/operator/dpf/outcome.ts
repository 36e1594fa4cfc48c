import type { NodeCommand } from "../../../../host/wire/syncml/message.ts";

/** What an alert of a device is answered with: its status, and commands for the device. */
export interface Outcome {
	readonly code: number;
	readonly commands: readonly Omit<NodeCommand, "cmdId">[];
}
