import { accessSync, constants, existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { userInfo } from "node:os";
import { deviceOf, holderOfPort } from "../link/lock.ts";
import type { Finding } from "./finding.ts";

/** Probes and loaders that this project names, as USB knows them. */
const usbDevices = [
	["0483", "df11"],
	["0483", "3748"],
	["0483", "374b"],
	["1366", "0101"],
] as const;

const RULES_FILE = "/etc/udev/rules.d/60-tre.rules";

/** A rule for those who sit at the machine, and for the group plugdev. */
export const udevRules = usbDevices
	.map(
		([vendor, product]) =>
			`SUBSYSTEM=="usb", ATTRS{idVendor}=="${vendor}", ATTRS{idProduct}=="${product}", MODE="0660", GROUP="plugdev", TAG+="uaccess"`,
	)
	.join("\n");

/** Rules of Debian's packages that cover the same devices, and ours. */
const knownRules = ["/lib/udev/rules.d/60-openocd.rules", "/lib/udev/rules.d/60-dfu-util.rules", RULES_FILE];

export function usbFinding(): Finding {
	const rules = knownRules.find((path) => existsSync(path));
	if (rules !== undefined)
		return { about: "usb", name: "udev", standing: "ok", says: `${rules} opens probes and loaders` };
	return {
		about: "usb",
		name: "udev",
		standing: "wanting",
		says: "no udev rule opens probes and DFU loaders for users",
		advice: `put the rule into ${RULES_FILE}, then: sudo udevadm control --reload && sudo udevadm trigger`,
	};
}

const namesIn = (folder: string): readonly string[] => (existsSync(folder) ? readdirSync(folder).sort() : []);

/** Serial devices of adapters, by the name that stays where there is one; a machine's own ports are none. */
export function serialPorts(): readonly string[] {
	const byId = namesIn("/dev/serial/by-id").map((name) => `/dev/serial/by-id/${name}`);
	const named = new Set(byId.map(deviceOf));
	const others = namesIn("/dev").filter((name) => /^tty(USB|ACM)\d+$/.test(name));
	return [...byId, ...others.map((name) => `/dev/${name}`).filter((path) => !named.has(path))];
}

const groupNamed = (gid: number): string => {
	const row = existsSync("/etc/group") ? readFileSync("/etc/group", "utf8").split("\n") : [];
	return row.map((line) => line.split(":")).find(([, , id]) => id === String(gid))?.[0] ?? String(gid);
};

function mayOpen(port: string): boolean {
	try {
		accessSync(port, constants.R_OK | constants.W_OK);
		return true;
	} catch {
		return false;
	}
}

/** What stands in the way of opening a serial device; `isAsked` where the command names it. */
export function portFindings(port: string, isAsked: boolean): readonly Finding[] {
	const bad = isAsked ? "wrong" : "wanting";
	if (port.startsWith("tcp://")) return [{ about: "port", name: port, standing: "ok", says: "a TCP port" }];
	const stat = statSync(port, { throwIfNoEntry: false });
	if (!stat)
		return [
			{
				about: "port",
				name: port,
				standing: bad,
				says: "is not there",
				advice: "plug its adapter in, or start an emulated TRE: npm run -s tre -- emulate --link ./tre0",
			},
		];
	if (!stat.isCharacterDevice())
		return [
			{
				about: "port",
				name: port,
				standing: bad,
				says: "is no serial device",
				advice: "name a serial device, or tcp://HOST:PORT",
			},
		];
	const found: Finding[] = [{ about: "port", name: port, standing: "ok", says: "is a serial device" }];
	if (!mayOpen(port)) {
		const group = groupNamed(stat.gid);
		found.push({
			about: "permission",
			name: port,
			standing: bad,
			says: `belongs to the group ${group}, and ${userInfo().username} may not open it`,
			advice: `sudo usermod -a -G ${group} ${userInfo().username}    # then log in again`,
		});
	}
	const holder = holderOfPort(port);
	if (holder !== undefined)
		found.push({
			about: "lock",
			name: port,
			standing: bad,
			says: `is in use by ${holder}`,
			advice: "stop that program, or name another port",
		});
	return found;
}
