import { afterAll, describe, test } from "vitest";
import { MAX_TRIAL_BOOTS, MAX_TRIAL_SECONDS } from "../../../firmware/contract/states.ts";
import { ruleBench } from "../../support/rule-bench.ts";

/** What the signature covers is a canonical document of one shape, or it is refused. */
describe("documents.md, Bootstrap: signed, and not of the profile", () => {
	const bench = ruleBench();

	test.each<[string, (text: string) => string]>([
		["white space between elements", (text) => text.replace("><", "> <")],
		["an empty-element tag", (text) => text.replace("></parm>", "/>")],
		["a comment", (text) => text.replace("><parm", "><!-- --><parm")],
		["an XML declaration", (text) => `<?xml version="1.0"?>${text}`],
		[
			"another order of parameters",
			(text) => text.replace(/(<parm name="TRE-ID"[^>]*><\/parm>)(<parm name="REIGN"[^>]*><\/parm>)/, "$2$1"),
		],
		["a parameter twice", (text) => text.replace(/(<parm name="SERIAL"[^>]*><\/parm>)/, "$1$1")],
		[
			"an unknown parameter in TRE",
			(text) => text.replace('<parm name="FALLBACK"', '<parm name="FALLBACKS" value=""></parm><parm name="FALLBACK"'),
		],
		[
			"a second CertificateStore",
			(text) => text.replace(/(<characteristic type="CertificateStore">.*?(<\/characteristic>){4})/, "$1$1"),
		],
		["no NAPDEF", (text) => text.replace(/<characteristic type="NAPDEF">.*?<\/characteristic>/, "")],
		["a SERIAL with a leading zero", (text) => text.replace(/name="SERIAL" value="/, 'name="SERIAL" value="0')],
		["a SERIAL of 2^32", (text) => text.replace(/name="SERIAL" value="\d+"/, 'name="SERIAL" value="4294967296"')],
		["a SERIAL of 0", (text) => text.replace(/name="SERIAL" value="\d+"/, 'name="SERIAL" value="0"')],
		[
			"a REIGN in upper case",
			(text) => text.replace(/name="REIGN" value="[^"]*"/, `name="REIGN" value="${"AB".repeat(32)}"`),
		],
		["an unknown KIND", (text) => text.replace('value="change"', 'value="exchange"')],
		[
			"an ACCOUNT with spare base64 bits",
			(text) => text.replace(/name="ACCOUNT" value="([^"]{4})[^"]*"/, 'name="ACCOUNT" value="$1AB=="'),
		],
		[
			"a FALLBACK without its count",
			(text) => text.replace(/name="FALLBACK" value="[^"]*"/, 'name="FALLBACK" value="on,60"'),
		],
		["octets behind the root", (text) => `${text}<a></a>`],
	])("%s", async (_what, edit) => {
		await bench.bootstrapRefused(bench.edited(edit), "document-malformed");
	});

	test("NOTE Y: a trial that is longer than any may be, in seconds or in boots", async () => {
		for (const fallback of [`on,${MAX_TRIAL_SECONDS + 1},3`, `on,60,${MAX_TRIAL_BOOTS + 1}`]) {
			const edited = bench.edited((text) => text.replace(/(name="FALLBACK" value=")[^"]*/, `$1${fallback}`));
			await bench.bootstrapRefused(edited, "fallback-bounds");
		}
	});

	afterAll(() => bench.goodPath());
});
