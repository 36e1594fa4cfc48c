/** Lines that say something: what stands in the readable form of a contract. */
const said = (text: string): string[] => text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));

/**
 * What a host or a TRE that was built from `released` would not understand of `now`, a line each: everything
 * that was released still stands as it was. New commands, errors, states and events are new lines.
 */
export function incompatibilities(released: string, now: string): string[] {
	const standing = new Set(said(now));
	const numberOf = (line: string): string => line.split(" ").slice(0, 2).join(" ");
	return said(released)
		.filter((line) => !standing.has(line))
		.map((line) => {
			const instead = said(now).find((other) => numberOf(other) === numberOf(line));
			return instead === undefined ? `is gone: ${line}` : `was: ${line}\nis:  ${instead}`;
		});
}
