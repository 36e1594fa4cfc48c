import { existsSync } from "node:fs";
import { type Bundle, BundleError, openBundle, type SlotImage } from "../../firmware/contract/bundle.ts";
import { readNamed } from "../../firmware/local/named-file.ts";
import { inClone } from "../../firmware/local/repository.ts";
import { type Area, areaOf, boardNames, type FlashBoard, imageAreas } from "./board.ts";
import { FlashRefused } from "./refused.ts";

const asRefusal = ({ message, advice }: BundleError): FlashRefused =>
	new FlashRefused("bundle-damaged", message, advice);
const damaged = (what: string): FlashRefused => asRefusal(new BundleError(what));

/**
 * Reads all that a board is flashed with. A board without a boot stage has an empty one, and one slot: its image goes to
 * the base of the flash without its header, whose address is that base. Throws FlashRefused.
 */
export function decodeBundle(octets: Uint8Array): Bundle {
	try {
		return openBundle(octets);
	} catch (error) {
		throw error instanceof BundleError ? asRefusal(error) : error;
	}
}

/** Reads a bundle file. Throws FlashRefused, also where none is there. */
export function readBundle(path: string): Bundle {
	if (existsSync(path)) return decodeBundle(readNamed(path));
	throw new FlashRefused(
		"bundle-missing",
		`there is no firmware ${path}`,
		"build it: npm run firmware -- --board BOARD --dev, or with --update-key FILE; or name one: --firmware FILE",
	);
}

/** Where the builder puts the bundle of a board. */
export const builtBundle = (board: string): string => inClone(`build/boards/${board}/board/tre.bundle`);

/** The one bundle that was built here. Throws FlashRefused where there is none, or more than one. */
export function onlyBuiltBundle(): string {
	const built = boardNames().filter((name) => existsSync(builtBundle(name)));
	if (built.length === 1) return builtBundle(built[0] as string);
	if (built.length === 0)
		throw new FlashRefused(
			"bundle-missing",
			"no firmware has been built here",
			"build it: npm run firmware -- --board BOARD --dev, or with --update-key FILE; or name one: --firmware FILE",
		);
	throw new FlashRefused(
		"bundle-missing",
		`firmware has been built for ${built.join(" and ")}`,
		"say which board this is: --board BOARD",
	);
}

function checkPlaces(board: FlashBoard, slots: readonly SlotImage[]): void {
	const { flash } = board;
	const places = imageAreas(board);
	if (slots.length !== places.length)
		throw damaged(`the bundle has ${slots.length} images, and ${board.name} takes ${places.length}`);
	for (const [n, { header, octets }] of slots.entries()) {
		const name = flash.bootStage ? `slot ${"AB"[n]}` : "the image";
		const { address, length } = places[n] as Area;
		const used = flash.bootStage ? octets.length : header.length;
		if (header.address !== address)
			throw damaged(
				`${name} of the bundle is linked for 0x${header.address.toString(16)}, and belongs to 0x${address.toString(16)}`,
			);
		if (used > length) throw damaged(`${name} of the bundle takes ${used} octets, and there are ${length}`);
		if (header.board !== board.name)
			throw new FlashRefused(
				"bundle-of-other-board",
				`${name} of the bundle is for ${header.board}, and the bundle for ${board.name}`,
				"build it again for the board that you have",
			);
	}
}

/** Holds a bundle against the board that it names. Throws FlashRefused. */
export function checkBundle(bundle: Bundle, board: FlashBoard): void {
	if (bundle.board !== board.name)
		throw new FlashRefused(
			"bundle-of-other-board",
			`the firmware is for ${bundle.board}, and the board is a ${board.name}`,
			`build it: npm run firmware -- --board ${board.name} --dev, or with --update-key FILE; or name another one: --firmware FILE`,
		);
	const room = board.flash.bootStage ? areaOf(board, board.flash.bootStage).length : 0;
	if (bundle.bootStage.length > room || (room > 0 && bundle.bootStage.length === 0))
		throw damaged(
			`the boot stage of the bundle has ${bundle.bootStage.length} octets, and ${board.name} has room for ${room}`,
		);
	checkPlaces(board, bundle.slots);
	const [first, ...others] = bundle.slots.map(({ header }) => header);
	for (const other of others)
		if (
			first?.version !== other.version ||
			first.securityCounter !== other.securityCounter ||
			first.isForDevelopment !== other.isForDevelopment ||
			!Buffer.from(first.signer).equals(other.signer)
		)
			throw damaged("the two slots of the bundle are of different versions, security counters or signers");
}
