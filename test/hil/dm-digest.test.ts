import { expect, test } from "vitest";
import { authMd5, sameDigest } from "../../hil/network/operator/dpf/digest.ts";

test("syncml:auth-md5 of DM Security 1.2.1: Bruce2, OhBehave, Nonce", () => {
	const digest = authMd5("Bruce2", "OhBehave", Buffer.from("Nonce"));
	expect(digest).toBe("Zz6EivR3yeaaENcRN6lpAQ==");
	expect(sameDigest(digest, "Zz6EivR3yeaaENcRN6lpAQ==")).toBe(true);
	expect(sameDigest(digest, "Zz6EivR3yeaaENcRN6lpAg==")).toBe(false);
});
