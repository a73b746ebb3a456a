/* The loops over 64 bytes at a time, once for each instruction set: rows.c includes this with NAME(x), TARGET and MATCHES
 * (bit i of the result: block[i] == byte). */

/* Read the marks of 64 bytes. Returns 0 where a quote stands that neither opens a field nor closes one: what is quoted
 * and what not then hangs on every byte before, and the row is left to cut_any. */
TARGET static inline int NAME(read_marks)(const ql_dialect *dialect, const uint8_t *block, quote_state *state, marks *found) {
    uint64_t lines = MATCHES(block, dialect->terminator);
    uint64_t delimiters = dialect->delimiter ? MATCHES(block, dialect->delimiter) : 0;
    uint64_t quotes = dialect->quote ? MATCHES(block, dialect->quote) : 0;
    uint64_t boundary = lines | delimiters;
    if (quotes | state->inside) {
        uint64_t inside = prefix_xor(quotes) ^ state->inside; /* the opening quote included, the closing one not */
        boundary = (boundary & ~inside) | (quotes & ~inside);
        if (quotes & inside & ~(boundary << 1 | state->boundary)) return 0;
        lines &= ~inside;
        delimiters &= ~inside;
        state->inside = 0 - (inside >> 63);
    }
    state->boundary = boundary >> 63;
    found->lines = lines;
    found->delimiters = delimiters;
    return 1;
}

/* Cut 64 bytes at a time from a row's beginning on, until fewer are left, a quote is out of place or the rows are full. */
TARGET static void NAME(cut_blocks)(cutter *c, size_t n) {
    const ql_dialect *dialect = c->dialect;
    quote_state state = {.inside = 0, .boundary = 1};
    marks m;
    for (size_t at = c->field; at + 64 <= n; at += 64) {
        if (QL_UNLIKELY(!NAME(read_marks)(dialect, c->data + at, &state, &m))) return;
        for (uint64_t rest = ~(uint64_t)0;;) {
            /* behind the last wanted field only line ends are of interest */
            uint64_t next = (c->wanted < dialect->column_count ? m.lines | m.delimiters : m.lines) & rest;
            if (next == 0) break;
            unsigned bit = (unsigned)__builtin_ctzll(next);
            rest = ~(uint64_t)0 << bit << 1;
            if (m.lines >> bit & 1) {
                end_row(c, trim_cr(c, at + bit), at + bit + 1);
                if (QL_UNLIKELY(c->rows == c->row_capacity)) return;
            } else {
                end_field(c, at + bit);
            }
        }
    }
}

/* Offset behind the last row end, or SIZE_MAX where a quote is out of place. */
TARGET static size_t NAME(last_row_end)(const ql_dialect *dialect, const uint8_t *data, size_t n) {
    quote_state state = {.inside = 0, .boundary = 1};
    marks m;
    size_t end = 0, at = 0;
    for (; at + 64 <= n; at += 64) {
        if (!NAME(read_marks)(dialect, data + at, &state, &m)) return SIZE_MAX;
        if (m.lines) end = at + 64 - (size_t)__builtin_clzll(m.lines);
    }
    uint8_t tail[64] = {0};
    if (at < n) memcpy(tail, data + at, n - at);
    if (!NAME(read_marks)(dialect, tail, &state, &m)) return SIZE_MAX;
    return m.lines ? at + 64 - (size_t)__builtin_clzll(m.lines) : end;
}
