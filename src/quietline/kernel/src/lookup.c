/* Bulk look-up. Numbers of a calling list fall all over a register of hundreds of megabytes, so nearly every one is a
 * cache miss. Done one after another those misses would be waited for one after another; done in batches, each in
 * three passes that only prefetch for the next, they overlap. */
#include "kernel.h"

#define BATCH 256

typedef struct {
    uint64_t slot[BATCH]; /* first the bucket's first entry, then the prefix's own */
    uint64_t prefix[BATCH];
    uint64_t pointer[BATCH]; /* 0: no block */
    uint16_t member[BATCH];
} batch;

static void prefetch_buckets(const ql_register *reg, const uint64_t *keys, size_t n, batch *b) {
    uint64_t buckets = reg->capacity / QL_BUCKET;
    for (size_t i = 0; i < n; i++) {
        uint64_t prefix = keys[i] / QL_BLOCK_NUMBERS;
        b->prefix[i] = prefix;
        b->member[i] = (uint16_t)(keys[i] - prefix * QL_BLOCK_NUMBERS);
        b->slot[i] = ql_bucket(prefix, buckets) * QL_BUCKET;
        QL_PREFETCH(&reg->index[b->slot[i]]);
    }
}

/* Pointer of a prefix that is not in its own bucket: in one of the next, or nowhere (0). */
static uint64_t probe_on(const ql_register *reg, uint64_t *slot, uint64_t word) {
    for (uint64_t probes = 0; probes < reg->capacity; probes++) {
        uint64_t there = reg->index[*slot].prefix_word;
        if (there == word) return __atomic_load_n(&reg->index[*slot].pointer, __ATOMIC_ACQUIRE);
        if (there == 0) return 0;
        if (++*slot == reg->capacity) *slot = 0;
    }
    return 0;
}

static int resolve_pointers(const ql_register *reg, size_t n, batch *b, uint64_t *bad) {
    uint16_t elsewhere[BATCH]; /* those that may stand in a later bucket: put aside, so that the loop never has to guess */
    size_t elsewhere_count = 0;
    for (size_t i = 0; i < n; i++) {
        uint64_t word = b->prefix[i] + 1;
        const ql_entry *bucket = &reg->index[b->slot[i]];
        uint64_t in0 = bucket[0].prefix_word == word, in1 = bucket[1].prefix_word == word;
        uint64_t in2 = bucket[2].prefix_word == word, in3 = bucket[3].prefix_word == word;
        uint64_t here = in0 | in1 | in2 | in3, place = in1 | in2 << 1 | in3 << 1 | in3;
        b->slot[i] += place;
        b->pointer[i] = __atomic_load_n(&bucket[place].pointer, __ATOMIC_ACQUIRE) & (0 - here);
        elsewhere[elsewhere_count] = (uint16_t)i;
        elsewhere_count += !here & (bucket[3].prefix_word != 0);
    }
    for (size_t i = 0; i < elsewhere_count; i++) {
        size_t one = elsewhere[i];
        b->pointer[one] = probe_on(reg, &b->slot[one], b->prefix[one] + 1);
    }
    for (size_t i = 0; i < n; i++) {
        uint64_t offset = ql_pointer_offset(b->pointer[i]);
        if (QL_UNLIKELY(offset + QL_BLOCK_HEADER > reg->mapped)) {
            *bad = b->prefix[i];
            return ql_pointer_check(b->prefix[i], b->pointer[i]) ? QL_STALE : QL_CORRUPT;
        }
        /* right for the usual block, a bitmap; for others it fetches a line of the block that may help */
        QL_PREFETCH(reg->map + offset + QL_BLOCK_HEADER + (b->member[i] >> 3));
    }
    return QL_FOUND_ALL;
}

/* An entry's pointer can be switched to another block by a writer, so what was checked is remembered with seven bits of
 * the pointer's own check: a switched pointer is checked anew. */
static uint8_t checked_mark(uint64_t pointer) { return (uint8_t)((pointer >> 57) | 0x80u); }

