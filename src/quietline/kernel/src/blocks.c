/* The blocks of a register file and the index over them. The layout is written out in docs/reference/register-file.md;
 * a number's block is its key divided by 10,000 (its prefix), its member the remainder. */
#include "kernel.h"

static uint64_t mix(uint64_t x) { /* the finaliser of MurmurHash3 */
    x ^= x >> 33;
    x *= 0xFF51AFD7ED558CCDull;
    x ^= x >> 33;
    x *= 0xC4CEB9FE1A85EC53ull;
    return x ^ (x >> 33);
}

static size_t column_bytes(unsigned mode, size_t count) {
    return mode == QL_COLUMN_NONE ? 0 : mode == QL_COLUMN_SAME ? 2 : 2 * count;
}

static size_t round4(size_t n) { return (n + 3) & ~(size_t)3; }

size_t ql_block_length(const uint8_t *p, size_t available) {
    if (available < QL_BLOCK_HEADER) return 0;
    size_t count = ql_load16(p + 4);
    unsigned encoding = p[6], since = p[7] & 3u, terms = (p[7] >> 2) & 3u;
    if (count == 0 || count > QL_BLOCK_NUMBERS || since > 2 || terms > 2 || (p[7] >> 4)) return 0;
    size_t length;
    if (encoding == QL_BITS || encoding == QL_LIST) {
        length = QL_BLOCK_HEADER + (encoding == QL_BITS ? QL_BITS_BYTES : 2 * count);
        length += column_bytes(since, count) + column_bytes(terms, count);
    } else if (encoding == QL_PERIODS) {
        if (available < QL_BLOCK_HEADER + 4) return 0;
        size_t periods = ql_load32(p + QL_BLOCK_HEADER);
        if (periods < count || periods > (size_t)1 << 28) return 0;
        length = QL_BLOCK_HEADER + 4 + 8 * periods;
    } else {
        return 0;
    }
    length = round4(length);
    return length <= available ? length : 0;
}

static uint32_t block_checksum(const uint8_t *p, size_t length, uint64_t prefix) {
    uint8_t seed[8];
    memcpy(seed, &prefix, 8); /* so that a pointer to another prefix's block is noticed */
    return ql_crc32c(ql_crc32c(0, seed, 8), p + 4, length - 4);
}

/* A right checksum proves that the bytes are as they were written, not who wrote them: a file made to harm must not
 * lead the decoder astray, so the members are counted and their order is checked as well. */
static int block_sound(const uint8_t *p) {
    size_t count = ql_load16(p + 4);
    const uint8_t *body = p + QL_BLOCK_HEADER;
    if (p[6] == QL_BITS) {
        size_t set = 0;
        for (size_t i = 0; i < 1248; i += 8) set += (size_t)__builtin_popcountll(ql_load64(body + i));
        return set + (size_t)__builtin_popcount(ql_load32(body + 1248)) == count && ql_load16(body + 1250) == 0;
    }
    size_t n = count, distinct = 0;
    if (p[6] == QL_PERIODS) {
        n = ql_load32(body);
        body += 4;
    }
    uint32_t before = QL_BLOCK_NUMBERS;
    for (size_t i = 0; i < n; i++) {
        uint32_t member = ql_load16(body + 2 * i);
        if (member >= QL_BLOCK_NUMBERS || (i > 0 && member < before)) return 0;
        distinct += member != before;
        before = member;
    }
    return distinct == count;
}

int ql_block_check(const uint8_t *p, size_t available, uint64_t prefix) {
    size_t length = ql_block_length(p, available);
    return length != 0 && block_checksum(p, length, prefix) == ql_load32(p) && block_sound(p);
}

size_t ql_block_bound(size_t n) {
    size_t simple = QL_BLOCK_HEADER + QL_BITS_BYTES + 4 * n, periods = QL_BLOCK_HEADER + 4 + 8 * n;
    return round4(simple > periods ? simple : periods) + 4;
}

static uint8_t *put_column(uint8_t *out, const uint16_t *column, size_t n, uint16_t none, unsigned *mode) {
    *mode = QL_COLUMN_NONE;
    if (column == NULL) return out;
    int same = 1;
    for (size_t i = 1; i < n && same; i++) same = column[i] == column[0];
    if (same && column[0] == none) return out;
    *mode = same ? QL_COLUMN_SAME : QL_COLUMN_EACH;
    size_t bytes = column_bytes(*mode, n);
    memcpy(out, column, bytes);
    return out + bytes;
}

static uint8_t *put_periods(uint8_t *out, const uint64_t *keys, const uint16_t *since, const uint16_t *until,
                            const uint16_t *terms, size_t n, uint64_t base) {
    ql_store32(out, (uint32_t)n);
    out += 4;
    for (size_t i = 0; i < n; i++) ql_store16(out + 2 * i, (uint16_t)(keys[i] - base));
    for (size_t i = 0; i < n; i++) ql_store16(out + 2 * (n + i), since ? since[i] : 0);
    for (size_t i = 0; i < n; i++) ql_store16(out + 2 * (2 * n + i), until ? until[i] : QL_OPEN_UNTIL);
    for (size_t i = 0; i < n; i++) ql_store16(out + 2 * (3 * n + i), terms ? terms[i] : 0);
    return out + 8 * n;
}

