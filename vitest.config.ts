import { defineConfig } from "vitest/config";

export default defineConfig({
	test: {
		globalSetup: ["test/support/keyed-device.ts"],
		include: ["test/**/*.test.ts"],
		// Key generation on a loaded machine is the slowest thing a test waits for.
		testTimeout: 120_000,
		hookTimeout: 180_000,
		fileParallelism: true,
		maxWorkers: 2,
		reporters: ["default", "./test/reporters/closing-line.ts"],
	},
});
