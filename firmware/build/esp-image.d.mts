export interface Piece {
	readonly address: number;
	readonly entry: number;
	readonly octets: Uint8Array;
}

export function espImage(chip: "esp32c3", piece: Piece): Buffer;
export function placeOf(elf: Uint8Array): { readonly entry: number; readonly address: number };
