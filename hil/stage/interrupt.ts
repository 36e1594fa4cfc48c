type Cleanup = () => Promise<void>;

const cleanups = new Set<Cleanup>();
let stopping = false;

function interrupted(): void {
	if (stopping) return;
	stopping = true;
	process.stderr.write("\nstopping all processes\n");
	Promise.allSettled([...cleanups].map((cleanup) => cleanup())).finally(() => process.exit(130));
}

/**
 * Runs `work`; a signal ends the process only after every `cleanup` of what runs has ended, however many
 * run at a time.
 */
export async function interruptible<T>(cleanup: Cleanup, work: () => Promise<T>): Promise<T> {
	if (cleanups.size === 0) for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, interrupted);
	cleanups.add(cleanup);
	try {
		return await work();
	} finally {
		cleanups.delete(cleanup);
		// A signal that came meanwhile has the last word.
		if (stopping) await new Promise(() => undefined);
		if (cleanups.size === 0) for (const signal of ["SIGINT", "SIGTERM"] as const) process.off(signal, interrupted);
	}
}
