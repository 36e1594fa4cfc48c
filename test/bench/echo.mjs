/*
 * The yardstick of AUTHENTICATE: a process behind a pseudo-terminal that answers a request of REQUEST octets with
 * RESPONSE octets, after one fdatasync of a few octets. No frame, no CBOR, no cryptography.
 */
import { closeSync, fdatasyncSync, openSync, writeSync } from "node:fs";
import { ptyLine } from "../../build/js/firmware/emulator/lines.js";

const [path, request, response] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])];
const file = openSync(path, "w+");
const answer = Buffer.alloc(response, 0x55);
let received = 0;
const line = ptyLine((octets) => {
	received += octets.length;
	while (received >= request) {
		received -= request;
		writeSync(file, answer, 0, 32, 0);
		fdatasyncSync(file);
		line.write(answer);
	}
});
process.stdout.write(`${line.port}\n`);
process.on("SIGTERM", () => {
	closeSync(file);
	process.exit(0);
});
