import { dueOf } from "../../../hil/network/operator/drf/change.ts";
import { ChangeRegister } from "../../../hil/network/operator/drf/register.ts";
import type { Device, OutgoingChange, SignedBootstrap } from "../../../hil/network/operator/records.ts";
import type { Receipt } from "../../../host/wire/management/objects.ts";
import { type ModelTre, receiptState, type Signed } from "./tre.ts";

const TRE_ID = "0".repeat(32);
const REIGN = "ab".repeat(32);

/** All that SHO[i] remembers, as a value. */
export interface ShoMemory {
	readonly device: Device;
	readonly change?: OutgoingChange;
	readonly ended: readonly string[];
}

export const newSho: ShoMemory = {
	device: {
		...{ treId: TRE_ID, certSign: "", certEncrypt: "", imsi: "001010000000001", reign: REIGN },
		...{ serial: 0, bootstrapped: true, left: false },
	},
	ended: [],
};

/** The real register of changes on memory that can be copied; signing is a number, letters go nowhere. */
class Bench {
	device: Device;
	change: OutgoingChange | undefined;
	readonly ended: Set<string>;
	readonly register: ChangeRegister;

	constructor(memory: ShoMemory) {
		this.device = memory.device;
		this.change = memory.change;
		this.ended = new Set(memory.ended);
		const store = {
			devices: {
				get: () => this.device,
				update: (_: string, fields: Partial<Device>) => {
					this.device = { ...this.device, ...fields };
					return this.device;
				},
			},
			outgoing: {
				get: () => this.change,
				update: (_: string, fields: Partial<OutgoingChange>) => {
					this.change = { ...(this.change as OutgoingChange), ...fields };
					return this.change;
				},
			},
			ended: {
				get: (key: string) => (this.ended.has(key) ? {} : undefined),
				put: (key: string) => this.ended.add(key),
			},
			atomically: (run: () => unknown) => run(),
		};
		const desk = { voiding: () => this.sign() };
		const courier = { write: () => ({}), send: async () => ({}) };
		this.register = new ChangeRegister({ store } as never, courier as never, desk as never);
	}

	sign(): SignedBootstrap {
		this.device = { ...this.device, serial: this.device.serial + 1 };
		return { reign: REIGN, serial: this.device.serial, sent: "", at: 0 };
	}

	get memory(): ShoMemory {
		const { device, change } = this;
		return { device, ...(change ? { change } : {}), ended: [...this.ended] };
	}
}

/** SHO[i+1] registers its next attempt, where none is open. */
export function register(memory: ShoMemory, attempt: number): ShoMemory {
	const parts = { toSho: "sho-1.example", provUrl: "", certificate: "", account: "", challenge: "" };
	return {
		...memory,
		change: { treId: TRE_ID, changeId: String(attempt), attempt, ...parts, state: "registered" },
	};
}

export function withdraw(memory: ShoMemory): ShoMemory {
	const { change } = memory;
	// Once is as good as often, and there are fewer states.
	if (!change || change.shown) return memory;
	const bench = new Bench(memory);
	bench.register.withdraw(change, "");
	return bench.memory;
}

/** What is due is signed, if it is not yet, and goes out. */
export function send(memory: ShoMemory): { memory: ShoMemory; sent?: Signed } {
	const { device, change } = memory;
	const due = dueOf(device, change);
	if (due === "application") return sendApplication(memory);
	if (due === "update") return sendOffer(memory);
	if (due === "nothing" || due === "initial" || !change) return { memory };
	const bench = new Bench(memory);
	const field = { change: "bootstrap", withdrawal: "withdrawal", voiding: "voiding" } as const;
	const signed = change[field[due]] ?? bench.sign();
	bench.change = { ...change, [field[due]]: signed, ...(due === "change" ? { state: "sent" as const } : {}) };
	const kind = { change: "change", withdrawal: "withdraw", voiding: "initial" } as const;
	return {
		memory: bench.memory,
		sent: { kind: kind[due], serial: signed.serial, attempt: due === "change" ? change.attempt : 0 },
	};
}

function sendApplication(memory: ShoMemory): { memory: ShoMemory; sent?: Signed } {
	const [pending] = memory.device.applications ?? [];
	if (!pending) return { memory };
	const bench = new Bench(memory);
	const bootstrap = pending.bootstrap ?? bench.sign();
	bench.device = { ...bench.device, applications: [{ ...pending, bootstrap }] };
	return { memory: bench.memory, sent: { kind: "application", serial: bootstrap.serial, attempt: 0 } };
}

function sendOffer(memory: ShoMemory): { memory: ShoMemory; sent?: Signed } {
	const { offer } = memory.device;
	if (offer?.state.kind !== "offered") return { memory };
	const bench = new Bench(memory);
	const bootstrap = offer.state.bootstrap ?? bench.sign();
	bench.device = { ...bench.device, offer: { ...offer, state: { ...offer.state, bootstrap } } };
	return { memory: bench.memory, sent: { kind: "update", serial: bootstrap.serial, attempt: 0 } };
}

const noAccount = { object: "", user: "", clientPassword: "", serverPassword: "", serverNonce: "", clientNonce: "" };

/** The operator offers a firmware. */
export function offerFirmware(memory: ShoMemory): ShoMemory {
	const firmware = { id: "1", what: "firmware" as const, digest: "", version: "1.0.0", object: "", account: noAccount };
	const offer = { ...firmware, state: { kind: "offered" as const, untaken: 0 } };
	return { ...memory, device: { ...memory.device, offer } };
}

/** The owner wants an account of another context in his device. */
export function wantApplication(memory: ShoMemory): ShoMemory {
	const account = { serverId: "meters.example", address: "https://meters.example", init: true, credentials: [] };
	return { ...memory, device: { ...memory.device, applications: [{ account }] } };
}

/** A receipt with the open challenge, made when the TRE stood so. */
export function conclude(memory: ShoMemory, tre: ModelTre): ShoMemory {
	const bench = new Bench({
		...memory,
		device: { ...memory.device, serial: Math.max(memory.device.serial, tre.serial) },
	});
	const receipt = {
		...{ treId: TRE_ID, state: receiptState(tre), reign: REIGN, serial: tre.serial },
		nonceB: tre.nonceB === 0 ? Buffer.alloc(0) : Buffer.from([tre.nonceB]),
	} as Receipt;
	bench.register.conclude(TRE_ID, receipt, "");
	return bench.memory;
}
