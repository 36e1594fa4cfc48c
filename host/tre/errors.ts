import { type ErrorRow, errorNameOf, errors, type Fault, type TreErrorName } from "../../firmware/contract/errors.ts";

/** A refusal by the TRE, with the words that the firmware does not hold. */
export class TreError extends Error {
	readonly code: TreErrorName | "unknown";
	readonly fault: Fault;

	constructor(command: string, number: number) {
		const code = errorNameOf(number);
		const row: ErrorRow | undefined = code && errors[code];
		super(
			`${command}: ${code ?? `error ${number}`}. ${row?.advice ?? "Update the host to a version that knows this error."}`,
		);
		this.code = code ?? "unknown";
		this.fault = row?.fault ?? "device";
	}
}

export const isTreError = (error: unknown, code: TreErrorName): boolean =>
	error instanceof TreError && error.code === code;
