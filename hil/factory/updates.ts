/** Which updates a device takes in the field: any that its factory has signed, or only what its current SHO offers, too. */
export const updatePolicies = ["any", "offered"] as const;

export type UpdatePolicy = (typeof updatePolicies)[number];
