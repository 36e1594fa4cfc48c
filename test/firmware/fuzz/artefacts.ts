import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { linkNamedCryptoWasm } from "../../../firmware/build/crypto-wasm.mjs";
import { surface } from "../../../firmware/crypto/surface.ts";
import { compileFirmware, type Fault, plainFlags } from "../../support/planted.ts";
import type { Artefacts } from "./fuzzer.ts";
import { type Instrumented, instrument } from "./instrument.ts";

/** The firmware with counters; without optimisation, so that no function has gone into another. */
export const instrumentedFirmware = (fault?: Fault): Instrumented =>
	instrument(
		compileFirmware(fault, [...plainFlags, "--debug"]),
		"tre",
		(name) => name.startsWith("firmware/") && !name.endsWith("~visit"),
	);

async function instrumentedCrypto(): Promise<Instrumented> {
	const folder = mkdtempSync(join(tmpdir(), "instrumented-"));
	try {
		const path = join(folder, "crypto.wasm");
		await linkNamedCryptoWasm(resolve("."), surface, path);
		return instrument(readFileSync(path), "crypto", (name) =>
			/^(tre_|unwrap|shared_x|read_data|mbedtls_(x509|asn1|oid|pk_parse))/.test(name),
		);
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
}

/** Both modules from the same sources as those that ship, with counters. */
export const instrumentedArtefacts = async (): Promise<Artefacts> => ({
	tre: instrumentedFirmware(),
	crypto: await instrumentedCrypto(),
});
