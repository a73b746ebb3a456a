/* Delimited text to rows and fields, and rows to outputs.
 *
 * What a row is follows RFC 4180 as Python's csv module reads it: a quote opens a quoted field only as the field's
 * first byte; inside, a doubled quote is a quote; after the closing quote the field goes on to the next delimiter.
 * A piece of data without any quote (the usual case) is cut 64 bytes at a time; otherwise byte by byte. */
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
    size_t close;    /* where the closing quote of the current field stands, when nothing in it is escaped; else 0 */
} cutter;

/* Bit i of the result: block[i] == byte, for 64 bytes. */
static inline uint64_t matches(const uint8_t *block, uint8_t byte) {
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

static inline void take_field(cutter *c, size_t end) {
    size_t place = c->wanted * c->row_capacity + c->rows, start = c->field;
    if (QL_UNLIKELY(c->close)) {
        start++;
        end = c->close;
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
    c->close = 0;
}

/* The row ends with the line end at data[end] (or, where the data stop, at data[end] == one past the last byte). */
static inline void end_row(cutter *c, size_t field_end, size_t next) {
    size_t row = c->rows, begin = c->row_starts[row];
    int blank = field_end == begin;
    if (!blank && is_wanted(c)) take_field(c, field_end);
    while (c->wanted < c->dialect->column_count) { /* the row is too short for this column */
        size_t place = c->wanted++ * c->row_capacity + row;
        c->starts[place] = (uint32_t)field_end;
        c->lengths[place] = blank ? QL_BLANK_LENGTH : 0;
    }
    c->row_starts[++c->rows] = (uint32_t)next;
    c->field = next;
    c->column = 0;
    c->wanted = 0;
    c->close = 0;
}

static inline size_t trim_cr(const cutter *c, size_t end) {
    return c->dialect->terminator == '\n' && end > c->row_starts[c->rows] && c->data[end - 1] == '\r' ? end - 1 : end;
}

/* Cut data without quotes from `at` on; returns where it stopped (row capacity, or less than 64 bytes left). */
static size_t cut_plain(cutter *c, size_t at, size_t n) {
    const uint8_t terminator = c->dialect->terminator, delimiter = c->dialect->delimiter;
    for (; at + 64 <= n; at += 64) {
        uint64_t lines = matches(c->data + at, terminator);
        uint64_t marks = lines | (delimiter ? matches(c->data + at, delimiter) : 0);
        for (; marks; marks &= marks - 1) {
            unsigned bit = (unsigned)__builtin_ctzll(marks);
            size_t place = at + bit;
            if (lines >> bit & 1) {
                end_row(c, trim_cr(c, place), place + 1);
                if (QL_UNLIKELY(c->rows == c->row_capacity)) return n;
            } else {
                end_field(c, place);
            }
        }
    }
    return at;
}

/* End of the quoted field that opens at data[at]: the place of its closing quote, or n where it does not close. */
static size_t closing_quote(const ql_dialect *dialect, const uint8_t *data, size_t at, size_t n, int *doubled) {
    for (size_t i = at + 1; i < n; i++) {
        if (dialect->gb && data[i] >= 0x81 && i + 1 < n) {
            i += data[i + 1] >= 0x30 && data[i + 1] <= 0x39 ? 3 : 1;
        } else if (data[i] == dialect->quote) {
            if (i + 1 < n && data[i + 1] == dialect->quote) {
                *doubled = 1;
                i++;
            } else {
                return i;
            }
        }
    }
    return n;
}

/* Cut any data, one byte at a time. Rows that are not complete by n are left, unless final. */
static void cut_any(cutter *c, size_t at, size_t n, int final) {
    const ql_dialect *dialect = c->dialect;
    const uint8_t *data = c->data;
    while (at < n && c->rows < c->row_capacity) {
        if (dialect->quote && data[at] == dialect->quote && at == c->field) {
            int doubled = 0;
            size_t close = closing_quote(dialect, data, at, n, &doubled);
            /* a quote that is the last byte so far may be half of a doubled one */
            if (close + 1 >= n && !final) return;
            if (close >= n) { /* never closed: the rest of the data is this field */
                at = n;
                break;
            }
            size_t after = close + 1;
            int ends = after >= n || data[after] == dialect->terminator ||
                       (dialect->delimiter && data[after] == dialect->delimiter) ||
                       (data[after] == '\r' && after + 1 < n && data[after + 1] == '\n');
            if (ends && !doubled) c->close = close;
            at = after;
        } else if (data[at] == dialect->terminator) {
            end_row(c, trim_cr(c, at), at + 1);
            at++;
        } else if (dialect->delimiter && data[at] == dialect->delimiter) {
            end_field(c, at);
            at++;
        } else if (dialect->gb && data[at] >= 0x81 && at + 1 < n) {
            at += data[at + 1] >= 0x30 && data[at + 1] <= 0x39 ? 4 : 2;
        } else {
            at++;
        }
    }
    if (final && c->rows < c->row_capacity && c->row_starts[c->rows] < n) end_row(c, trim_cr(c, n), n);
}

size_t ql_scan_rows(const ql_dialect *dialect, const uint8_t *data, size_t n, int final, size_t row_capacity,
                    uint32_t *row_starts, uint32_t *starts, uint32_t *lengths) {
    cutter c = {.dialect = dialect, .data = data, .row_capacity = row_capacity, .row_starts = row_starts,
                .starts = starts, .lengths = lengths};
    row_starts[0] = 0;
    size_t at = 0;
    int awkward = dialect->gb || (dialect->quote && n > 0 && memchr(data, dialect->quote, n) != NULL);
    if (!awkward) at = cut_plain(&c, 0, n);
    if (c.rows < row_capacity) cut_any(&c, at, n, final);
    return c.rows;
}

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
                    const uint16_t *note_of, const uint8_t *notes, const uint32_t *note_offsets,
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
