import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { Deframer, encodeFrame } from "../../../host/link/frame.ts";
import { CompiledC } from "../../support/compile-wasm.ts";
import { times } from "../../support/long-form.ts";

const common = "firmware/boards/common";
const here = "test/firmware/boards/drivers";

/** By the folder of the driver: the model of its UART, how many octets that has room for, a board's registers. */
const uarts = {
	stm32f405: { model: "usart", room: 1, board: "stm32f405" },
	mps2: { model: "cmsdk", room: 1, board: "mps2-an505" },
	"nrf52840-dk": { model: "nrf", room: 6, board: "nrf52840-dk" },
	esp32c3: { model: "esp", room: 128, board: "esp32c3" },
	"riscv-virt": { model: "ns16550", room: 16, board: "riscv-virt" },
} as const;
type Driver = keyof typeof uarts;

/** More often than any octet needs: an interrupt that does not end is a core that does nothing else. */
const STUCK = 16;

/** A UART driver with the ring behind it, on a model of the registers. */
class Receiver {
	readonly #compiled: CompiledC;
	readonly #uart: string;

	constructor(driver: Driver, source = `firmware/boards/${driver}/uart.c`) {
		const { model, board } = uarts[driver];
		const include = [common, `firmware/boards/${board}`, here];
		this.#compiled = new CompiledC([source, `${common}/line.c`, `${here}/uart.cpp`], include, `${here}/uart.hpp`);
		this.#uart = model;
	}

	reset(): void {
		this.taken();
		this.#compiled.call("model_reset");
		this.#compiled.call("board_uart_init");
	}

	/** An octet on the wire; `framed`: with a stop bit. The core is busy, and takes none now. */
	arrives(octet: number, framed = true): void {
		this.#compiled.call(`${this.#uart}_arrives`, octet, Number(framed));
	}

	/** The core has time: the interrupt runs as long as the UART asks for it. */
	serve(): void {
		for (let n = 0; this.#compiled.call(`${this.#uart}_interrupts`) !== 0; n++) {
			if (n === STUCK) throw new Error("the interrupt does not end");
			this.#compiled.call("uart_interrupt");
		}
	}

	/** Octets one by one, each taken in time. */
	receive(octets: Uint8Array): void {
		for (const octet of octets) {
			this.arrives(octet);
			this.serve();
		}
	}

	/** An octet that comes behind so many accesses of the driver from now on. */
	later(accesses: number, octet: number): void {
		this.#compiled.set("later_octet", octet);
		this.#compiled.set("later_in", accesses);
	}

	/** Has it not come yet? */
	get waits(): boolean {
		return this.#compiled.get("later_in") > 0;
	}

	get overruns(): number {
		return this.#compiled.get("overruns");
	}

