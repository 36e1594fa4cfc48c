/** No key of the kind that signs updates; the message says how one is made. */
export class UpdateKeyError extends Error {}

export interface UpdateKey {
	/** X and Y, 64 octets. */
	readonly point: Buffer;
	/** SHA-256 of the point. */
	readonly signer: Buffer;
	readonly isForDevelopment: boolean;
	/** r and s (64 octets) over SHA-256. */
	sign(octets: Uint8Array): Buffer;
}

/** The private key (PEM, P-256) in a file, the one for development where none is named. */
export function updateKey(root: string, file?: string): UpdateKey;
export function updateKeySource(key: UpdateKey): string;
