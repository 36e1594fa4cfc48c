/** How something stands: as it should, in need of a hand where it is wanted, or in the way of what was asked for. */
export type Standing = "ok" | "wanting" | "wrong";

/** One thing that was looked at. */
export interface Finding {
	readonly about: "tool" | "port" | "permission" | "usb" | "lock" | "board" | "firmware";
	readonly name: string;
	readonly standing: Standing;
	/** In words. */
	readonly says: string;
	/** What to do, where it is not as it should be; a command, or what to change by hand. */
	readonly advice?: string;
}

/** What the device on a port is, as far as it has answered. */
export interface Device {
	readonly port: string;
	readonly target: string;
	readonly version: string;
	readonly state: string;
}

/** The next command to type. */
export function nextCommand(
	findings: readonly Finding[],
	device: Device | undefined,
	ports: readonly string[],
): string {
	const wrong = findings.find(({ standing, advice }) => standing === "wrong" && advice !== undefined);
	if (wrong?.advice !== undefined) return wrong.advice;
	if (device) {
		const firmware = findings.find(({ about, standing }) => about === "firmware" && standing !== "ok");
		if (firmware?.advice !== undefined) return firmware.advice;
		return device.state === "blank" || device.state === "keyed"
			? `npm run -s hil -- factory ${device.port}`
			: `npm run -s tre -- info ${device.port}`;
	}
	const tool = findings.find(({ about, standing }) => about === "tool" && standing !== "ok");
	if (tool?.advice !== undefined) return tool.advice;
	return ports.length > 0 ? `npm run -s tre -- doctor ${ports[0]}` : "npm run -s tre -- emulate --link ./tre0";
}
