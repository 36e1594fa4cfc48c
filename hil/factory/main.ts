import { Option } from "commander";
import { inWords, makeProgram } from "../../firmware/local/program.ts";
import { recorder } from "../../host/link/recorder.ts";
import { TreClient } from "../../host/tre/client.ts";
import { emit } from "../../host/wire/report/events.ts";
import { Registry } from "../network/shared/registry.ts";
import { type Encryption, encryptions } from "./encryption.ts";
import { personalise, readStation } from "./station.ts";
import { type UpdatePolicy, updatePolicies } from "./updates.ts";
import { wipe } from "./wipe.ts";

interface Options {
	readonly port: string;
	readonly registry: string;
	readonly ro: string;
	readonly key: string;
	readonly certificate: string;
	readonly record?: string;
	readonly encryption: Encryption;
	readonly updates: UpdatePolicy;
	readonly dev?: boolean;
	readonly wipe?: boolean;
}

/** Two RSA key pairs on a small core: about a minute, and where primes hide, several. */
const KEY_PAIRS_MS = 600_000;

const options = makeProgram("hil factory", "personalises the TRE on a serial port (B.2.2.1)")
	.requiredOption("--port <port>", "serial device of the TRE, or tcp://host:port")
	.requiredOption("--registry <file>", "contracted operators and PVAs")
	.requiredOption("--ro <shoId>", "operator that the device belongs to at first")
	.requiredOption("--key <file>", "private key of the station's TLS leaf")
	.requiredOption("--certificate <file>", "the station's TLS leaf")
	.option("--record <dir>", "records all octets on the serial line")
	.addOption(
		new Option("--encryption <key>", "encryption key pair: rsa (suites 1 and 2) or p256 (suite 3)")
			.choices(Object.keys(encryptions))
			.default("rsa"),
	)
	.addOption(
		new Option("--updates <who>", "any that the factory signed, or only offered ones")
			.choices([...updatePolicies])
			.default("any"),
	)
	.option("--dev", "takes a TRE with emulated entropy, too: for development only")
	.option("--wipe", "ends the device's life instead: destroys its keys and all else")
	.parse()
	.opts<Options>();

async function main(): Promise<void> {
	const registry = new Registry(options.registry);
	const ro = registry.operator(options.ro);
	const pva = registry.pvas()[0];
	if (!ro || !pva) throw new Error(`${options.registry} names no PVA, or not ${options.ro}`);
	const tre = await TreClient.open(options.port, {
		deadlineMs: KEY_PAIRS_MS,
		record: options.record === undefined ? undefined : recorder(options.record),
	});
	const station = readStation(options.key, options.certificate);
	try {
		if (options.wipe) {
			await wipe(tre, { pva, station });
			return;
		}
		const note = await personalise(
			tre,
			{ ro, pva, station },
			{ encryption: options.encryption, updates: options.updates, dev: options.dev ?? false },
		);
		emit({ event: "document", name: "delivery-note.json", treId: note.treId, content: JSON.stringify(note) });
		emit({ event: "timings", ms: { line: tre.link.counters.busyMs } });
	} finally {
		await tre.close();
	}
}

main().catch((error: Error) => {
	const what = inWords(error);
	emit({ event: "problem", what });
	process.stderr.write(`hil ${options.wipe ? "wipe" : "factory"}: ${what}\n`);
	process.exit(1);
});
