import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { debianSources } from "./debian-sources.mjs";
import { run } from "./run.mjs";

/** The LTS release, from the source package of Debian 13. No npm package carries Mbed TLS. */
export const MBEDTLS = {
	release: "3.6.6",
	/** Whatever Debian revision is there now: the checksum below pins the content. */
	sourcePackage: "mbedtls",
	suite: "trixie",
	archive: "mbedtls_3.6.6.orig.tar.bz2",
	sha256: "8fb65fae8dcae5840f793c0a334860a411f884cc537ea290ce1c52bb64ca007a",
};

/** Downloads the archive. */
async function download(folder) {
	const apt = await debianSources(folder, [MBEDTLS.suite]);
	if (!apt)
		throw new Error(
			`No Debian server found in the machine's apt configuration. Unpack Mbed TLS ${MBEDTLS.release} yourself and name the folder in MBEDTLS_DIR.`,
		);
	await run("apt-get", [...apt, "source", "--download-only", MBEDTLS.sourcePackage], { cwd: folder });
}

/** The files of the library that may be needed; the linker drops what nobody calls. */
export const mbedtlsLibrary = (source) =>
	readdirSync(join(source, "library"))
		.filter((name) => name.endsWith(".c") && !/^(ssl|psa|net_|timing|threading|debug)/.test(name))
		.sort()
		.map((name) => join(source, "library", name));

/** What everything is compiled with that includes Mbed TLS or `firmware/crypto`, which is `room`. */
export const mbedtlsFlags = (room, source) => [
	...[`-I${room}`, `-I${join(source, "include")}`, `-I${join(source, "library")}`],
	'-DMBEDTLS_CONFIG_FILE="tre_mbedtls_config.h"',
];

/** The folder with Mbed TLS's sources; fetches, checks and unpacks them the first time. */
export async function mbedtlsSource(buildFolder, progress) {
	if (process.env.MBEDTLS_DIR) return resolve(process.env.MBEDTLS_DIR);
	const home = join(buildFolder, `mbedtls-${MBEDTLS.release}`);
	if (existsSync(home)) return home;
	progress(`fetching Mbed TLS ${MBEDTLS.release} (Debian source package, 5.5 MB)`);
	const folder = join(buildFolder, "mbedtls-download");
	rmSync(folder, { recursive: true, force: true });
	mkdirSync(folder, { recursive: true });
	await download(folder);
	const archive = join(folder, MBEDTLS.archive);
	if (!existsSync(archive)) {
		throw new Error(
			`Debian no longer serves ${MBEDTLS.archive}. Unpack it yourself and name the folder in MBEDTLS_DIR.`,
		);
	}
	const sum = createHash("sha256").update(readFileSync(archive)).digest("hex");
	if (sum !== MBEDTLS.sha256) throw new Error(`${MBEDTLS.archive}: SHA-256 is ${sum}, expected ${MBEDTLS.sha256}`);
	await run("tar", ["xf", archive, "-C", folder]);
	renameSync(join(folder, `mbedtls-${MBEDTLS.release}`), home);
	rmSync(folder, { recursive: true, force: true });
	return home;
}
