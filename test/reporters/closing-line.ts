import type { Reporter, TestModule } from "vitest/node";

/** A test may be skipped only where the machine lacks hardware, and its name says which. */
const REASON = /\(needs hardware: [^)]+\)/;

/** Ends a run with one plain line, and fails it where a test was skipped without a reason. */
export default class ClosingLine implements Reporter {
	onTestRunEnd(modules: readonly TestModule[]): void {
		const count = { passed: 0, failed: 0, skipped: 0, pending: 0 };
		const silent: string[] = [];
		for (const module of modules) {
			const failedBefore = count.failed;
			for (const test of module.children.allTests()) {
				const { state } = test.result();
				count[state]++;
				if (state === "skipped" && !REASON.test(test.fullName)) silent.push(test.fullName);
			}
			// A file or a hook that fails takes its tests with it.
			if (module.state() === "failed" && count.failed === failedBefore) count.failed++;
		}
		for (const name of silent) process.stdout.write(`skipped without naming missing hardware: ${name}\n`);
		if (silent.length > 0) process.exitCode = 1;
		process.stdout.write(`${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped\n`);
	}
}