static uint8_t *put_members(uint8_t *out, const uint64_t *keys, size_t n, uint64_t base, unsigned encoding) {
    if (encoding == QL_LIST) {
        for (size_t i = 0; i < n; i++) ql_store16(out + 2 * i, (uint16_t)(keys[i] - base));
        return out + 2 * n;
    }
    memset(out, 0, QL_BITS_BYTES);
    for (size_t i = 0; i < n; i++) {
        uint32_t member = (uint32_t)(keys[i] - base);
        out[member >> 3] |= (uint8_t)(1u << (member & 7));
    }
    return out + QL_BITS_BYTES;
}

size_t ql_block_encode(const uint64_t *keys, const uint16_t *since, const uint16_t *until, const uint16_t *terms,
                       size_t n, uint64_t prefix, uint8_t *out) {
    uint64_t base = prefix * QL_BLOCK_NUMBERS;
    size_t count = 1;
    int periods = until != NULL && until[0] != QL_OPEN_UNTIL;
    for (size_t i = 1; i < n; i++) {
        count += keys[i] != keys[i - 1];
        periods |= until != NULL && until[i] != QL_OPEN_UNTIL;
    }
    periods |= count != n;
    uint8_t *end = out + QL_BLOCK_HEADER;
    unsigned since_mode = 0, terms_mode = 0;
    unsigned encoding = periods ? QL_PERIODS : 2 * n < QL_BITS_BYTES ? QL_LIST : QL_BITS;
    if (periods) {
        end = put_periods(end, keys, since, until, terms, n, base);
    } else {
        end = put_members(end, keys, n, base, encoding);
        end = put_column(end, since, n, 0, &since_mode);
        end = put_column(end, terms, n, 0, &terms_mode);
    }
    ql_store16(out + 4, (uint16_t)count);
    out[6] = (uint8_t)encoding;
    out[7] = (uint8_t)(since_mode | terms_mode << 2);
    size_t length = (size_t)(end - out);
    while (length & 3) out[length++] = 0;
    ql_store32(out, block_checksum(out, length, prefix));
    return length;
}

size_t ql_block_records(const uint8_t *p) {
    return p[6] == QL_PERIODS ? ql_load32(p + QL_BLOCK_HEADER) : ql_load16(p + 4);
}

static const uint8_t *get_column(const uint8_t *p, unsigned mode, size_t n, uint16_t *column) {
    for (size_t i = 0; i < n; i++) {
        column[i] = mode == QL_COLUMN_NONE ? 0 : ql_load16(p + (mode == QL_COLUMN_EACH ? 2 * i : 0));
    }
    return p + column_bytes(mode, n);
}

void ql_block_decode(const uint8_t *p, uint64_t prefix, uint64_t *keys, uint16_t *since, uint16_t *until,
                     uint16_t *terms) {
    uint64_t base = prefix * QL_BLOCK_NUMBERS;
    size_t n = ql_block_records(p);
    const uint8_t *body = p + QL_BLOCK_HEADER;
    if (p[6] == QL_PERIODS) {
        body += 4;
        for (size_t i = 0; i < n; i++) {
            keys[i] = base + ql_load16(body + 2 * i);
            since[i] = ql_load16(body + 2 * (n + i));
            until[i] = ql_load16(body + 2 * (2 * n + i));
            terms[i] = ql_load16(body + 2 * (3 * n + i));
        }
        return;
    }
    if (p[6] == QL_LIST) {
        for (size_t i = 0; i < n; i++) keys[i] = base + ql_load16(body + 2 * i);
        body += 2 * n;
    } else {
        size_t found = 0;
        for (uint32_t byte = 0; byte < 1250 && found < n; byte += 2) {
            uint32_t word = ql_load16(body + byte);
            for (; word && found < n; word &= word - 1) {
                keys[found++] = base + byte * 8u + (uint32_t)__builtin_ctz(word);
            }
        }
        body += QL_BITS_BYTES;
    }
    body = get_column(body, p[7] & 3u, n, since);
    get_column(body, (p[7] >> 2) & 3u, n, terms);
    for (size_t i = 0; i < n; i++) until[i] = QL_OPEN_UNTIL;
}

uint64_t ql_pointer(uint64_t prefix, uint64_t offset, unsigned encoding) {
    uint64_t place = offset | (uint64_t)encoding << 44;
    return place | mix(prefix ^ mix(place)) << 48;
}

int ql_pointer_check(uint64_t prefix, uint64_t pointer) {
    return ql_pointer(prefix, ql_pointer_offset(pointer), ql_pointer_encoding(pointer)) == pointer;
}

int ql_index_put(ql_entry *index, uint64_t capacity, uint64_t prefix, uint64_t pointer) {
    uint64_t slot = ql_bucket(prefix, capacity / QL_BUCKET) * QL_BUCKET;
    for (uint64_t probes = 0; probes < capacity; probes++) {
        ql_entry *entry = &index[slot];
        if (entry->prefix_word == 0 || entry->prefix_word == prefix + 1) {
            entry->prefix_word = prefix + 1; /* a reader must never see a pointer before the prefix it belongs to */
            __atomic_store_n(&entry->pointer, pointer, __ATOMIC_RELEASE);
            return 1;
        }
        if (++slot == capacity) slot = 0;
    }
    return 0;
}

uint64_t ql_index_find(const ql_entry *index, uint64_t capacity, uint64_t prefix) {
    uint64_t slot = ql_bucket(prefix, capacity / QL_BUCKET) * QL_BUCKET;
    for (uint64_t probes = 0; probes < capacity; probes++) {
        uint64_t word = index[slot].prefix_word;
        if (word == prefix + 1) return __atomic_load_n(&index[slot].pointer, __ATOMIC_ACQUIRE);
        if (word == 0) return 0;
        if (++slot == capacity) slot = 0;
    }
    return 0;
}
