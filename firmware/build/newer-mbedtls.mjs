/*
 * Which releases of Mbed TLS 3.6, or of a later LTS, does Debian have that are newer than the one that is built here? Each
 * is to be taken, or judged by name in docs/threat-model.md. A release runs it: npm run release:check
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { debianSources } from "./debian-sources.mjs";
import { MBEDTLS } from "./mbedtls-source.mjs";
import { run } from "./run.mjs";

const PAGE = "docs/threat-model.md";

const numbers = (release) => release.split(".").map(Number);

/** Less than 0 where `a` is the older release. */
function compared(a, b) {
	const [one, other] = [numbers(a), numbers(b)];
	const at = one.findIndex((number, n) => number !== other[n]);
	return at < 0 ? 0 : one[at] - other[at];
}

/** Releases in the records of apt-cache showsrc that are newer than `ours`, and that `page` does not name. */
export function unjudged(records, ours, page) {
	const versions = [...records.matchAll(/^Version: (?:\d+:)?(\d+\.\d+\.\d+)/gm)].map(([, release]) => release);
	const newer = [...new Set(versions)].filter((release) => compared(release, ours) > 0);
	return newer.sort(compared).filter((release) => !page.includes(`Mbed TLS ${release}`));
}

async function main() {
	const folder = mkdtempSync(join(tmpdir(), "newer-mbedtls-"));
	try {
		const apt = await debianSources(folder, [MBEDTLS.suite, "sid"]);
		if (!apt) throw new Error("no Debian server found in the machine's apt configuration");
		const records = await run("apt-cache", [...apt, "showsrc", "--only-source", MBEDTLS.sourcePackage], {
			cwd: folder,
		});
		const page = readFileSync(fileURLToPath(new URL(`../../${PAGE}`, import.meta.url)), "utf8");
		const found = unjudged(records, MBEDTLS.release, page);
		for (const release of found)
			process.stderr.write(
				`Mbed TLS ${release} is out, and ${MBEDTLS.release} is built here. Read its advisories; take it, or say in ${PAGE} why not.\n`,
			);
		if (found.length === 0)
			process.stdout.write(`Mbed TLS ${MBEDTLS.release}: whatever is newer in Debian is judged in ${PAGE}\n`);
		process.exitCode = found.length > 0 ? 1 : 0;
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
