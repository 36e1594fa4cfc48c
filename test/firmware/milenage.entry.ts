/* Compiled by milenage.test.ts: the firmware's MILENAGE with its functions laid open. */
import { Milenage } from "../../firmware/tre/aka/milenage";
import "../../firmware/tre/abort";

const memory16 = new Uint8Array(128);

/** RAND(16) SQN(6) AMF(2) at the buffer; f1 f1* f2 f3 f4 f5 f5* replace them. */
export function buffer(): usize {
	return memory16.dataStart;
}

export function run(key: u32): bool {
	const milenage = new Milenage(key, memory16.slice(0, 16));
	const sqn = memory16.slice(16, 22);
	const amf = memory16.slice(22, 24);
	const res = new Uint8Array(8);
	const ck = new Uint8Array(16);
	const ik = new Uint8Array(16);
	const ak = new Uint8Array(6);
	milenage.answer(res, ck, ik, ak);
	memory16.set(milenage.mac(sqn, amf), 0);
	memory16.set(res, 16);
	memory16.set(ck, 24);
	memory16.set(ik, 40);
	memory16.set(ak, 56);
	memory16.set(milenage.resyncKey(), 62);
	return milenage.ok();
}
