/**
 * Two slots for firmware and the boot records (imports of the module `update`; `firmware/boot` is behind them on every
 * target). Slots count from 0, offsets from the start of a slot. Results: 0 is success.
 */
/** Octets of a slot; 0 where this firmware was not started by a boot stage, and nothing below may be called. */
export declare function slot_size(): i32;
/** The slot that this firmware runs from. It is never written. */
export declare function running(): i32;
export declare function read(slot: u32, offset: u32, out: usize, size: i32): i32;
export declare function program(slot: u32, offset: u32, input: usize, length: i32): i32;
export declare function erase(slot: u32): i32;
/** Why a header (IMAGE_USED_SIZE octets) is none for that slot, as `boot.h` numbers it, or 0. */
export declare function header_fault(header: usize, length: i32, slot: u32): i32;
/** The same of a whole slot, its octets included. */
export declare function image_fault(slot: u32): i32;
/** The last boot record: slot | confirmed << 8 | starts left << 16, or -1 where there is none. */
export declare function record(): i32;
/** That slot is to start from now on: on trial, or for good. */
export declare function choose(slot: u32, confirmed: u32): i32;
/** The firmware of the last record is good. */
export declare function confirm(): i32;
/** The device restarts when the answer to this command has left. */
export declare function restart(): void;
