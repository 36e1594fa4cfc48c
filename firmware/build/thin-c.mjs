/**
 * Makes the C of wasm2c (wabt 1.0.32) small: that of a module with one memory of one page, without tables. Its text for
 * instructions goes, `firmware/boards/common/wasm-ops.h` has it; addresses lose their 64-bit sums; data segments become
 * one table in place of a copy each. What the module does is what it did, traps included.
 */

/** The text is not what wasm2c 1.0.32 writes for such a module. */
export class UnknownTranslation extends Error {}

const PRELUDE_START = "#include <assert.h>\n";
const PRELUDE_END = "static bool s_module_initialized";
const MEMORY = "&instance->w2c_memory";

/** Texts of wasm2c, each with what stands in its place, and how often it has to be there: once, or however often. */
const once = "once";
const often = "often";

function replaced(text, [what, pattern, replacement, times]) {
	let found = 0;
	const result = text.replace(pattern, (...match) => {
		found++;
		return replacement(...match);
	});
	if (times === once && found !== 1) throw new UnknownTranslation(`${what}: found ${found} times, and not once`);
	return result;
}

function withoutPrelude(text) {
	const [start, end] = [text.indexOf(PRELUDE_START), text.indexOf(PRELUDE_END)];
	if (start < 0 || end < start) throw new UnknownTranslation("its text for instructions is not where it was");
	return `${text.slice(0, start)}#include "wasm-ops.h"\n\n${text.slice(end)}`;
}

/** Takes the segments out; `{text, segments}`, a segment being where to and its octets. */
function segmentsOf(text) {
	const octetsOf = new Map();
	const withoutData = text.replace(
		/static const u8 (data_segment_data_w2c_d\d+)\[\] = \{([^}]*)\};\n/g,
		(_all, name, list) => {
			octetsOf.set(
				name,
				[...list.matchAll(/0x([0-9a-f]{2})/g)].map(([, digits]) => Number.parseInt(digits, 16)),
			);
			return "";
		},
	);
	const segments = [];
	const withoutCopies = withoutData.replace(
		/ {2}LOAD_DATA\(instance->w2c_memory, (\d+)u, (data_segment_data_w2c_d\d+), (\d+)\);\n/g,
		(_all, to, name, length) => {
			const octets = octetsOf.get(name);
			if (octets?.length !== Number(length)) throw new UnknownTranslation(`${name} has another length than is copied`);
			segments.push({ to: Number(to), octets });
			return "";
		},
	);
	if (segments.length !== octetsOf.size) throw new UnknownTranslation("a data segment is copied never, or twice");
	return { text: withoutCopies, segments };
}

const PAGE = 65_536;
const pair = (value) => [value & 0xff, value >> 8];

function tableOf(segments) {
	const octets = segments.flatMap(({ to, octets }) => {
		if (to + octets.length > PAGE) throw new UnknownTranslation(`a data segment at ${to} leaves the page`);
		// A segment of a whole page would not fit its 16 bits.
		if (octets.length >= PAGE) throw new UnknownTranslation("a data segment fills the page");
		return [...pair(to), ...pair(octets.length), ...octets];
	});
	const lines = [];
	for (let at = 0; at < octets.length; at += 32) lines.push(`  ${octets.slice(at, at + 32).join(", ")},`);
	return `static const u8 segments[] = {\n${lines.join("\n")}\n};\n`;
}

const ACCESS = /\b(i(?:32|64)_(?:load|store)\w*)\(&instance->w2c_memory, \(u64\)\((\w+)\)(?: \+ (\d+)u)?/g;

const rules = [
	["an access", ACCESS, (_all, name, base, offset = "0") => `${name}(${base}, ${offset}u`, often],
	["memory.fill", /\bmemory_fill\(&instance->w2c_memory, /g, () => "memory_fill(", often],
	["memory.copy", /\bmemory_copy\(&instance->w2c_memory, &instance->w2c_memory, /g, () => "memory_copy(", often],
	// No type is ever asked for: there are no tables.
	[
		"the types of functions",
		/static u32 func_types\[\d+\];\n\nstatic void init_func_types\(void\) \{[^}]*\}\n/,
		() => "",
		once,
	],
	["the call that makes the types", / {2}init_func_types\(\);\n/, () => "", once],
];

/** The thin C of wasm2c's; `tre.h` stays as it is. Throws `UnknownTranslation` where anything is not understood. */
export function thinC(source) {
	const { text, segments } = segmentsOf(rules.reduce(replaced, withoutPrelude(source)));
	const initialised = replaced(text, [
		"the memory being made",
		/(static void init_memories\(Z_tre_instance_t\* instance\) \{\n)( {2}wasm_rt_allocate_memory\(&instance->w2c_memory, 1, 1\);\n)/,
		(_all, head, allocation) =>
			`${tableOf(segments)}\n${head}${allocation}  memory_init_all(segments, sizeof segments);\n`,
		once,
	]);
	// What still takes the memory as wasm2c has it: being made, asked for its size, exported, freed.
	const kept = /wasm_rt_(allocate|grow|free)_memory\(&instance->w2c_memory|return &instance->w2c_memory;/g;
	const left = initialised.replace(kept, "");
	if (left.includes(MEMORY) || /\bCALL_INDIRECT\b|\bLOAD_DATA\b/.test(left))
		throw new UnknownTranslation("an instruction takes the memory in a way that is not known here");
	return initialised;
}
