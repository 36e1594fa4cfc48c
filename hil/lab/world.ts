import type { OperatorConfig } from "../network/operator/config.ts";

type OperatorShape = Omit<OperatorConfig, "folder" | "registry" | "access">;

/** The visited network of the embedded world, and a name under which the bench itself may ask an HLR/AuC. */
const VNO = "vno.example";
export const BENCH = "bench.example";

const common: Pick<OperatorShape, "hlr" | "agreements" | "barredImeis" | "fallback" | "releaseCode" | "attempts"> = {
	hlr: "own",
	agreements: [VNO, BENCH],
	barredImeis: [],
	fallback: { seconds: 3600, boots: 3 },
	releaseCode: "required",
	attempts: 3,
};

/**
 * The embedded world: a registration operator, two selected home operators, a visited network, a PVA.
 * SHO[1] validates TREs locally, SHO[2] asks the PVA; SHO[2]'s CertSHO is on an elliptic curve.
 */
export const world = {
	operators: [
		{
			shoId: "ro.example",
			plmn: "00101",
			keyType: "rsa",
			validation: "local",
			apn: "provisioning.ro.example",
			...common,
		},
		{
			shoId: "sho-1.example",
			plmn: "00102",
			keyType: "rsa",
			validation: "local",
			apn: "m2m.sho-1.example",
			...common,
		},
		{
			shoId: "sho-2.example",
			plmn: "00103",
			keyType: "ec",
			validation: "pva",
			apn: "m2m.sho-2.example",
			...common,
		},
	] satisfies OperatorShape[],
	vno: { vnoId: VNO, plmn: "00199" },
	pva: { pvaId: "pva.example" },
} as const;

/** What one lab has otherwise, by SHO_id: the file world.json in its folder. */
export type WorldChanges = Readonly<
	Record<
		string,
		Partial<Pick<OperatorShape, "fallback" | "releaseCode" | "attempts" | "validation" | "hlr" | "barredImeis">>
	>
>;

/** The operators of a lab. Throws where a change names none of them. */
export function operatorsWith(changes: WorldChanges): readonly OperatorShape[] {
	const shapes: readonly OperatorShape[] = world.operators;
	for (const shoId of Object.keys(changes)) {
		if (!shapes.some((shape) => shape.shoId === shoId)) throw new Error(`world.json: no operator ${shoId}`);
	}
	return shapes.map((shape) => ({ ...shape, ...changes[shape.shoId] }));
}
