import { type CommandName, commands, wire } from "../../../firmware/contract/commands.ts";
import { MAX_TRIAL_BOOTS, MAX_TRIAL_SECONDS } from "../../../firmware/contract/states.ts";
import { dataOf, protectData } from "../../../hil/network/operator/provisioning/envelope.ts";
import { issueLeaf, makeRoot } from "../../../hil/network/shared/certificates.ts";
import { encodeFrame } from "../../../host/link/frame.ts";
import { encodeRequest, type Request } from "../../../host/tre/codec.ts";
import type { DirectTre } from "../../support/machine.ts";
import type { Dictionary } from "../../support/mutate.ts";
import { strangeCertificates } from "./certificates.ts";
import { cborHeads, derWords, words, xmlWords } from "./dictionaries.ts";
import {
	accountContent,
	bootstrapDocuments,
	changeDocument,
	mcimContent,
	mcimDocument,
	offerContent,
	signedRequest,
	updateDocument,
} from "./documents.ts";
import { contentOf, framed } from "./frames.ts";
import { requests } from "./requests.ts";
import type { FuzzWorld, ImageName } from "./world.ts";

/** A parser of the TRE that reads octets from outside, and the way they get there. */
export interface Target {
	readonly name: string;
	/** Flash of the device that takes the inputs. */
	readonly image: ImageName;
	/** Names of the functions that are the parser. */
	readonly parser: RegExp;
	/** Share of their places that is reached at least; the rest no input from outside can reach. */
	readonly least: number;
	readonly dictionary: Dictionary;
	/** Inputs of the short form. */
	readonly inputs: number;
	seeds(): Promise<readonly Uint8Array[]>;
	run(tre: DirectTre, input: Uint8Array): void;
}

/** Sends a command; any answer of the contract is as good as any other. */
function send<Name extends CommandName>(tre: DirectTre, name: Name, request: Request<Name>): void {
	tre.exchange(encodeRequest(name, request));
}

const wholeBlocks = (data: Uint8Array): Uint8Array => {
	const whole = data.subarray(0, data.length - (data.length % 16));
	return whole.length > 0 ? whole : Buffer.alloc(16);
};

const hexWords = (...texts: string[]): Dictionary => texts.map((text) => Buffer.from(text, "hex"));

/** Frames off the line: COBS and CRC. */
const frame = (world: FuzzWorld): Target => ({
	...{ name: "frame", image: "idle", least: 0.95, inputs: 4000 },
	parser: /^firmware\/tre\/link\/frame\/(takeOctet|decode)$/,
	dictionary: hexWords("00", "0000", "01", "ff", "0101", "02"),
	seeds: async () => [
		...requests(world)
			.slice(0, 6)
			.map((octets, n) =>
				encodeFrame({ kind: 1, id: n + 1, segment: 0, segments: 1, octets: octets.subarray(0, wire.maxSegment) }),
			),
		Buffer.alloc(700, 0xff),
		Buffer.concat([Buffer.alloc(500, 7), Buffer.from([0])]),
	],
	run: (tre, input) => {
		tre.machine.receive(input);
		tre.machine.receive(Buffer.from([0]));
	},
});

/** What whole frames carry: segments, repetitions, acknowledgements. */
function segments(world: FuzzWorld): Target {
	const { request, haveResponse } = wire.kinds;
	const info = encodeRequest("info", {});
	const [hello, long] = requests(world);
	const count = Math.ceil(long.length / wire.maxSegment);
	const cut = (id: number): Buffer[] =>
		Array.from({ length: count }, (_, n) =>
			contentOf(request, id, n, count, long.subarray(n * wire.maxSegment, (n + 1) * wire.maxSegment)),
		);
	return {
		...{ name: "segments", image: "idle", least: 0.95, inputs: 3000 },
		parser:
			/^firmware\/tre\/link\/session\/(takeContent|takeSegment|startsHello|refuse|complete|sendResponse|sendHave)$/,
		dictionary: [contentOf(haveResponse, 1, 0, 0, Buffer.alloc(4)), contentOf(request, 1, 0, 1, info), ...cut(9)],
		seeds: async () => [
			Buffer.concat(cut(7)),
			Buffer.concat(cut(8).reverse()),
			Buffer.concat([1, 1].map(() => contentOf(request, 3, 0, 1, info))),
			Buffer.concat([contentOf(request, 4, 0, 1, info), contentOf(haveResponse, 4, 0, 1, Buffer.alloc(4))]),
			contentOf(request, 5, 0, 200, Buffer.alloc(wire.maxSegment)),
			Buffer.concat([1, 1].map(() => contentOf(request, 6, 0, 1, hello))),
		],
		run: (tre, input) => tre.machine.receive(framed(input)),
	};
}

