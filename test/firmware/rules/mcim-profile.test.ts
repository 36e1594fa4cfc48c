import { afterAll, beforeAll, describe, test } from "vitest";
import { signEnveloped } from "../../../host/wire/dsig/signature.ts";
import { enveloped } from "../../support/operators.ts";
import { ruleBench } from "../../support/rule-bench.ts";

describe("documents.md, M2MMCIM: signed, and not of the profile", () => {
	const bench = ruleBench();
	let inner = "";

	beforeAll(async () => {
		await bench.bringTo("requested");
		const b64 = (octets: Uint8Array): string => Buffer.from(octets).toString("base64");
		const { object } = bench.sho1.mcim(bench.owned);
		inner = `<NonceB>${b64(await bench.nonceB())}</NonceB><ProtectedMCIM>${b64(object)}</ProtectedMCIM>`;
	});
	afterAll(async () => {
		await bench.withdraw();
		await bench.goodPath();
	});

	test.each<[string, () => string]>([
		["another namespace", () => `<M2MMCIM xmlns="urn:x-m2m:tre:2">${inner}</M2MMCIM>`],
		["one child more", () => `<M2MMCIM xmlns="urn:x-m2m:tre:1">${inner}<More></More></M2MMCIM>`],
		["white space", () => `<M2MMCIM xmlns="urn:x-m2m:tre:1">${inner.replace("<NonceB>", "<NonceB> ")}</M2MMCIM>`],
		["no NonceB", () => `<M2MMCIM xmlns="urn:x-m2m:tre:1">${inner.replace(/<NonceB>.*<\/NonceB>/, "")}</M2MMCIM>`],
		["another document", () => `<TREReceipt xmlns="urn:x-m2m:tre:1">${inner}</TREReceipt>`],
	])("%s", async (_what, text) => {
		const request = enveloped(signEnveloped(text(), bench.sho1.root.key));
		await bench.refused(() => bench.tre.call("acceptMcim", request), "document-malformed");
	});
});
