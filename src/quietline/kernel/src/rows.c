/* Delimited text to rows and fields, and rows to outputs.
 *
 * What a row is follows RFC 4180 as Python's csv module reads it: a quote opens a quoted field only as the field's
 * first byte; inside, a doubled quote is a quote; after the closing quote the field goes on to the next delimiter.
 * Data are cut 64 bytes at a time; a row with a quote out of place, and what is left at the end, byte by byte. */
#include "kernel.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

typedef struct {
    const ql_dialect *dialect;
    const uint8_t *data;
    size_t row_capacity, rows;
    uint32_t *row_starts, *starts, *lengths;
    uint32_t column; /* number of the field that begins at `field` */
    uint32_t wanted; /* how many wanted columns this row has had */
    size_t field;    /* where the current field begins */
} cutter;

/* What 64 bytes hold, one bit a byte; line ends and delimiters inside quotes do not count. */
typedef struct {
    uint64_t lines, delimiters;
} marks;

/* Where quotes stand as 64 bytes follow on 64 bytes. */
typedef struct {
    uint64_t inside;   /* all ones: the next byte lies inside quotes */
    uint64_t boundary; /* 1: a quote that is the next byte opens a field, or follows a quote that seemed to close one */
} quote_state;

/* Bit i of the result: an odd number of bits is set in bits[0..i]. */
static inline uint64_t prefix_xor(uint64_t bits) {
    for (int shift = 1; shift < 64; shift *= 2) bits ^= bits << shift;
    return bits;
}

/* Note the wanted field that ends at `end`, without its quotes where nothing in it is escaped. */
static inline void take_field(cutter *c, size_t end) {
    size_t place = c->wanted * c->row_capacity + c->rows, start = c->field;
    const uint8_t quote = c->dialect->quote;
    if (quote && start < end && QL_UNLIKELY(c->data[start] == quote) && start + 1 < end && c->data[end - 1] == quote &&
        memchr(c->data + start + 1, quote, end - start - 2) == NULL) {
        start++;
        end--;
    }
    c->starts[place] = (uint32_t)start;
    c->lengths[place] = (uint32_t)(end - start);
    c->wanted++;
}

static inline int is_wanted(const cutter *c) {
    return c->wanted < c->dialect->column_count && c->dialect->columns[c->wanted] == c->column;
}

static inline void end_field(cutter *c, size_t end) {
    if (is_wanted(c)) take_field(c, end);
    c->column++;
    c->field = end + 1;
}

static inline void begin_row(cutter *c, size_t start) {
    c->row_starts[c->rows] = (uint32_t)start;
    c->field = start;
    c->column = 0;
    c->wanted = 0;
}

/* The row's last field ends at field_end, the next row begins at `next`. */
static inline void end_row(cutter *c, size_t field_end, size_t next) {
    size_t row = c->rows;
    int blank = field_end == c->row_starts[row];
    if (!blank && is_wanted(c)) take_field(c, field_end);
    while (c->wanted < c->dialect->column_count) { /* the row is too short for this column */
        size_t place = c->wanted++ * c->row_capacity + row;
        c->starts[place] = (uint32_t)field_end;
        c->lengths[place] = blank ? QL_BLANK_LENGTH : 0;
    }
    c->rows++;
    begin_row(c, next);
}

static inline size_t trim_cr(const cutter *c, size_t end) {
    return c->dialect->terminator == '\n' && end > c->row_starts[c->rows] && c->data[end - 1] == '\r' ? end - 1 : end;
}

/* ---- 64 bytes at a time ------------------------------------------------------------------------------------------- */

/* Bit i of the result: block[i] == byte, for 64 bytes. */
static inline uint64_t matches_any(const uint8_t *block, uint8_t byte) {
#if defined(__SSE2__)
    const __m128i wanted = _mm_set1_epi8((char)byte);
    uint64_t mask = 0;
    for (int part = 0; part < 4; part++) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)(block + 16 * part));
        mask |= (uint64_t)(uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, wanted)) << (16 * part);
    }
    return mask;
#else
    uint64_t mask = 0;
    for (int i = 0; i < 64; i++) mask |= (uint64_t)(block[i] == byte) << i;
    return mask;
#endif
}