static int check_block(const ql_register *reg, uint64_t slot, uint64_t prefix, uint64_t pointer) {
    uint64_t offset = ql_pointer_offset(pointer);
    const uint8_t *block = reg->map + offset;
    if (!ql_pointer_check(prefix, pointer)) return QL_CORRUPT;
    if (ql_pointer_encoding(pointer) == QL_GONE) return QL_FOUND_ALL;
    if (offset + QL_BLOCK_HEADER > reg->mapped) return QL_STALE;
    if (!ql_block_check(block, reg->mapped - offset, prefix)) {
        size_t most = ql_block_length(block, SIZE_MAX); /* longer than what is mapped: the file may have grown */
        return most > reg->mapped - offset ? QL_STALE : QL_CORRUPT;
    }
    if (block[6] != ql_pointer_encoding(pointer)) return QL_CORRUPT;
    __atomic_store_n(&reg->checked[slot], checked_mark(pointer), __ATOMIC_RELAXED);
    return QL_FOUND_ALL;
}

static size_t lower_bound16(const uint8_t *members, size_t n, uint16_t member) {
    size_t low = 0;
    while (n > 0) {
        size_t half = n / 2;
        int right = ql_load16(members + 2 * (low + half)) < member;
        low = right ? low + half + 1 : low;
        n = right ? n - half - 1 : half;
    }
    return low;
}

static size_t bits_before(const uint8_t *bits, uint16_t member) {
    size_t count = 0, word = 0;
    for (; (word + 1) * 64 <= member; word++) count += (size_t)__builtin_popcountll(ql_load64(bits + 8 * word));
    for (size_t bit = word * 64; bit < member; bit++) count += (bits[bit >> 3] >> (bit & 7)) & 1u;
    return count;
}

static uint16_t column_value(const uint8_t *column, unsigned mode, size_t rank) {
    return mode == QL_COLUMN_NONE ? 0 : ql_load16(column + (mode == QL_COLUMN_EACH ? 2 * rank : 0));
}

/* Is the member in this list or bits block? Its rank is found only where a column is wanted. */
static int find_member(const uint8_t *block, uint16_t member, int dated, uint16_t on, uint16_t *since,
                       uint16_t *terms) {
    size_t count = ql_load16(block + 4), rank;
    const uint8_t *body = block + QL_BLOCK_HEADER, *column;
    if (block[6] == QL_BITS) {
        if (!(body[member >> 3] >> (member & 7) & 1)) return 0;
        if (!dated && since == NULL && terms == NULL) return 1;
        rank = bits_before(body, member);
        column = body + QL_BITS_BYTES;
    } else {
        rank = lower_bound16(body, count, member);
        if (rank == count || ql_load16(body + 2 * rank) != member) return 0;
        column = body + 2 * count;
    }
    unsigned since_mode = block[7] & 3u, terms_mode = (block[7] >> 2) & 3u;
    uint16_t day = column_value(column, since_mode, rank);
    if (dated && day > on) return 0;
    if (since) *since = day;
    column += since_mode == QL_COLUMN_EACH ? 2 * count : since_mode == QL_COLUMN_SAME ? 2 : 0;
    if (terms) *terms = column_value(column, terms_mode, rank);
    return 1;
}

/* Does a period of the member hold the day: since <= on < until? A period that never ends holds every later day. */
static int find_period(const uint8_t *block, uint16_t member, uint16_t on, uint16_t *since, uint16_t *terms) {
    size_t n = ql_load32(block + QL_BLOCK_HEADER);
    const uint8_t *members = block + QL_BLOCK_HEADER + 4, *sinces = members + 2 * n, *untils = sinces + 2 * n;
    for (size_t i = lower_bound16(members, n, member); i < n && ql_load16(members + 2 * i) == member; i++) {
        uint16_t first = ql_load16(sinces + 2 * i), last = ql_load16(untils + 2 * i);
        if (first <= on && (last == QL_OPEN_UNTIL || on < last)) {
            if (since) *since = first;
            if (terms) *terms = ql_load16(untils + 2 * n + 2 * i);
            return 1;
        }
    }
    return 0;
}

