import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
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

/** A field of the stanza that serves the machine's own release; deb822 or one-line form. */
function ownSources(field) {
	const folder = "/etc/apt/sources.list.d";
	const files = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith(".sources")) : [];
	const stanzas = files.flatMap((file) => readFileSync(join(folder, file), "utf8").split(/\n\s*\n/));
	const own = stanzas.find((stanza) => /^Suites:(?:.*\s)?bookworm(?:\s|$)/m.test(stanza));
	const found = own && new RegExp(`^${field}: *(\\S+)`, "m").exec(own);
	if (found) return found[1];
	if (field === "URIs" && existsSync("/etc/apt/sources.list")) {
		const line = /^deb (?:\[[^\]]*\] )?(\S+) bookworm /m.exec(readFileSync("/etc/apt/sources.list", "utf8"));
		if (line) return line[1];
	}
	return field === "Signed-By" ? "/usr/share/keyrings/debian-archive-keyring.gpg" : undefined;
}

/** Downloads the archive with an apt configuration of its own: nothing of the machine's is changed. */
async function download(folder) {
	const server = ownSources("URIs");
	if (!server) {
		throw new Error(
			`No Debian server found in the machine's apt configuration. Unpack Mbed TLS ${MBEDTLS.release} yourself and name the folder in MBEDTLS_DIR.`,
		);
	}
	const lists = join(folder, "lists");
	mkdirSync(join(lists, "partial"), { recursive: true });
	const list = join(folder, "trixie.sources");
	writeFileSync(
		list,
		`Types: deb-src\nURIs: ${server}\nSuites: ${MBEDTLS.suite}\nComponents: main\nSigned-By: ${ownSources("Signed-By")}\n`,
	);
	const options = [
		`Dir::Etc::sourcelist=${list}`,
		"Dir::Etc::sourceparts=-",
		`Dir::State::lists=${lists}`,
		`Dir::Cache=${join(folder, "cache")}`,
		"APT::Sandbox::User=root",
	].flatMap((option) => ["-o", option]);
	mkdirSync(join(folder, "cache", "archives", "partial"), { recursive: true });
	await run("apt-get", [...options, "update"], { cwd: folder });
	await run("apt-get", [...options, "source", "--download-only", MBEDTLS.sourcePackage], { cwd: folder });
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
