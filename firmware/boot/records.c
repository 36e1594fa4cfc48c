/*
 * Boot records, 16 octets each, appended: check | sequence and slot | tries | confirmed. Each word is programmed from 0xffffffff
 * and only loses bits afterwards, so that a power cut anywhere leaves a record that counts or does not.
 *
 *   check      ~word ^ MAGIC, written last: without it there is no record
 *   word       sequence << 8 | slot; the highest sequence is the last record
 *   tries      a bit for each start that is left; one falls before each start of a firmware on trial
 *   confirmed  all bits stand: on trial. Any has fallen: confirmed, for only a confirmation makes them fall
 *
 * The sectors take turns: one that is full is left alone until the other one is, too.
 */
#include "boot.h"

#define MAGIC 0x54524542u /* "BERT" */
#define ERASED 0xffffffffu
#define RECORD 16u
#define WORD_AT 4u
#define TRIES_AT 8u
#define CONFIRMED_AT 12u
#define TRIES_MASK ((1u << BOOT_TRIES) - 1u)

/* Where a record stands, and its number. */
typedef struct {
  uint32_t found, half, offset, sequence, slot;
} place;

/* Its words as they stand there; zeros, which are no record, where they cannot be read. */
typedef struct {
  uint32_t check, word, tries, confirmed;
} content;

static content content_at(uint32_t half, uint32_t offset) {
  uint8_t octets[RECORD];
  uint32_t words[RECORD / 4];
  if (boot_records_read(half, offset, octets, sizeof octets) != 0) return (content){0, 0, 0, 0};
  for (uint32_t n = 0; n < RECORD / 4; n++) {
    const uint8_t *at = octets + 4 * n;
    words[n] = at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
  }
  return (content){words[0], words[1], words[2], words[3]};
}

static int32_t program_word(uint32_t half, uint32_t offset, uint32_t value) {
  const uint8_t octets[4] = {(uint8_t)value, (uint8_t)(value >> 8), (uint8_t)(value >> 16), (uint8_t)(value >> 24)};
  uint8_t there[4];
  if (boot_records_program(half, offset, octets, sizeof octets) != 0) return -1;
  /* A cell that is worn out takes a programming and does not keep it. */
  if (boot_records_read(half, offset, there, sizeof there) != 0) return -1;
  uint32_t other = 0;
  for (uint32_t n = 0; n < sizeof there; n++) other |= there[n] ^ octets[n];
  return other == 0 ? 0 : -1;
}

static int is_erased(uint32_t half, uint32_t offset) {
  const content there = content_at(half, offset);
  return (there.check & there.word & there.tries & there.confirmed) == ERASED;
}

static place last_record(void) {
  place last = {0, 0, 0, 0, 0};
  for (uint32_t half = 0; half < 2; half++) {
    for (uint32_t offset = 0; offset + RECORD <= boot_records_size(); offset += RECORD) {
      const content there = content_at(half, offset);
      if (there.check != (~there.word ^ MAGIC) || (there.word & 0xff) >= IMAGE_SLOTS) continue;
      if (last.found && there.word >> 8 <= last.sequence) continue;
      last = (place){1, half, offset, there.word >> 8, there.word & 0xff};
    }
  }
  return last;
}

static uint32_t count_of(uint32_t tries) {
  uint32_t left = 0;
  for (uint32_t bits = tries & TRIES_MASK; bits != 0; bits &= bits - 1) left++;
  return left;
}

boot_record boot_record_read(void) {
  const place at = last_record();
  if (!at.found) return (boot_record){0, 0, 0, 0};
  const content there = content_at(at.half, at.offset);
  return (boot_record){1, at.slot, there.confirmed != ERASED, count_of(there.tries)};
}

int32_t boot_record_packed(void) {
  const boot_record last = boot_record_read();
  return last.known ? (int32_t)(last.slot | last.confirmed << 8 | last.tries << 16) : -1;
}

/* Room for a record behind all that was ever written, in the sector of the last one or in the other. */
static int32_t free_place(place last, uint32_t *half, uint32_t *offset) {
  *half = last.half;
  *offset = boot_records_size();
  while (*offset >= RECORD && is_erased(*half, *offset - RECORD)) *offset -= RECORD;
  if (*offset + RECORD <= boot_records_size()) return 0;
  *half = 1 - last.half;
  *offset = 0;
  return boot_records_erase(*half);
}

int32_t boot_record_choose(uint32_t slot, uint32_t confirmed) {
  const place last = last_record();
  uint32_t half, offset;
  if (slot >= IMAGE_SLOTS) return -1;
  if (free_place(last, &half, &offset) != 0) return -1;
  const uint32_t word = (last.found ? last.sequence + 1 : 1) << 8 | slot;
  if (program_word(half, offset + WORD_AT, word) != 0) return -1;
  if (confirmed && program_word(half, offset + CONFIRMED_AT, 0) != 0) return -1;
  return program_word(half, offset, ~word ^ MAGIC);
}

int32_t boot_record_confirm(void) {
  const place last = last_record();
  return last.found ? program_word(last.half, last.offset + CONFIRMED_AT, 0) : -1;
}

int32_t boot_record_spend(void) {
  const place last = last_record();
  if (!last.found) return -1;
  const uint32_t bits = content_at(last.half, last.offset).tries;
  /* The lowest bit that stands falls. */
  return program_word(last.half, last.offset + TRIES_AT, bits & (bits - 1u));
}
