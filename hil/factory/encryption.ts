/** Kinds of the encryption key pair, as `makeKeyPairs` numbers them. */
export const encryptions = { rsa: 1, p256: 2 } as const;
export type Encryption = keyof typeof encryptions;
