import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "./run.mjs";

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

/**
 * Fetches the lists of Debian's source packages of these suites, from the server of the machine's own release. Answers the
 * options that make apt use them: nothing of the machine's configuration is changed. undefined: no server is known.
 */
export async function debianSources(folder, suites) {
	const server = ownSources("URIs");
	if (!server) return undefined;
	const lists = join(folder, "lists");
	mkdirSync(join(lists, "partial"), { recursive: true });
	mkdirSync(join(folder, "cache", "archives", "partial"), { recursive: true });
	const list = join(folder, "debian.sources");
	writeFileSync(
		list,
		`Types: deb-src\nURIs: ${server}\nSuites: ${suites.join(" ")}\nComponents: main\nSigned-By: ${ownSources("Signed-By")}\n`,
	);
	const options = [
		`Dir::Etc::sourcelist=${list}`,
		"Dir::Etc::sourceparts=-",
		`Dir::State::lists=${lists}`,
		`Dir::Cache=${join(folder, "cache")}`,
		"APT::Sandbox::User=root",
	].flatMap((option) => ["-o", option]);
	await run("apt-get", [...options, "update"], { cwd: folder });
	return options;
}
