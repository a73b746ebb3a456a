/* Quietline's compiled kernel: the work that is done once per row or per number.
 *
 * Every function here is pure: it reads and writes only the memory it is given, keeps no state, allocates nothing and
 * never calls Python, so the module releases the interpreter lock around all of them. module.c checks every length
 * before it calls; the functions trust their arguments, but never the *content* of a list or of a register file.
 */
#ifndef QUIETLINE_KERNEL_H
#define QUIETLINE_KERNEL_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__GNUC__) || defined(__clang__)
#define QL_LIKELY(x) __builtin_expect(!!(x), 1)
#define QL_UNLIKELY(x) __builtin_expect(!!(x), 0)
#define QL_PREFETCH(p) __builtin_prefetch((p), 0, 3)
#else
#define QL_LIKELY(x) (x)
#define QL_UNLIKELY(x) (x)
#define QL_PREFETCH(p) ((void)(p))
#endif

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "Register files are little-endian and are read in place: a big-endian machine is not supported."
#endif

/* Unaligned little-endian loads and stores. */
static inline uint16_t ql_load16(const uint8_t *p) { uint16_t v; memcpy(&v, p, 2); return v; }
static inline uint32_t ql_load32(const uint8_t *p) { uint32_t v; memcpy(&v, p, 4); return v; }
static inline uint64_t ql_load64(const uint8_t *p) { uint64_t v; memcpy(&v, p, 8); return v; }
static inline void ql_store16(uint8_t *p, uint16_t v) { memcpy(p, &v, 2); }
static inline void ql_store32(uint8_t *p, uint32_t v) { memcpy(p, &v, 4); }

/* ---- checksum.c ---------------------------------------------------------------------------------------------- */

/* CRC-32C (Castagnoli polynomial, RFC 3720 appendix B.4) of p[0..n), continued from `crc` (0 at the start). */
uint32_t ql_crc32c(uint32_t crc, const uint8_t *p, size_t n);

/* ---- number.c: raw text to key ------------------------------------------------------------------------------- */

/* Answers of the fast path; the values are those of quietline.numbering.Status.
 * The statuses for a wrong length (4, 5, 6) are given too, without a key.
 * QL_BLANK: the line is blank, there is no row. QL_ASK: only the library can tell. */
enum { QL_OK = 0, QL_UNASSIGNED = 1, QL_EMPTY = 2, QL_BLANK = 254, QL_ASK = 255 };

/* A numbering plan for one default country, laid over the bytes that numbering/plans.py makes (see there). */
typedef struct ql_plan ql_plan;

/* Read the raw text p[0..n) as a telephone number. On QL_OK and QL_UNASSIGNED *key is the E.164 number, else 0.
 * extra: one further byte that counts as punctuation (the comma of "416,1234567"), or 0. */
uint8_t ql_parse_number(const ql_plan *plan, const uint8_t *p, size_t n, uint8_t extra, uint64_t *key);

/* Lay a plan over blob[0..n) after checking every offset in it; NULL where it is not a plan. The blob must outlive it.
 * `storage` has QL_PLAN_STORAGE bytes, 8-aligned. */
#define QL_PLAN_STORAGE 4096
const ql_plan *ql_plan_open(void *storage, const uint8_t *blob, size_t n);

/* ---- rows.c: delimited text to rows and fields ---------------------------------------------------------------- */

#define QL_MAX_COLUMNS 16
#define QL_BLANK_LENGTH 0xFFFFFFFFu

typedef struct {
    uint8_t delimiter;  /* 0: the whole line is one field */
    uint8_t quote;      /* 0: quotes are ordinary characters */
    uint8_t terminator; /* '\n' (a '\r' before it belongs to it), or '\r' */
    uint8_t gb;         /* 1: GB 18030, whose trail bytes may look like a delimiter */
    uint32_t column_count;
    uint32_t columns[QL_MAX_COLUMNS]; /* wanted fields, ascending, counted from 0 */
} ql_dialect;

/* Cut data[0..n) into rows, at most row_capacity of them.
 * row_starts[0..rows] are offsets: row i is data[row_starts[i] .. row_starts[i+1]), its line end included.
 * starts/lengths[c * row_capacity + i]: the bytes of the c-th wanted column of row i, without its quotes when nothing
 * in it is escaped, with them otherwise (so that a field beginning with a quote still has to be unescaped).
 * A column the row does not have has length 0; every column of a blank line has length QL_BLANK_LENGTH.
 * final: the data end here, so the last row may lack its line end. Returns the number of rows. */
size_t ql_scan_rows(const ql_dialect *dialect, const uint8_t *data, size_t n, int final, size_t row_capacity,
                    uint32_t *row_starts, uint32_t *starts, uint32_t *lengths);

/* Offset behind the last row end in data[0..n), 0 where there is none; SIZE_MAX where only ql_scan_rows can tell. */
size_t ql_last_row_end(const ql_dialect *dialect, const uint8_t *data, size_t n);

/* Copy the rows with keep[i] != 0, in runs, to out. Returns the bytes written. out has room for all rows. */
size_t ql_copy_rows(const uint8_t *data, const uint32_t *row_starts, const uint8_t *keep, size_t rows, uint8_t *out);

