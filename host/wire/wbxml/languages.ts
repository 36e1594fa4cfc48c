import { ddf } from "./tables/ddf.ts";
import { devinf } from "./tables/devinf.ts";
import type { Language } from "./tables/language.ts";
import { prov } from "./tables/prov.ts";
import { syncml } from "./tables/syncml.ts";

/** The document types that have a binary form here. */
export const languages: readonly Language[] = [prov, syncml, devinf, ddf];

export const languageOf = (publicId: number | string): Language | undefined =>
	languages.find(({ publicId: own, formalNames = [] }) => own === publicId || formalNames.includes(String(publicId)));

export const languageByRoot = (root: string): Language | undefined =>
	languages.find((language) => language.root === root);
