/* The firmware's MILENAGE laid open, for the test against TS 35.208 and for the benchmarks. */
import * as milenage from "../../firmware/tre/aka/milenage";
import "../../firmware/tre/abort";

const memory16 = new Uint8Array(128);
const rand = new Uint8Array(16);
const sqn = new Uint8Array(6);
const amf = new Uint8Array(2);

/** RAND(16) SQN(6) AMF(2) at the buffer; f1 f1* f2 f3 f4 f5 f5* replace them. */
export function buffer(): usize {
	return memory16.dataStart;
}

export function run(key: u32): bool {
	prepare();
	const done = vector(key) && milenage.resynchronise(key, rand.dataStart);
	collect();
	return done;
}

export function prepare(): void {
	const at = memory16.dataStart;
	memory.copy(rand.dataStart, at, 16);
	memory.copy(sqn.dataStart, at + 16, 6);
	memory.copy(amf.dataStart, at + 22, 2);
}

/** What an authentication vector takes: f1 to f5. */
export function vector(key: u32): bool {
	if (!milenage.answer(key, rand.dataStart)) return false;
	return milenage.check(key, rand.dataStart, sqn.dataStart, amf.dataStart);
}

export function collect(): void {
	const at = memory16.dataStart;
	memory.copy(at, milenage.MAC_A, 16);
	memory.copy(at + 16, milenage.RES, 8);
	memory.copy(at + 24, milenage.CK, 16);
	memory.copy(at + 40, milenage.IK, 16);
	memory.copy(at + 56, milenage.AK, 6);
	memory.copy(at + 62, milenage.AK_STAR, 6);
}
