import type { OperatorConfig } from "../network/operator/config.ts";

type OperatorShape = Omit<OperatorConfig, "folder" | "registry">;

const fallback = { seconds: 3600, boots: 3 };

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
			egress: "provisioning",
			fallback,
		},
		{
			shoId: "sho-1.example",
			plmn: "00102",
			keyType: "rsa",
			validation: "local",
			apn: "m2m.sho-1.example",
			egress: "any",
			fallback,
		},
		{
			shoId: "sho-2.example",
			plmn: "00103",
			keyType: "ec",
			validation: "pva",
			apn: "m2m.sho-2.example",
			egress: "any",
			fallback,
		},
	] satisfies OperatorShape[],
	vno: { vnoId: "vno.example", plmn: "00199" },
	pva: { pvaId: "pva.example" },
} as const;