/* Copy the rows with select[i] != 0, each with a note before its line end: notes[note_offsets[k] .. note_offsets[k+1])
 * where k = note_of[i]. Where with_number is set, the note follows `delimiter` + '+' + keys[i] (empty for key 0).
 * A last row without a line end gets '\n'. Returns the bytes written, or the bytes needed when that is
 * more than capacity (then nothing is to be trusted in out). */
size_t ql_note_rows(const uint8_t *data, const uint32_t *row_starts, const uint8_t *select, size_t rows,
                    const uint32_t *note_of, const uint8_t *notes, const uint32_t *note_offsets,
                    const uint64_t *keys, uint8_t delimiter, int with_number, uint8_t *out, size_t capacity);

/* ---- blocks.c: the register file's blocks ---------------------------------------------------------------------- */

#define QL_BLOCK_NUMBERS 10000u
#define QL_BITS_BYTES 1252u /* 10,000 bits and two bytes of padding */
#define QL_BLOCK_HEADER 8u
#define QL_OPEN_UNTIL 0xFFFFu
enum { QL_BITS = 1, QL_LIST = 2, QL_PERIODS = 3, QL_GONE = 15 }; /* gone: all its numbers were withdrawn, no block */
enum { QL_COLUMN_NONE = 0, QL_COLUMN_SAME = 1, QL_COLUMN_EACH = 2 };

/* Length in bytes of the block at p, of which `available` bytes are mapped; 0 where the header is impossible. */
size_t ql_block_length(const uint8_t *p, size_t available);

/* 1 where length and checksum of the block at p are right for this prefix, else 0. */
int ql_block_check(const uint8_t *p, size_t available, uint64_t prefix);

/* Encode sorted records of one prefix into out. Records are sorted by (key, since); since/until/terms may be NULL
 * (unknown, open, none). Returns the length (a multiple of 4), at most ql_block_bound(n). */
size_t ql_block_bound(size_t n);
size_t ql_block_encode(const uint64_t *keys, const uint16_t *since, const uint16_t *until, const uint16_t *terms,
                       size_t n, uint64_t prefix, uint8_t *out);

/* Number of records in a (checked) block, and the records themselves. */
size_t ql_block_records(const uint8_t *p);
void ql_block_decode(const uint8_t *p, uint64_t prefix, uint64_t *keys, uint16_t *since, uint16_t *until,
                     uint16_t *terms);

/* Index: buckets of four entries, one cache line each, an entry being two 64-bit words (prefix + 1, pointer). A prefix
 * stands in its own bucket or, where that is full, in the next that is not. Nothing is ever taken out of a bucket, so a
 * prefix that is not met before the first free entry is absent. Pointer: 44 bits of offset, 4 of encoding, 16 of check. */
#define QL_BUCKET 4u
typedef struct {
    uint64_t prefix_word; /* prefix + 1; 0 where the entry is free */
    uint64_t pointer;     /* 0 where the entry is free, or is just being written */
} ql_entry;

static inline uint64_t ql_bucket(uint64_t prefix, uint64_t buckets) { /* Fibonacci hashing, reduced by multiplication */
    return (uint64_t)(((unsigned __int128)(prefix * 0x9E3779B97F4A7C15ull) * buckets) >> 64);
}
static inline uint64_t ql_pointer_offset(uint64_t pointer) { return pointer & 0xFFFFFFFFFFFu; }
static inline unsigned ql_pointer_encoding(uint64_t pointer) { return (unsigned)(pointer >> 44) & 0xFu; }
uint64_t ql_pointer(uint64_t prefix, uint64_t offset, unsigned encoding);
int ql_pointer_check(uint64_t prefix, uint64_t pointer);
/* Put or replace one entry; 0 where the index is full. capacity is a multiple of QL_BUCKET. */
int ql_index_put(ql_entry *index, uint64_t capacity, uint64_t prefix, uint64_t pointer);
/* Pointer of a prefix, or 0 where it is absent. */
uint64_t ql_index_find(const ql_entry *index, uint64_t capacity, uint64_t prefix);

/* ---- lookup.c -------------------------------------------------------------------------------------------------- */

typedef struct {
    const uint8_t *map;    /* the mapped file */
    uint64_t mapped;       /* bytes of it */
    uint64_t limit;        /* blocks from here on were appended after this look at the file */
    const ql_entry *index; /* capacity entries inside the map */
    uint64_t capacity;     /* a multiple of QL_BUCKET, not 0 */
    uint8_t *checked;      /* one bit per entry, set once its block, if below the limit, was found to be sound */
} ql_register;

/* Results of ql_lookup. */
enum { QL_FOUND_ALL = 0, QL_CORRUPT = 1, QL_STALE = 2 };

/* Which of keys[0..n) stand in the register: hits[i] = 1 or 0. since_out, terms_out: NULL, or filled for hits (0 else).
 * on: the day (since 1970-01-01) for which periods are asked. dated: 1 where `since` must not be after `on` (history).
 * Returns QL_CORRUPT with *bad = prefix of a block whose checksum is wrong; QL_STALE where a pointer leads behind the
 * mapping (the file has grown: map it again and repeat). */
int ql_lookup(const ql_register *reg, const uint64_t *keys, size_t n, uint16_t on, int dated, uint8_t *hits,
              uint16_t *since_out, uint16_t *terms_out, uint64_t *bad);

#endif
