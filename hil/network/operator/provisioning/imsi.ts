import { randomInt } from "node:crypto";
import type { OperatorContext } from "../context.ts";

const DIGITS = 15;

/** A free IMSI (or PCID) of the operator. */
export function newImsi(context: OperatorContext): string {
	const { plmn } = context.config;
	for (;;) {
		const free = DIGITS - plmn.length;
		const imsi = plmn + String(randomInt(10 ** free)).padStart(free, "0");
		if (!context.store.subscribers.get(imsi)) return imsi;
	}
}
