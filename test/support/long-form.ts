/** `npm run test:full`. */
export const full = process.env.TEST_FULL === "1";

/** How often something is tried: so many times in the short form, a hundred times as many in the long one. */
export const times = (short: number): number => short * (full ? 100 : 1);
