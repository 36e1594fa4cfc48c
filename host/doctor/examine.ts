import { existsSync } from "node:fs";
import { inWords, version as ownVersion } from "../../firmware/local/program.ts";
import { builtBundle, readBundle } from "../flash/bundle.ts";
import { FlashRefused } from "../flash/refused.ts";
import { type Found, findTool, installLine, type Tool, tools } from "../flash/tools.ts";
import { TreClient } from "../tre/client.ts";
import { type Device, type Finding, nextCommand } from "./finding.ts";
import { portFindings, serialPorts, udevRules, usbFinding } from "./ports.ts";

/** All that was looked at. */
export interface Examination {
	readonly version: string;
	readonly findings: readonly Finding[];
	readonly device: Device | null;
	/** The text of a udev rule, where none is there. */
	readonly udevRules: string | null;
	readonly next: string;
}

/** A TRE that is there answers at once; one in the middle of making keys takes longer, and is asked again by whoever waits. */
const ANSWER_MS = 5_000;

const toolWords = (tool: Tool, found: Found): string => {
	if (found.is === "missing") return "is not there";
	if (found.is === "strange") return "does not say which version it is";
	return `version ${found.version}${found.is === "old" ? `, older than ${tool.since.join(".")}` : ""}`;
};

async function toolFinding(tool: Tool): Promise<Finding> {
	const found = await findTool(tool);
	const base = { about: "tool", name: tool.program, says: toolWords(tool, found) } as const;
	return found.is === "there"
		? { ...base, standing: "ok" }
		: { ...base, standing: "wanting", advice: installLine(tool) };
}

/** Asks the TRE what it is. */
async function deviceOn(port: string, baudRate: number): Promise<{ device?: Device; finding: Finding }> {
	try {
		const tre = await TreClient.open(port, { deadlineMs: ANSWER_MS, baudRate });
		try {
			const { target, version } = await tre.call("info", {});
			const { state } = await tre.status();
			return {
				device: { port, target, version, state },
				finding: { about: "board", name: port, standing: "ok", says: `a TRE on ${target}, ${state}` },
			};
		} finally {
			await tre.close();
		}
	} catch (error) {
		return {
			finding: {
				about: "board",
				name: port,
				standing: "wrong",
				says: `no TRE answers (${inWords(error)})`,
				advice: `swap RX and TX, try --baud; a board without a firmware is flashed: npm run -s tre -- flash ${port} --via rom`,
			},
		};
	}
}

/** The version that was built here for a board; undefined where none was, or none that can be read. */
function builtVersion(board: string): string | undefined {
	const path = builtBundle(board);
	if (!existsSync(path)) return undefined;
	try {
		return readBundle(path).slots[0]?.header.version;
	} catch (error) {
		if (error instanceof FlashRefused) return undefined;
		throw error;
	}
}

function firmwareFinding({ port, target, version }: Device): Finding {
	const built = builtVersion(target);
	const base = { about: "firmware", name: target } as const;
	if (built !== undefined && built !== version)
		return {
			...base,
			standing: "wanting",
			says: `version ${version}; ${built} was built here`,
			advice: `npm run -s tre -- flash ${port}`,
		};
	if (version !== ownVersion())
		return { ...base, standing: "wanting", says: `version ${version}; this host is of ${ownVersion()}` };
	return { ...base, standing: "ok", says: `version ${version}, that of this host` };
}

/** Looks at this machine, and at the TRE on a port where one is named. Nothing is changed. */
export async function examine(port: string | undefined, baudRate: number): Promise<Examination> {
	const findings: Finding[] = await Promise.all(Object.values(tools).map(toolFinding));
	const others = serialPorts().filter((one) => one !== port);
	const usb = usbFinding();
	findings.push(usb, ...others.flatMap((one) => portFindings(one, false)));
	let device: Device | undefined;
	if (port !== undefined) {
		const asked = portFindings(port, true);
		findings.push(...asked);
		if (asked.every(({ standing }) => standing === "ok")) {
			const answer = await deviceOn(port, baudRate);
			device = answer.device;
			findings.push(answer.finding, ...(device ? [firmwareFinding(device)] : []));
		}
	}
	return {
		version: ownVersion(),
		findings,
		device: device ?? null,
		udevRules: usb.standing === "ok" ? null : udevRules,
		next: nextCommand(findings, device, others),
	};
}
