import { existsSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { Applications } from "../daemon/applications.ts";
import { Memory } from "../daemon/memory.ts";

const USAGE = 2;

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

function print(folder: string, json: boolean): void {
	if (!existsSync(join(folder, "m2me.json"))) {
		process.stderr.write(`tre accounts: no M2ME has kept anything in ${folder}; give the folder of its --state\n`);
		process.exitCode = 1;
		return;
	}
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

/** `tre accounts`; resolves to the exit code. */
export async function runAccounts(args: readonly string[]): Promise<number> {
	const program = new Command("tre accounts")
		.description("the servers that an M2ME was bootstrapped for, by context")
		.argument("<state>", "folder of the M2ME (--state)")
		.option("--json", "for machines")
		.showHelpAfterError()
		.exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : USAGE))
		.action((folder: string, { json }) => print(folder, json === true));
	await program.parseAsync(args, { from: "user" });
	return Number(process.exitCode ?? 0);
}