#define NAME(x) x##_any
#define TARGET
#define MATCHES matches_any
#include "rows_blocks.h"
#undef NAME
#undef TARGET
#undef MATCHES

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#define WIDE "avx512f,avx512bw,bmi,bmi2,lzcnt"
#define HAVE_WIDE (__builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("bmi2"))
#define HALF "avx2,bmi,bmi2,lzcnt"
#define HAVE_HALF (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2"))

__attribute__((target(WIDE))) static inline uint64_t matches_wide(const uint8_t *block, uint8_t byte) {
    return _mm512_cmpeq_epi8_mask(_mm512_loadu_si512(block), _mm512_set1_epi8((char)byte));
}
#define NAME(x) x##_wide
#define TARGET __attribute__((target(WIDE)))
#define MATCHES matches_wide
#include "rows_blocks.h"
#undef NAME
#undef TARGET
#undef MATCHES

__attribute__((target(HALF))) static inline uint64_t matches_half(const uint8_t *block, uint8_t byte) {
    const __m256i wanted = _mm256_set1_epi8((char)byte);
    __m256i low = _mm256_cmpeq_epi8(_mm256_loadu_si256((const __m256i *)(const void *)block), wanted);
    __m256i high = _mm256_cmpeq_epi8(_mm256_loadu_si256((const __m256i *)(const void *)(block + 32)), wanted);
    return (uint32_t)_mm256_movemask_epi8(low) | (uint64_t)(uint32_t)_mm256_movemask_epi8(high) << 32;
}
#define NAME(x) x##_half
#define TARGET __attribute__((target(HALF)))
#define MATCHES matches_half
#include "rows_blocks.h"
#else
#define HAVE_WIDE 0
#define HAVE_HALF 0
#define cut_blocks_wide cut_blocks_any
#define cut_blocks_half cut_blocks_any
#define last_row_end_wide last_row_end_any
#define last_row_end_half last_row_end_any
#endif

static void cut_blocks(cutter *c, size_t n) {
    if (HAVE_WIDE) cut_blocks_wide(c, n);
    else if (HAVE_HALF) cut_blocks_half(c, n);
    else cut_blocks_any(c, n);
}

size_t ql_last_row_end(const ql_dialect *dialect, const uint8_t *data, size_t n) {
    if (dialect->gb) return SIZE_MAX;
    if (HAVE_WIDE) return last_row_end_wide(dialect, data, n);
    return HAVE_HALF ? last_row_end_half(dialect, data, n) : last_row_end_any(dialect, data, n);
}

/* ---- one byte at a time --------------------------------------------------------------------------------------------- */

static inline int is_digit(uint8_t byte) { return byte >= '0' && byte <= '9'; }

/* Bytes that the character at data[at] takes in GB 18030; 1 for anything that cannot be one: a character that was cut in
 * half must not swallow the line end behind it. */
static inline size_t gb_length(const uint8_t *data, size_t at, size_t n) {
    if (data[at] < 0x81 || data[at] == 0xFF || at + 1 >= n) return 1;
    uint8_t second = data[at + 1];
    if (second >= 0x40) return second == 0x7F || second == 0xFF ? 1 : 2;
    int four = at + 3 < n && is_digit(second) && data[at + 2] >= 0x81 && data[at + 2] != 0xFF && is_digit(data[at + 3]);
    return four ? 4 : 1;
}

/* Place of the quote that closes the field opened at data[at], or n where none does. */
static size_t closing_quote(const ql_dialect *dialect, const uint8_t *data, size_t at, size_t n) {
    for (size_t i = at + 1; i < n;) {
        if (data[i] == dialect->quote) {
            if (i + 1 == n || data[i + 1] != dialect->quote) return i;
            i += 2;
        } else {
            i += dialect->gb ? gb_length(data, i, n) : 1;
        }
    }
    return n;
}

/* Cut any data from a row's beginning on, one byte at a time, until `row_limit` rows are there. A row that is not complete
 * by n is left, unless final. */