	/** What the main loop gets. */
	taken(): Buffer {
		const at = this.#compiled.put(new Uint8Array(4096));
		const length = this.#compiled.call("line_take", at, 4096);
		return Buffer.from(this.#compiled.octets(at, length));
	}

	write(octets: Uint8Array): number[] {
		this.#compiled.call("board_uart_write", this.#compiled.put(octets), octets.length);
		return Array.from({ length: this.#compiled.get("sent_count") }, (_, n) => this.#compiled.call("model_sent", n));
	}
}

const frame = Buffer.from(encodeFrame({ kind: 1, id: 7, segment: 0, segments: 1, octets: Buffer.from("status") }));
const framesIn = (octets: Uint8Array): number => new Deframer().push(octets).length;

describe.each(Object.keys(uarts) as Driver[])("the UART driver of %s on a model of its registers", (driver) => {
	const uart = new Receiver(driver);
	beforeEach(() => uart.reset());

	test("every octet comes, in order, and goes", () => {
		fc.assert(
			fc.property(fc.uint8Array({ minLength: 1, maxLength: 64 }), (octets) => {
				uart.reset();
				uart.receive(octets);
				expect(uart.taken()).toEqual(Buffer.from(octets));
				expect(uart.write(octets)).toEqual([...octets]);
				expect(uart.overruns).toBe(0);
			}),
			{ numRuns: times(50) },
		);
	});

	test("an overrun costs the octet that found no room: the one before is kept, and the next ones come", () => {
		const kept = Array.from({ length: uarts[driver].room }, (_, n) => 0x11 + n);
		for (const octet of [...kept, 0x99]) uart.arrives(octet);
		uart.serve();
		uart.receive(Uint8Array.of(0x33));
		expect(uart.taken()).toEqual(Buffer.from([...kept, 0x33]));
		expect(uart.overruns).toBe(1);
		uart.receive(frame);
		expect(framesIn(uart.taken())).toBe(1);
	});

	test("an octet that comes while the interrupt works is not lost, wherever it does", () => {
		for (let accesses = 1; ; accesses++) {
			uart.reset();
			uart.arrives(0x11);
			uart.later(accesses, 0x22);
			uart.serve();
			// The driver had done its work before.
			if (uart.waits) break;
			// One that comes before the first has been taken out is an overrun, and costs itself alone.
			const expected = uart.overruns === 0 ? [0x11, 0x22] : [0x11];
			expect([...uart.taken()].slice(0, 2), `after ${accesses}`).toEqual(expected);
			uart.receive(frame);
			expect(framesIn(uart.taken()), `after ${accesses}`).toBe(1);
		}
	});

	test("a BREAK ends the frame under way, and the next one comes whole", () => {
		uart.receive(frame.subarray(0, 9));
		for (let n = 0; n < 3; n++) {
			uart.arrives(0, false);
			uart.serve();
		}
		uart.receive(frame.subarray(1));
		const taken = uart.taken();
		expect(taken.subarray(9, 12)).toEqual(Buffer.alloc(3));
		expect(framesIn(taken)).toBe(1);
	});

	test("any line: after whatever went wrong a frame with a delimiter in front of it comes whole", () => {
		const event = fc.oneof(
			fc.record({ octet: fc.nat(255), framed: fc.boolean(), served: fc.boolean() }),
			fc.record({ octet: fc.nat(255), framed: fc.constant(true), served: fc.constant(true) }),
		);
		fc.assert(
			fc.property(fc.array(event, { maxLength: 60 }), fc.nat(6), (events, accesses) => {
				uart.reset();
				for (const { octet, framed, served } of events) {
					uart.arrives(octet, framed);
					if (!served) continue;
					uart.later(accesses, octet ^ 0xff);
					uart.serve();
				}
				uart.later(0, 0);
				uart.serve();
				uart.taken();
				uart.receive(frame);
				expect(framesIn(uart.taken())).toBe(1);
			}),
			{ numRuns: times(200) },
		);
	});
});

describe.each(["stm32f405", "riscv-virt"] as const)(
	"a framing error (RM0090 clause 30.3.3) on %s: the octet is none, a delimiter stands in its place",
	(driver) => {
		const uart = new Receiver(driver);
		beforeEach(() => uart.reset());

		test("whatever the octet looks like", () => {
			for (let octet = 0; octet < 256; octet++) {
				uart.arrives(octet, false);
				uart.serve();
				uart.receive(Uint8Array.of(0x55));
				expect(uart.taken()).toEqual(Buffer.of(0, 0x55));
			}
		});

		test("noise on an idle line in front of a frame costs nothing, with a delimiter in front of the frame or without", () => {
			for (const from of [0, 1]) {
				uart.arrives(0xff, false);
				uart.serve();
				uart.receive(frame.subarray(from));
				expect(framesIn(uart.taken())).toBe(1);
			}
		});

		test("together with an overrun", () => {
			uart.arrives(0x80, false);
			uart.arrives(0x22);
			uart.serve();
			uart.receive(frame);
			const taken = uart.taken();
			expect(taken[0]).toBe(0);
			expect(framesIn(taken)).toBe(1);
		});
	},
);

describe("faults planted in the drivers are found by the model", () => {
	const folder = mkdtempSync(join(tmpdir(), "planted-uart-"));
	afterAll(() => rmSync(folder, { recursive: true, force: true }));

	/** A line with everything on it; what of it comes, or why nothing does. */
	function outcome(uart: Receiver): string {
		try {
			uart.reset();
			uart.arrives(0x11);
			uart.arrives(0x22);
			uart.serve();
			uart.arrives(0x11);
			uart.later(1, 0x22);
			uart.serve();
			uart.arrives(0x80, false);
			uart.serve();
			uart.arrives(0x33);
			uart.later(2, 0x44);
			uart.serve();
			uart.receive(frame);
			return uart.taken().toString("hex");
		} catch (error) {
			return (error as Error).message;
		}
	}

	test.each([
		["stm32f405", "a framing error is an octet", "status & RX_FRAMING ? 0 : octet", "octet"],
		["stm32f405", "an overrun alone is an octet", "if (status & RX_FULL) line_received", "line_received"],
		["stm32f405", "an overrun is not looked for", "(RX_FULL | RX_OVERRUN)", "RX_FULL"],
		["riscv-virt", "a framing error is an octet", "status & (STATUS_FRAMING | STATUS_BREAK) ? 0 : octet", "octet"],
		[
			"riscv-virt",
			"the octet is taken before the look at its errors",
			"  for (;;) {\n",
			"  for (;;) {\n    (void)(uint8_t)UART_DATA;\n",
		],
		[
			"nrf52840-dk",
			"the event is cleared behind the octet",
			"line_received((uint8_t)UART_RXD);",
			"line_received((uint8_t)UART_RXD);\n    UART_RXDRDY = 0;",
		],
		["nrf52840-dk", "an error's interrupt is not ended", "    UART_ERROR = 0;\n", ""],
		["nrf52840-dk", "a framing error ends no frame", "if (errors & FRAMING_OR_BREAK) line_received(0);", ""],
		[
			"esp32c3",
			"a framing error ends no frame",
			"if (why & (INTERRUPT_FRAMING | INTERRUPT_BREAK)) line_received(0);",
			"",
		],
		[
			"esp32c3",
			"an error's interrupt is not ended",
			"  UART_INT_CLR = why & (INTERRUPT_FRAMING | INTERRUPT_BREAK);\n",
			"",
		],
		["esp32c3", "the interrupt of octets is not ended", "  UART_INT_CLR = INTERRUPT_RX;\n", ""],
		["mps2", "the interrupt is not ended", "  UART_INTERRUPT = INTERRUPT_RX;\n", ""],
		[
			...(["mps2", "the interrupt is ended behind the look"] as const),
			"  UART_INTERRUPT = INTERRUPT_RX;\n  while (UART_STATE & STATE_RX_FULL) line_received((uint8_t)UART_DATA);\n",
			"  while (UART_STATE & STATE_RX_FULL) line_received((uint8_t)UART_DATA);\n  UART_INTERRUPT = INTERRUPT_RX;\n",
		],
	] as const)("%s: %s", (driver, _name, from, to) => {
		const source = readFileSync(`firmware/boards/${driver}/uart.c`, "utf8");
		expect(source).toContain(from);
		const path = join(folder, "uart.c");
		writeFileSync(path, source.replace(from, to));
		expect(outcome(new Receiver(driver, path))).not.toBe(outcome(new Receiver(driver)));
	});
});
