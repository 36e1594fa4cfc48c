/** The rest of the board (imports of the module `board`). */
export declare function uart_write(input: usize, length: i32): void;
/** Running time in whole seconds since power-up; it never goes back. */
export declare function seconds(): u32;
/** Name of the target into `out`; the length is the result. */
export declare function target(out: usize, size: i32): i32;
/** Name of the entropy source, as in TRE info. */
export declare function entropy_name(out: usize, size: i32): i32;
