import { spawnSync } from "node:child_process";
import { run } from "../../firmware/build/run.mjs";

/** Debian packages, by what needs them. */
const packages = {
	build: ["bzip2", "clang-14", "lld-14", "wasi-libc", "libclang-rt-14-dev-wasm32"],
	boards: [
		...["gcc-arm-none-eabi", "picolibc-arm-none-eabi", "gcc-riscv64-unknown-elf", "picolibc-riscv64-unknown-elf"],
		...["wabt", "qemu-system-arm", "qemu-system-misc"],
	],
	tests: [
		"dfu-util",
		"gdb-multiarch",
		"libosmocore-utils",
		"libwbxml2-utils",
		"libxml2-utils",
		"openocd",
		"openssl",
		"osmo-hlr",
		"pgbouncer",
		"postgresql",
		"stm32flash",
		"tshark",
		"xmlsec1",
	],
};

function isInstalled(name) {
	const asked = spawnSync("dpkg-query", ["-s", name], { encoding: "utf8" });
	return asked.status === 0 && asked.stdout.includes("Status: install ok installed");
}

/** The words that make a command run as root, or undefined where that needs a password. */
function asRoot() {
	if (process.getuid?.() === 0) return [];
	return spawnSync("sudo", ["-n", "true"]).status === 0 ? ["sudo", "-n"] : undefined;
}

/** Installs what is missing for these purposes, or says which command does and ends the program. */
export async function installPackages(purposes, progress) {
	const wanted = purposes.flatMap((purpose) => packages[purpose]);
	const missing = process.env.TRE_NO_APT ? [] : wanted.filter((name) => !isInstalled(name));
	if (missing.length === 0) return;
	const install = ["apt-get", "install", "-y", "--no-install-recommends", ...missing];
	const root = asRoot();
	if (root === undefined) {
		process.stderr.write(
			`Debian packages are missing. Run this, then start again:\n  sudo apt-get update && sudo ${install.join(" ")}\n`,
		);
		process.exit(1);
	}
	progress(`installing Debian packages: ${missing.join(" ")}`);
	const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
	const call = (words) => {
		const [program, ...args] = [...root, ...words];
		return run(program, args, { env });
	};
	await call(["apt-get", "update"]);
	await call(install);
}
