type ValueType = "i32" | "i64";

/** A function of the module: one instruction, or the same one with one static offset. */
interface Operation {
	readonly name: string;
	readonly params: readonly ValueType[];
	readonly result?: ValueType;
	readonly body: string;
}

/** Small, at the end of the page, and past it with any base. */
const offsets = [0, 1, 20, 65_528, 65_535, 65_536, 4_294_967_295] as const;

const widths: Record<ValueType, readonly string[]> = {
	i32: ["load", "load8_s", "load8_u", "load16_s", "load16_u"],
	i64: ["load", "load8_s", "load8_u", "load16_s", "load16_u", "load32_s", "load32_u"],
};
const stores: Record<ValueType, readonly string[]> = {
	i32: ["store", "store8", "store16"],
	i64: ["store", "store8", "store16", "store32"],
};
const both = ["i32", "i64"] as const;
const plain = (text: string): string => text.replaceAll(".", "_");

const loads = both.flatMap((type) =>
	widths[type].flatMap((width) =>
		offsets.map(
			(offset): Operation => ({
				...{ name: `${type}_${width}_${offset}`, params: ["i32"], result: type },
				body: `(${type}.${width} offset=${offset} (local.get 0))`,
			}),
		),
	),
);

const storing = both.flatMap((type) =>
	stores[type].flatMap((width) =>
		offsets.map(
			(offset): Operation => ({
				...{ name: `${type}_${width}_${offset}`, params: ["i32", type] },
				body: `(${type}.${width} offset=${offset} (local.get 0) (local.get 1))`,
			}),
		),
	),
);

const binary = ["div_u", "div_s", "rem_u", "rem_s", "rotl", "rotr", "shl", "shr_u", "shr_s", "mul"];
const unary = ["clz", "ctz", "popcnt", "eqz"];

const arithmetic = both.flatMap((type) => [
	...binary.map(
		(name): Operation => ({
			...{ name: `${type}_${name}`, params: [type, type], result: type },
			body: `(${type}.${name} (local.get 0) (local.get 1))`,
		}),
	),
	...unary.map(
		(name): Operation => ({
			...{ name: `${type}_${name}`, params: [type], result: name === "eqz" ? "i32" : type },
			body: `(${type}.${name} (local.get 0))`,
		}),
	),
]);

const bulk: readonly Operation[] = [
	{
		name: "memory.fill",
		params: ["i32", "i32", "i32"],
		body: "(memory.fill (local.get 0) (local.get 1) (local.get 2))",
	},
	{
		name: "memory.copy",
		params: ["i32", "i32", "i32"],
		body: "(memory.copy (local.get 0) (local.get 1) (local.get 2))",
	},
	{ name: "memory.size", params: [], result: "i32", body: "(memory.size)" },
	{ name: "memory.grow", params: ["i32"], result: "i32", body: "(memory.grow (local.get 0))" },
	{ name: "stop", params: ["i32"], body: "(if (local.get 0) (then (unreachable)))" },
];

/** Every instruction that the thin C has a text for. */
export const operations = [...loads, ...storing, ...arithmetic, ...bulk].map((one) => ({
	...one,
	name: plain(one.name).replaceAll("_", ""),
}));

const functions = operations.map(
	({ name, params, result, body }) =>
		`(func (export "${name}") ${params.map((type) => `(param ${type})`).join(" ")} ${result ? `(result ${result})` : ""} ${body})`,
);

export const moduleText = `(module
(memory (export "memory") 1 1)
(data (i32.const 0) "the first octets")
(data (i32.const 40000) "\\00\\01\\ff and some in the middle")
(data (i32.const 65532) "last")
${functions.join("\n")})`;