/* Check the block of one look-up where that has not been done yet. */
static inline int first_touch(const ql_register *reg, const batch *b, size_t i, uint64_t *bad) {
    uint64_t pointer = b->pointer[i];
    if (QL_LIKELY(reg->checked[b->slot[i]] == checked_mark(pointer)) || pointer == 0) return QL_FOUND_ALL;
    *bad = b->prefix[i];
    return check_block(reg, b->slot[i], b->prefix[i], pointer);
}

/* Presence only: the usual case, and the one that has to be fast. */
static int test_bits(const ql_register *reg, size_t n, const batch *b, uint16_t on, uint8_t *hits, uint64_t *bad) {
    for (size_t i = 0; i < n; i++) {
        int result = first_touch(reg, b, i, bad);
        if (QL_UNLIKELY(result != QL_FOUND_ALL)) return result;
        uint64_t pointer = b->pointer[i];
        uint16_t member = b->member[i];
        const uint8_t *block = reg->map + ql_pointer_offset(pointer);
        if (QL_LIKELY(ql_pointer_encoding(pointer) == QL_BITS)) {
            hits[i] = block[QL_BLOCK_HEADER + (member >> 3)] >> (member & 7) & 1;
        } else if (ql_pointer_encoding(pointer) == QL_LIST) {
            hits[i] = (uint8_t)find_member(block, member, 0, 0, NULL, NULL);
        } else {
            int periods = ql_pointer_encoding(pointer) == QL_PERIODS;
            hits[i] = periods ? (uint8_t)find_period(block, member, on, NULL, NULL) : 0;
        }
    }
    return QL_FOUND_ALL;
}

static int find_entries(const ql_register *reg, size_t n, const batch *b, uint16_t on, int dated, uint8_t *hits,
                        uint16_t *since_out, uint16_t *terms_out, uint64_t *bad) {
    for (size_t i = 0; i < n; i++) {
        uint16_t *since = since_out ? since_out + i : NULL, *terms = terms_out ? terms_out + i : NULL;
        if (since) *since = 0;
        if (terms) *terms = 0;
        hits[i] = 0;
        int result = first_touch(reg, b, i, bad);
        if (QL_UNLIKELY(result != QL_FOUND_ALL)) return result;
        const uint8_t *block = reg->map + ql_pointer_offset(b->pointer[i]);
        unsigned encoding = ql_pointer_encoding(b->pointer[i]);
        if (encoding == QL_PERIODS) {
            hits[i] = (uint8_t)find_period(block, b->member[i], on, since, terms);
        } else if (encoding == QL_BITS || encoding == QL_LIST) {
            hits[i] = (uint8_t)find_member(block, b->member[i], dated, on, since, terms);
        }
    }
    return QL_FOUND_ALL;
}

int ql_lookup(const ql_register *reg, const uint64_t *keys, size_t n, uint16_t on, int dated, uint8_t *hits,
              uint16_t *since_out, uint16_t *terms_out, uint64_t *bad) {
    batch b;
    int bits_only = !dated && since_out == NULL && terms_out == NULL;
    for (size_t done = 0; done < n; done += BATCH) {
        size_t size = n - done < BATCH ? n - done : BATCH;
        prefetch_buckets(reg, keys + done, size, &b);
        int result = resolve_pointers(reg, size, &b, bad);
        if (result != QL_FOUND_ALL) return result;
        if (bits_only) {
            result = test_bits(reg, size, &b, on, hits + done, bad);
        } else {
            uint16_t *since = since_out ? since_out + done : NULL, *terms = terms_out ? terms_out + done : NULL;
            result = find_entries(reg, size, &b, on, dated, hits + done, since, terms, bad);
        }
        if (result != QL_FOUND_ALL) return result;
    }
    return QL_FOUND_ALL;
}
