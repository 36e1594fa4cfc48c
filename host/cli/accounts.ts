import { existsSync } from "node:fs";
import { join } from "node:path";
import { Applications } from "../daemon/applications.ts";
import { Memory } from "../daemon/memory.ts";

const say = (text: string): void => void process.stdout.write(`${text}\n`);

/** Both contexts of an M2ME; whether there are credentials, and never which. */
function contextsOf(folder: string) {
	const { provUrl, reportTo } = new Memory(folder).content;
	return {
		mcimProvisioning: provUrl ?? reportTo?.provUrl ?? null,
		applications: new Applications(folder).accounts.map(({ serverId, name, address, napId, init, credentials }) => ({
			...{ serverId, name, address, napId, init },
			credentials: credentials.map(({ level, type }) => ({ level, type })),
		})),
	};
}

/** `tre accounts`. */
export function printAccounts(folder: string, { json }: { readonly json?: boolean }): void {
	if (!existsSync(join(folder, "m2me.json")))
		throw new Error(`no M2ME has kept anything in ${folder}; give the folder of its --state`);
	const contexts = contextsOf(folder);
	if (json) {
		say(JSON.stringify(contexts));
		return;
	}
	say(`MCIM provisioning    ${contexts.mcimProvisioning ?? "no change is known"}`);
	if (contexts.applications.length === 0) say("M2M applications     none");
	for (const { serverId, address, napId, credentials } of contexts.applications) {
		const shown = credentials.map(({ level, type }) => `${level} ${type ?? "of any type"}`).join(", ");
		say(
			`M2M applications     ${serverId} at ${address} over ${napId ?? "any access point"}; ${shown || "no credentials"}`,
		);
	}
}
