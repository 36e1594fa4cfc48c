/** Compilers by the cores that they are for. A core that is none of Arm's is named as `-march` takes it. */
const arm = {
	prefix: "arm-none-eabi-",
	folder: "cortex-m",
	flags: (core) => [`-mcpu=${core}`, "-mthumb", "-mfloat-abi=soft"],
};

/**
 * Without a small data area: the crypto side's variables have to lie together. The control registers are no part of the
 * name of the core, because the compiler would take another libgcc; who touches them says so.
 */
const riscv = {
	prefix: "riscv64-unknown-elf-",
	folder: "riscv",
	flags: (core) => [
		...[`-march=${core}`, "-mabi=ilp32", "-msave-restore", "-msmall-data-limit=0"],
		"-fno-asynchronous-unwind-tables",
	],
};

/**
 * The compiler of a core: how its programs begin, the folder of `firmware/boards` for such cores, and what it has to be
 * told, optimisation and libc included.
 */
export function toolchainOf(core) {
	const { prefix, folder, flags } = core.startsWith("rv32") ? riscv : arm;
	return { prefix, folder, flags: [...flags(core), "--specs=picolibc.specs", "-std=gnu11", "-Os", "-g0"] };
}
