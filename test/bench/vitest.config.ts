import { defineConfig } from "vitest/config";

/** `npm run bench [-- NAME]`: one benchmark after the other, alone on the machine as far as it goes. */
export default defineConfig({
	test: {
		globalSetup: ["test/support/keyed-device.ts"],
		include: ["test/bench/*.bench.ts"],
		testTimeout: 1_800_000,
		fileParallelism: false,
		reporters: [["default", { summary: false }]],
	},
});
