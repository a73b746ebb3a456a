/* Bulk look-up. Numbers of a calling list fall all over a register of hundreds of megabytes, so nearly every one is a
 * cache miss. Waiting for one miss after another would take ten times as long as letting them overlap, which a processor
 * does by itself as long as nothing makes it guess. So a batch is done in passes, each a loop without a branch that hangs on
 * what was loaded: fetch the buckets of the index; read them; load the bits. What needs a decision (a prefix that is not in
 * its own bucket, a block touched for the first time, a block that is no bitmap) is put on a list and done between. */
#include "kernel.h"

#define BATCH 512
#define NO_BIT 1u /* a bit of the file that is known to be 0: bit 1 of the magic's first letter */

typedef struct {
    uint64_t prefix[BATCH];
    uint64_t slot[BATCH]; /* first the bucket's first entry, then the prefix's own */
    uint64_t pointer[BATCH]; /* 0: no block */
    uint64_t bit[BATCH];     /* which bit of the file tells, where the block is a bitmap; else one of the block's first */
    uint16_t member[BATCH];
    uint16_t todo[BATCH];
} batch;

static void fetch_buckets(const ql_register *reg, const uint64_t *keys, size_t n, batch *b) {
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

static inline uint64_t bit_of(uint64_t pointer, uint16_t member) {
    uint64_t start = ql_pointer_offset(pointer) * 8, is_bits = ql_pointer_encoding(pointer) == QL_BITS;
    uint64_t bit = start + ((QL_BLOCK_HEADER * 8 + member) & (0 - is_bits));
    return pointer ? bit : NO_BIT;
}

static void read_buckets(const ql_register *reg, size_t n, batch *b) {
    size_t elsewhere = 0;
    for (size_t i = 0; i < n; i++) {
        uint64_t word = b->prefix[i] + 1;
        const ql_entry *bucket = &reg->index[b->slot[i]];
        uint64_t in0 = bucket[0].prefix_word == word, in1 = bucket[1].prefix_word == word;
        uint64_t in2 = bucket[2].prefix_word == word, in3 = bucket[3].prefix_word == word;
        uint64_t here = in0 | in1 | in2 | in3, place = in1 | in2 << 1 | in3 << 1 | in3;
        uint64_t pointer = __atomic_load_n(&bucket[place].pointer, __ATOMIC_ACQUIRE) & (0 - here);
        b->slot[i] += place;
        b->pointer[i] = pointer;
        b->bit[i] = bit_of(pointer, b->member[i]);
        b->todo[elsewhere] = (uint16_t)i;
        elsewhere += !here & (bucket[3].prefix_word != 0);
    }
    for (size_t t = 0; t < elsewhere; t++) {
        size_t i = b->todo[t];
        b->pointer[i] = probe_on(reg, &b->slot[i], b->prefix[i] + 1);
        b->bit[i] = bit_of(b->pointer[i], b->member[i]);
    }
}

static int check_block(const ql_register *reg, uint64_t prefix, uint64_t pointer) {
    if (!ql_pointer_check(prefix, pointer)) return QL_CORRUPT;
    uint64_t offset = ql_pointer_offset(pointer);
    if (offset + QL_BLOCK_HEADER + 4 > reg->mapped) return QL_STALE; /* so much every block has, and is read of it below */
    if (ql_pointer_encoding(pointer) == QL_GONE) return QL_FOUND_ALL; /* its first byte is read all the same */
    const uint8_t *block = reg->map + offset;
    if (!ql_block_check(block, reg->mapped - offset, prefix)) {
        size_t length = ql_block_length(block, SIZE_MAX); /* longer than what is mapped: the file may have grown */
        return length > reg->mapped - offset ? QL_STALE : QL_CORRUPT;
    }
    return block[6] == ql_pointer_encoding(pointer) ? QL_FOUND_ALL : QL_CORRUPT;
}

/* Fetch the lines of a block that will be checked soon. */
static void fetch_block(const ql_register *reg, uint64_t pointer) {
    uint64_t offset = ql_pointer_offset(pointer), end = offset + QL_BLOCK_HEADER + QL_BITS_BYTES;
    if (end > reg->mapped) end = reg->mapped;
    for (; offset < end; offset += 64) QL_PREFETCH(reg->map + offset);
}

/* Is this block known to be sound? One that a writer has appended since never is: the entry's mark is that of the block it
 * had before, and the new one may lie behind the mapping. */
static inline int is_checked(const ql_register *reg, uint64_t slot, uint64_t pointer) {
    return (reg->checked[slot >> 3] >> (slot & 7) & 1) & (ql_pointer_offset(pointer) < reg->limit);
}

/* Check the blocks that this batch touches first. Two threads may check the same one, or forget that they did: no harm. */
static int check_blocks(const ql_register *reg, size_t n, batch *b, uint64_t *bad) {
    size_t unchecked = 0;
    for (size_t i = 0; i < n; i++) {
        b->todo[unchecked] = (uint16_t)i;
        unchecked += (b->pointer[i] != 0) & !is_checked(reg, b->slot[i], b->pointer[i]);
    }
    for (size_t t = 0; t < unchecked; t++) {
        if (t + 2 < unchecked) fetch_block(reg, b->pointer[b->todo[t + 2]]);
        size_t i = b->todo[t];
        uint64_t slot = b->slot[i];
        if (is_checked(reg, slot, b->pointer[i])) continue;
        int result = check_block(reg, b->prefix[i], b->pointer[i]);
        if (result != QL_FOUND_ALL) {
            *bad = b->prefix[i];
            return result;
        }
        uint8_t mark = ql_pointer_offset(b->pointer[i]) < reg->limit;
        reg->checked[slot >> 3] |= (uint8_t)(mark << (slot & 7));
    }
    return QL_FOUND_ALL;
}

static size_t lower_bound16(const uint8_t *members, size_t low, size_t n, uint16_t member) {
    while (n > 0) {
        size_t half = n / 2;
        int right = ql_load16(members + 2 * (low + half)) < member;
        low = right ? low + half + 1 : low;
        n = right ? n - half - 1 : half;
    }
    return low;
}

/* Where a member would stand in a list of `count` if they were spread evenly. */
static inline size_t guess_rank(size_t count, uint16_t member) { return count * member / QL_BLOCK_NUMBERS; }

/* Rank of the first member not below this one. Members are spread fairly evenly, so the search begins where this one would
 * stand if they were quite evenly spread: a cache line or two, where halving would touch five. */
static size_t find_rank(const uint8_t *members, size_t count, uint16_t member) {
    size_t at = guess_rank(count, member), low = 0, high = count;
    if (at < count && ql_load16(members + 2 * at) < member) {
        low = at + 1;
        if (low + 32 < count && ql_load16(members + 2 * (low + 32)) >= member) high = low + 32;
    } else {
        high = at;
        if (high > 32 && ql_load16(members + 2 * (high - 32)) < member) low = high - 32;
    }
    return lower_bound16(members, low, high - low, member);
}

#define LAST_WORD 156u /* the bits are 156 words of 64 bits, and four bytes */

static inline __attribute__((always_inline)) size_t ones(const uint8_t *words, size_t n) {
    size_t count = 0;
    for (size_t i = 0; i < n; i++) count += (size_t)__builtin_popcountll(ql_load64(words + 8 * i));
    return count;
}

/* How many of a block's members stand before this one, which is among them: counted from the nearer end of the bits. */
static inline __attribute__((always_inline)) size_t count_before(const uint8_t *bits, size_t members, uint16_t member) {
    size_t word = member / 64u;
    unsigned place = member % 64u;
    uint64_t here = word < LAST_WORD ? ql_load64(bits + 8 * word) : ql_load32(bits + 8 * word);
    if (word < LAST_WORD / 2) return ones(bits, word) + (size_t)__builtin_popcountll(here & (((uint64_t)1 << place) - 1));
    size_t from_here = (size_t)__builtin_popcountll(here >> place);
    if (word == LAST_WORD) return members - from_here;
    from_here += ones(bits + 8 * (word + 1), LAST_WORD - 1 - word);
    return members - from_here - (size_t)__builtin_popcount(ql_load32(bits + 8 * LAST_WORD));
}

#if defined(__x86_64__) && defined(__GNUC__)
#define HAVE_POPCNT __builtin_cpu_supports("popcnt")
__attribute__((target("popcnt"))) static size_t count_before_popcnt(const uint8_t *bits, size_t members, uint16_t member) {
    return count_before(bits, members, member);
}
#endif

static size_t rank_in_bits(const uint8_t *bits, size_t members, uint16_t member) {
#ifdef HAVE_POPCNT
    if (HAVE_POPCNT) return count_before_popcnt(bits, members, member); /* else each word is a call of a function */
#endif
    return count_before(bits, members, member);
}

static uint16_t column_value(const uint8_t *column, unsigned mode, size_t rank) {
    return mode == QL_COLUMN_NONE ? 0 : ql_load16(column + (mode == QL_COLUMN_EACH ? 2 * rank : 0));
}

/* Where the columns of a list or bits block begin. */
static inline const uint8_t *columns_of(const uint8_t *block) {
    return block + QL_BLOCK_HEADER + (block[6] == QL_BITS ? QL_BITS_BYTES : 2u * ql_load16(block + 4));
}

/* Day and terms of the member with this rank in a list or bits block, and whether it stood there on the day. */
static int read_columns(const uint8_t *block, size_t rank, int dated, uint16_t on, uint16_t *since, uint16_t *terms) {
    size_t count = ql_load16(block + 4);
    const uint8_t *column = columns_of(block);
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
    for (size_t i = lower_bound16(members, 0, n, member); i < n && ql_load16(members + 2 * i) == member; i++) {
        uint16_t first = ql_load16(sinces + 2 * i), last = ql_load16(untils + 2 * i);
        if (first <= on && (last == QL_OPEN_UNTIL || on < last)) {
            if (since) *since = first;
            if (terms) *terms = ql_load16(untils + 2 * n + 2 * i);
            return 1;
        }
    }
    return 0;
}

/* The loop whose cache misses have to overlap. It stands by itself: together with other work it took twice the time. */
static void __attribute__((noinline)) load_bits(const uint8_t *map, const uint64_t *bit, size_t n,
                                                uint8_t *restrict hits) {
    for (size_t i = 0; i < n; i++) hits[i] = map[bit[i] >> 3] >> (bit[i] & 7) & 1;
}

/* Rows whose answer the bits do not hold: other kinds of blocks, and, where days or terms matter, hits. */
static size_t list_others(batch *b, size_t n, const uint8_t *hits, int bits_only) {
    size_t others = 0;
    for (size_t i = 0; i < n; i++) {
        int other = ql_pointer_encoding(b->pointer[i]) != QL_BITS, hit = hits[i] && !bits_only;
        b->todo[others] = (uint16_t)i;
        others += (b->pointer[i] != 0) & (other | hit);
    }
    return others;
}

/* Whether a member stands in its list, and in b->slot the ranks of those in a list or bits block: their columns, which lie
 * elsewhere, come in while others are counted. */
static void find_ranks(const ql_register *reg, batch *b, size_t others, uint8_t *hits) {
    for (size_t t = 0; t < others; t++) {
        size_t i = b->todo[t];
        const uint8_t *block = reg->map + ql_pointer_offset(b->pointer[i]);
        if (ql_pointer_encoding(b->pointer[i]) == QL_LIST) {
            QL_PREFETCH(block + QL_BLOCK_HEADER + 2 * guess_rank(ql_load16(block + 4), b->member[i]));
        }
    }
    for (size_t t = 0; t < others; t++) {
        size_t i = b->todo[t];
        unsigned encoding = ql_pointer_encoding(b->pointer[i]);
        if (encoding != QL_BITS && encoding != QL_LIST) continue;
        const uint8_t *block = reg->map + ql_pointer_offset(b->pointer[i]), *body = block + QL_BLOCK_HEADER;
        size_t count = ql_load16(block + 4), rank;
        if (encoding == QL_BITS) {
            rank = rank_in_bits(body, count, b->member[i]);
        } else {
            rank = find_rank(body, count, b->member[i]);
            hits[i] = rank < count && ql_load16(body + 2 * rank) == b->member[i];
        }
        if (hits[i]) QL_PREFETCH(columns_of(block) + 2 * rank);
        b->slot[i] = rank;
    }
}

/* Lists, periods, days, terms, and whether an entry stood there on a past day. */
static void find_entries(const ql_register *reg, batch *b, size_t others, uint16_t on, int dated, uint8_t *hits,
                         uint16_t *since_out, uint16_t *terms_out) {
    find_ranks(reg, b, others, hits);
    for (size_t t = 0; t < others; t++) {
        size_t i = b->todo[t];
        uint16_t *since = since_out ? since_out + i : NULL, *terms = terms_out ? terms_out + i : NULL;
        const uint8_t *block = reg->map + ql_pointer_offset(b->pointer[i]);
        unsigned encoding = ql_pointer_encoding(b->pointer[i]);
        if (encoding == QL_PERIODS) {
            hits[i] = (uint8_t)find_period(block, b->member[i], on, since, terms);
        } else if (encoding == QL_GONE) {
            hits[i] = 0;
        } else if (hits[i] && (dated || since || terms)) {
            hits[i] = (uint8_t)read_columns(block, b->slot[i], dated, on, since, terms);
        }
    }
}

int ql_lookup(const ql_register *reg, const uint64_t *keys, size_t n, uint16_t on, int dated, uint8_t *hits,
              uint16_t *since_out, uint16_t *terms_out, uint64_t *bad) {
    batch b;
    int bits_only = !dated && since_out == NULL && terms_out == NULL;
    for (size_t done = 0; done < n; done += BATCH) {
        size_t size = n - done < BATCH ? n - done : BATCH;
        fetch_buckets(reg, keys + done, size, &b);
        read_buckets(reg, size, &b);
        int result = check_blocks(reg, size, &b, bad);
        if (result != QL_FOUND_ALL) return result;
        load_bits(reg->map, b.bit, size, hits + done);
        uint16_t *since = since_out ? since_out + done : NULL, *terms = terms_out ? terms_out + done : NULL;
        if (since) memset(since, 0, size * sizeof *since);
        if (terms) memset(terms, 0, size * sizeof *terms);
        size_t others = list_others(&b, size, hits + done, bits_only);
        find_entries(reg, &b, others, on, dated, hits + done, since, terms);
    }
    return QL_FOUND_ALL;
}
