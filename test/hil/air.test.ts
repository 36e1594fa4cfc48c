import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { type Air, AirChannel, clearAir } from "../../hil/network/vno/air.ts";
import { generator } from "../../hil/rig/sampling.ts";

/** What arrives of messages 1 to `count`, and which were reported as not acknowledged. */
async function through(air: Partial<Air>, count: number): Promise<{ arrived: number[]; refused: number[] }> {
	const channel = new AirChannel(() => ({ ...clearAir, ...air }), generator(5));
	const [arrived, refused]: [number[], number[]] = [[], []];
	for (let n = 1; n <= count; n++) {
		try {
			await channel.deliver(async () => void arrived.push(n));
		} catch {
			refused.push(n);
		}
	}
	await sleep(300);
	return { arrived, refused };
}

describe("the air between visited network and device", () => {
	test("clear: everything once, in order", async () => {
		const { arrived, refused } = await through({}, 50);
		expect([arrived, refused]).toEqual([Array.from({ length: 50 }, (_, n) => n + 1), []]);
	});

	test("loss: what does not arrive is reported, and nothing else", async () => {
		const { arrived, refused } = await through({ loss: 0.2 }, 500);
		expect(refused.length).toBeGreaterThan(70);
		expect(refused.length).toBeLessThan(130);
		expect([...arrived, ...refused].sort((a, b) => a - b)).toEqual(Array.from({ length: 500 }, (_, n) => n + 1));
	});

	test("duplicates and another order: everything arrives, some twice, some late", async () => {
		const { arrived } = await through({ duplicate: 0.2, reorder: 0.2 }, 500);
		expect(new Set(arrived).size).toBe(500);
		expect(arrived.length).toBeGreaterThan(550);
		expect(arrived.some((n, at) => at > 0 && n < (arrived[at - 1] as number))).toBe(true);
	});
});
