/**
 * The board's flash (imports of the module `flash`). Addresses count octets from the start of the
 * store's own area. `program` only clears bits; `erase` sets a sector to 0xff. Results: 0 is success.
 * What was programmed is durable before any octet leaves over the UART afterwards.
 */
export declare function sector_size(): i32;
export declare function sector_count(): i32;
export declare function read(address: u32, out: usize, size: i32): i32;
export declare function program(address: u32, input: usize, length: i32): i32;
export declare function erase(sector: u32): i32;
