/** How a firmware gets into a device, by the word of --via; `ways/all.ts` has what each does. */
export const wayNames = ["update", "rom", "openocd", "dfu", "gdb"] as const;
export type WayName = (typeof wayNames)[number];
