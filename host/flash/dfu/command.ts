/** The device of a DFU loader: USB ids, alternate setting of its flash, and the serial number where there are several. */
export interface DfuDevice {
	readonly device: string;
	readonly alt: number;
	readonly serial: string | undefined;
}

type Words = readonly string[];

const hex = (value: number): string => `0x${value.toString(16).padStart(8, "0")}`;
const of = ({ device, alt, serial }: DfuDevice): Words => [
	...["-d", device, "-a", String(alt)],
	...(serial === undefined ? [] : ["-S", serial]),
];

/** What dfu-util is called with. It erases each sector that a download touches; a mass erase is none of these. */
export const dfuWords = {
	list: ({ device, serial }: DfuDevice): Words => ["-l", "-d", device, ...(serial === undefined ? [] : ["-S", serial])],
	read: (from: DfuDevice, address: number, length: number, file: string): Words => [
		...of(from),
		...["-s", `${hex(address)}:${length}`, "-U", file],
	],
	write: (to: DfuDevice, address: number, file: string): Words => [...of(to), "-s", hex(address), "-D", file],
	/** Leaving the loader comes with a transfer, so with the shortest there is. */
	start: (it: DfuDevice, base: number, file: string): Words => [...of(it), "-s", `${hex(base)}:4:leave`, "-U", file],
} as const;

/** A flash as its loader describes it. */
export interface Layout {
	readonly base: number;
	readonly sectors: readonly number[];
}

const scale: Readonly<Record<string, number>> = { " ": 1, B: 1, K: 1024, M: 1024 * 1024 };

/** Reads a DfuSe name (UM0424 clause 10.3.2), as `@Internal Flash  /0x08000000/04*016Kg,01*064Kg,07*128Kg`. */
export function readLayout(name: string): Layout | undefined {
	const [, base, rows] = /^@[^/]*\/(0x[0-9a-fA-F]+)\/([^/]+)$/.exec(name) ?? [];
	if (base === undefined || rows === undefined) return undefined;
	const sectors = rows.split(",").map((row) => {
		const [, count, size, unit = " "] = /^(\d+)\*(\d+)([ BKM])?[a-g]$/.exec(row.trim()) ?? [];
		return Array.from({ length: Number(count) || 0 }, () => Number(size) * (scale[unit] ?? 1));
	});
	return sectors.some((row) => row.length === 0) ? undefined : { base: Number(base), sectors: sectors.flat() };
}

/** The names of that alternate setting in what `dfu-util -l` says; one for each device that is there. */
export const namesIn = (listed: string, alt: number): readonly string[] =>
	listed
		.split("\n")
		.filter((line) => line.startsWith("Found DFU:") && line.includes(`alt=${alt},`))
		.flatMap((line) => /name="([^"]*)"/.exec(line)?.[1] ?? []);
