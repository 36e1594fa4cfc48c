/* The firmware's MILENAGE with its functions laid open, for the test against TS 35.208 and for the benchmark. */
import { Milenage } from "../../firmware/tre/aka/milenage";
import "../../firmware/tre/abort";

const memory16 = new Uint8Array(128);

const rand = new Uint8Array(16);
const sqn = new Uint8Array(6);
const amf = new Uint8Array(2);
const res = new Uint8Array(8);
const ck = new Uint8Array(16);
const ik = new Uint8Array(16);
const ak = new Uint8Array(6);
const mac = new Uint8Array(16);
const akStar = new Uint8Array(6);

/** RAND(16) SQN(6) AMF(2) at the buffer; f1 f1* f2 f3 f4 f5 f5* replace them. */
export function buffer(): usize {
	return memory16.dataStart;
}

export function run(key: u32): bool {
	const at = memory16.dataStart;
	memory.copy(rand.dataStart, at, 16);
	memory.copy(sqn.dataStart, at + 16, 6);
	memory.copy(amf.dataStart, at + 22, 2);
	const milenage = new Milenage(key, rand);
	milenage.answer(res, ck, ik, ak);
	milenage.mac(sqn, amf, mac);
	milenage.resyncKey(akStar);
	memory.copy(at, mac.dataStart, 16);
	memory.copy(at + 16, res.dataStart, 8);
	memory.copy(at + 24, ck.dataStart, 16);
	memory.copy(at + 40, ik.dataStart, 16);
	memory.copy(at + 56, ak.dataStart, 6);
	memory.copy(at + 62, akStar.dataStart, 6);
	return milenage.ok();
}
