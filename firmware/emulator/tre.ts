/** A TRE that runs on this machine, behind something that stands in for a UART's wires. */
export interface Tre {
	/** What a host opens: a device path or tcp://host:port. */
	readonly port: string;
	close(): Promise<void>;
	/** The reset line, where the board has no other one. */
	reset?(): void;
	/** Milliseconds in the TRE in all, and of these on the crypto side, where that can be measured. */
	readonly timings?: { readonly tre: number; readonly crypto: number };
}