/** CBOR: whole messages. */
const request = (world: FuzzWorld): Target => ({
	...{ name: "request", image: "idle", least: 0.9, inputs: 3000 },
	parser: /^firmware\/contract\/as\/(cbor\/CborReader|codec\/(\w+Request#read|allowedStates|requestElements))/,
	dictionary: [
		...cborHeads,
		...Object.values(commands).map(({ number }) => Buffer.from(number < 24 ? [number] : [0x18, number])),
	],
	seeds: async () => requests(world),
	run: (tre, input) => void tre.exchange(input),
});

/** XML of a bootstrap, under the good signature of the current SHO. */
const bootstrap = (world: FuzzWorld): Target => ({
	...{ name: "bootstrap", image: "idle", least: 0.95, inputs: 1500 },
	parser: /^firmware\/tre\/(trust\/bootstrap-document|xml\/scanner|octets\/text\/(decode|sextet))/,
	dictionary: xmlWords,
	seeds: async () => bootstrapDocuments(world),
	run: (tre, input) => send(tre, "acceptBootstrap", signedRequest("detached", input, world.ro)),
});

/** XML of M2MMCIM, under the good signature of the pending SHO. */
const m2mmcim = (world: FuzzWorld): Target => ({
	...{ name: "m2mmcim", image: "requested", least: 0.9, inputs: 600 },
	parser: /^firmware\/tre\/trust\/management-objects\/M2mmcim/,
	dictionary: words(
		...['<M2MMCIM xmlns="urn:x-m2m:tre:1">', "<NonceB>", "</NonceB>", "<ProtectedMCIM>", "</ProtectedMCIM>"],
		...["</M2MMCIM>", "=", "==", world.nonceB.toString("base64")],
	),
	seeds: async () => [
		mcimDocument(world.nonceB, protectData(dataOf(mcimContent(world.owned.treId, world)), world.encryptKey)),
		mcimDocument(world.nonceB, Buffer.from([2])),
	],
	run: (tre, input) => send(tre, "acceptMcim", signedRequest("enveloped", input, world.sho1)),
});

/** Protected data as it comes: suite, wrap, ENC, MAC. */
const envelope = (world: FuzzWorld, p256: boolean): Target => {
	const { treId, nonceB, encryptKey } = p256 ? world.p256 : { ...world.owned, ...world };
	const suites = p256 ? ([3] as const) : ([1, 2] as const);
	return {
		name: p256 ? "envelope-p256" : "envelope",
		image: p256 ? "requestedP256" : "requested",
		// Half of the way is the other kind of suite; failures inside Mbed TLS cannot be had from outside.
		...{ least: 0.45, inputs: 150, dictionary: hexWords("01", "02", "03", "04", "80") },
		parser: /^(tre_envelope_open|unwrap\w*|shared_x)$/,
		seeds: async () => suites.map((suite) => protectData(dataOf(mcimContent(treId, world)), encryptKey, suite)),
		run: (tre, input) => send(tre, "acceptMcim", signedRequest("enveloped", mcimDocument(nonceB, input), world.sho1)),
	};
};

/** Protected data in clear, and what an MCIM says in it; encrypted and authenticated as it has to be. */
const mcim = (world: FuzzWorld): Target => ({
	...{ name: "mcim-content", image: "requested", least: 0.95, inputs: 250, dictionary: cborHeads },
	parser: /^(read_data|firmware\/tre\/mcim\/mcim\/(Mcim#read|isImsi))$/,
	seeds: async () =>
		[
			{},
			{ imsi: "12345" },
			{ imsi: "1234567890123456" },
			{ imsi: "00101000000000x" },
			{ algorithm: "tuak" },
			{ constants: [1] },
			{ fallback: [2, 1, 1] },
			{ fallback: [0, 0, 0] },
			{ fallback: [1, MAX_TRIAL_SECONDS + 1, 1] },
			{ fallback: [1, 1, MAX_TRIAL_BOOTS + 1] },
			{ fallback: [1] },
			{ kLength: 15 },
		].map((change) => dataOf(mcimContent(world.owned.treId, world, change))),
	run: (tre, input) => {
		const object = protectData(wholeBlocks(input), world.encryptKey);
		send(tre, "acceptMcim", signedRequest("enveloped", mcimDocument(world.nonceB, object), world.sho1));
	},
});

/** What a DM account says once it is open. */
const account = (world: FuzzWorld): Target => ({
	...{ name: "account-content", image: "idle", least: 0.95, inputs: 250, dictionary: cborHeads },
	parser: /^firmware\/tre\/mcim\/account\/Account#read$/,
	seeds: async () =>
		[
			{},
			{ rootHash: Buffer.alloc(31) },
			{ serverId: "" },
			{ serverId: "x".repeat(200) },
			{ user: "" },
			{ user: "x".repeat(200) },
			{ clientNonce: Buffer.alloc(64) },
			{ clientLength: 36, serverLength: 0 },
			{ clientLength: 0, serverLength: 36 },
			{ clientLength: 17 },
		].map((change) => dataOf(accountContent(world, change))),
	run: (tre, input) =>
		send(tre, "acceptBootstrap", signedRequest("detached", changeDocument(world, wholeBlocks(input)), world.ro)),
});

/** What an offer of firmware says once it is open. */
const offer = (world: FuzzWorld): Target => ({
	...{ name: "offer-content", image: "idle", least: 0.95, inputs: 250, dictionary: cborHeads },
	parser: /^firmware\/tre\/update\/offer\/Offer#read$/,
	seeds: async () =>
		[
			{},
			{ root: Buffer.alloc(31) },
			{ what: "" },
			{ what: "radio" },
			{ what: "none" },
			{ digest: Buffer.alloc(31) },
		].map((change) => dataOf(offerContent(world, change))),
	run: (tre, input) =>
		send(tre, "acceptBootstrap", signedRequest("detached", updateDocument(world, wholeBlocks(input)), world.ro)),
});

/** X.509, as CertTRE and as a root. */
const certificate = ({ owned, ro, pva }: FuzzWorld): Target => ({
	...{ name: "certificate", image: "keyed", least: 0.75, inputs: 3000, dictionary: derWords },
	parser:
		/^(tre_x509_facts|tre_x509_verify|mbedtls_x509_crt_parse_der_internal|mbedtls_x509_get_(serial|name|time|sig|sig_alg|ext|key_usage|subject_alt_name|subject_alt_name_ext)|mbedtls_asn1_get_(len|tag|bool|mpi|bitstring|bitstring_null|alg|sequence_of)|mbedtls_asn1_traverse_sequence_of|mbedtls_pk_parse_subpubkey|mbedtls_oid_get_(x509_ext_type|sig_alg|pk_alg|ec_grp))$/,
	seeds: async () => [
		...[owned.certSign, owned.certEncrypt, ro.certificate, pva.certificate],
		(await makeRoot("sho.example", "ec")).certificate,
		(await issueLeaf(pva, "leaf", ["host.example"], "server")).certificate,
		...strangeCertificates(),
	],
	run: (tre, input) => {
		send(tre, "installCertificates", { sign: input, encrypt: input, pva: pva.certificate, sho: ro.certificate });
		send(tre, "installCertificates", { sign: owned.certSign, encrypt: owned.certEncrypt, pva: input, sho: input });
	},
});

export const targets = (world: FuzzWorld): readonly Target[] => [
	...[frame(world), segments(world), request(world), bootstrap(world), m2mmcim(world)],
	...[envelope(world, false), envelope(world, true), mcim(world), account(world), offer(world)],
	certificate(world),
];