static void cut_any(cutter *c, size_t n, int final, size_t row_limit) {
    const ql_dialect *dialect = c->dialect;
    const uint8_t *data = c->data;
    size_t at = c->field;
    while (at < n && c->rows < row_limit) {
        if (dialect->quote && data[at] == dialect->quote && at == c->field) {
            size_t close = closing_quote(dialect, data, at, n);
            if (close + 1 >= n && !final) break; /* not closed yet; or this may be half of a doubled quote */
            at = close < n ? close + 1 : n;
        } else if (data[at] == dialect->terminator) {
            end_row(c, trim_cr(c, at), at + 1);
            at++;
        } else if (dialect->delimiter && data[at] == dialect->delimiter) {
            end_field(c, at);
            at++;
        } else {
            at += dialect->gb ? gb_length(data, at, n) : 1;
        }
    }
    if (at >= n && final && c->rows < row_limit && c->row_starts[c->rows] < n) end_row(c, trim_cr(c, n), n);
}

size_t ql_scan_rows(const ql_dialect *dialect, const uint8_t *data, size_t n, int final, size_t row_capacity,
                    uint32_t *row_starts, uint32_t *starts, uint32_t *lengths) {
    cutter c = {.dialect = dialect, .data = data, .row_capacity = row_capacity, .row_starts = row_starts,
                .starts = starts, .lengths = lengths};
    begin_row(&c, 0);
    while (!dialect->gb && c.rows < row_capacity && n - c.row_starts[c.rows] >= 64) {
        cut_blocks(&c, n);
        if (c.rows == row_capacity) return c.rows;
        begin_row(&c, c.row_starts[c.rows]); /* the row that was left half done */
        size_t stuck = c.rows;
        cut_any(&c, n, final, c.rows + 1 < row_capacity ? c.rows + 1 : row_capacity);
        if (c.rows == stuck) return c.rows;
    }
    if (c.rows < row_capacity) {
        begin_row(&c, c.row_starts[c.rows]);
        cut_any(&c, n, final, row_capacity);
    }
    return c.rows;
}

/* ---- rows to outputs --------------------------------------------------------------------------------------------------- */

size_t ql_copy_rows(const uint8_t *data, const uint32_t *row_starts, const uint8_t *keep, size_t rows, uint8_t *out) {
    uint8_t *to = out;
    for (size_t i = 0; i < rows;) {
        if (!keep[i]) {
            i++;
            continue;
        }
        size_t begin = i;
        while (i < rows && keep[i]) i++;
        size_t bytes = row_starts[i] - row_starts[begin];
        memcpy(to, data + row_starts[begin], bytes);
        to += bytes;
    }
    return (size_t)(to - out);
}

/* Decimal digits of key with a plus; returns their count. */
static size_t write_number(uint64_t key, uint8_t *out) {
    uint8_t digits[20];
    size_t n = 0;
    for (; key; key /= 10) digits[n++] = (uint8_t)('0' + key % 10);
    out[0] = '+';
    for (size_t i = 0; i < n; i++) out[1 + i] = digits[n - 1 - i];
    return n + 1;
}

size_t ql_note_rows(const uint8_t *data, const uint32_t *row_starts, const uint8_t *select, size_t rows,
                    const uint32_t *note_of, const uint8_t *notes, const uint32_t *note_offsets,
                    const uint64_t *keys, uint8_t delimiter, int with_number, uint8_t *out, size_t capacity) {
    size_t written = 0;
    for (size_t i = 0; i < rows; i++) {
        if (!select[i]) continue;
        const uint8_t *row = data + row_starts[i];
        size_t length = row_starts[i + 1] - row_starts[i], end = length;
        if (end && row[end - 1] == '\n') end--;
        if (end && row[end - 1] == '\r') end--;
        const uint8_t *note = notes + note_offsets[note_of[i]];
        size_t note_length = note_offsets[note_of[i] + 1] - note_offsets[note_of[i]];
        size_t need = length + note_length + 24;
        if (written + need > capacity) { /* say how much is enough for all, so that the caller asks only twice */
            for (; i < rows; i++) {
                if (select[i]) {
                    written += row_starts[i + 1] - row_starts[i] + 24;
                    written += note_offsets[note_of[i] + 1] - note_offsets[note_of[i]];
                }
            }
            return written > capacity ? written : capacity + 1;
        }
        memcpy(out + written, row, end);
        written += end;
        if (with_number) {
            out[written++] = delimiter;
            if (keys[i]) written += write_number(keys[i], out + written);
        }
        memcpy(out + written, note, note_length);
        written += note_length;
        if (end < length) {
            memcpy(out + written, row + end, length - end);
            written += length - end;
        } else {
            out[written++] = '\n';
        }
    }
    return written;
}
