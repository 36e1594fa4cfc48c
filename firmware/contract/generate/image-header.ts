import { image, imageFields } from "../image.ts";

const constant = (name: string): string => name.replace(/([a-z])([A-Z])/g, "$1_$2").toUpperCase();

/** The header of an image, for the boot stage and the boards. */
export function imageHeader(): string {
	return `${[
		"/* Generated from the contract (firmware/contract/image.ts): npm run contract. */",
		"#ifndef IMAGE_H",
		"#define IMAGE_H",
		"",
		`#define IMAGE_MAGIC 0x${image.magic.toString(16)}u`,
		`#define IMAGE_FORMAT ${image.format}u`,
		`#define IMAGE_HEADER_SIZE ${image.HEADER_SIZE}u`,
		`#define IMAGE_SIGNED_SIZE ${image.SIGNED_SIZE}u`,
		`#define IMAGE_USED_SIZE ${image.USED_SIZE}u`,
		`#define IMAGE_SLOTS ${image.SLOTS}u`,
		`#define IMAGE_FLAG_DEVELOPMENT ${image.FLAG_DEVELOPMENT}u`,
		"",
		...Object.entries(imageFields).map(([name, at]) => `#define IMAGE_${constant(name)}_AT ${at}u`),
		"",
		"#endif",
	].join("\n")}\n`;
}
