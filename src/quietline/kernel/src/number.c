/* Raw text to key, for the texts whose answer is known beforehand.
 *
 * A text of digits with the usual punctuation is reduced to its digits, whether a plus stands before them, and how many
 * they are. For each of these (plus or not, how many) the plan holds a decision diagram over the digits, made from the
 * library's own metadata (numbering/_logic.py): follow it to a leaf. A leaf says what the number is and how its key is
 * made of the digits, or that only the library can tell. Everything else asks.
 *
 * Plan, little-endian:
 *     0  8 bytes  "QLPLAN\0\1"
 *     8  u32      branches
 *    12  u32      labels (label 0 is QL_ASK; its "how" is 0)
 *    16  u16      first[2][20]: where to begin, without and with a plus, by the number of digits
 *    96  labels   of 8 bytes: u8 status, u8 how, u8 dropped, u8 0, u16 calling code, u16 0
 *     *  branches of 16 u16, from the next multiple of 32: where to go on by digit; [10] the most steps from here to a
 *                 leaf; the rest 0
 * "Where to go" is a branch, or 0x8000 + a label. Branches lead to branches before them only. */
#include "kernel.h"

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#endif

#define LENGTHS 20
#define DIGITS 16 /* more cannot be a number: 15 are the most, with a national prefix perhaps 16 */
#define HEADER 96
#define LEAF 0x8000u
#define LONGEST_TEXT 250 /* as in the library */

/* How a key is made of the digits. */
enum { NO_KEY = 0, AS_IT_STANDS = 1, WITH_CALLING_CODE = 2 };

struct ql_plan {
    const uint8_t *labels, *branches;
    uint16_t first[2][LENGTHS];
};

_Static_assert(sizeof(struct ql_plan) <= QL_PLAN_STORAGE, "a plan must fit its storage");

static const uint64_t POWER[16] = {
    1u,         10u,         100u,         1000u,         10000u,         100000u,         1000000u,         10000000u,
    100000000u, 1000000000u, 10000000000u, 100000000000u, 1000000000000u, 10000000000000u, 100000000000000u,
    1000000000000000u};

/* Kinds of bytes. Tabs and line ends are dropped around a number, but within one the library stops at them. */
enum { DIGIT = 1, PUNCTUATION = 2, PLUS = 4, OTHER = 8, BLANK = 16 };
#define X8 OTHER, OTHER, OTHER, OTHER, OTHER, OTHER, OTHER, OTHER
#define X64 X8, X8, X8, X8, X8, X8, X8, X8
#define SKIPPED (OTHER | BLANK)
/* clang-format off */
static const uint8_t KIND[256] = {
    X8, OTHER, SKIPPED, SKIPPED, OTHER, OTHER, SKIPPED, OTHER, OTHER, X8, X8,        /* 9 tab, 10 and 13 line ends */
    PUNCTUATION | BLANK, OTHER, OTHER, OTHER, OTHER, OTHER, OTHER, OTHER,            /*   ! " # $ % & ' */
    PUNCTUATION, PUNCTUATION, OTHER, PLUS, OTHER, PUNCTUATION, PUNCTUATION, OTHER,   /* ( ) * + , - . / */
    DIGIT, DIGIT, DIGIT, DIGIT, DIGIT, DIGIT, DIGIT, DIGIT, DIGIT, DIGIT, OTHER, OTHER, OTHER, OTHER, OTHER, OTHER,
    X64, X64, X64};
/* clang-format on */

static inline uint16_t u16_at(const uint8_t *p) {
    uint16_t v;
    memcpy(&v, p, 2);
    return v;
}

static inline uint32_t u32_at(const uint8_t *p) {
    uint32_t v;
    memcpy(&v, p, 4);
    return v;
}

static inline uint64_t u64_at(const uint8_t *p) {
    uint64_t v;
    memcpy(&v, p, 8);
    return v;
}

/* Steps from `where` to a leaf at most; 255 where it leads nowhere. */
static inline unsigned height_of(const uint8_t *branches, uint32_t limit, uint32_t labels, unsigned where) {
    if (where & LEAF) return (where & ~LEAF) < labels ? 0 : 255;
    return where < limit ? u16_at(branches + 32 * (size_t)where + 20) : 255;
}

const ql_plan *ql_plan_open(void *storage, const uint8_t *blob, size_t n) {
    static const uint8_t magic[8] = {'Q', 'L', 'P', 'L', 'A', 'N', 0, 1};
    if (!blob || n < HEADER || memcmp(blob, magic, 8) != 0) return NULL;
    uint32_t count = u32_at(blob + 8), labels = u32_at(blob + 12);
    if (count > LEAF || labels == 0 || labels > LEAF) return NULL;
    size_t at = (HEADER + 8 * (size_t)labels + 31) & ~(size_t)31;
    if (n != at + 32 * (size_t)count) return NULL;

    const uint8_t *label = blob + HEADER, *branches = blob + at;
    for (uint32_t i = 0; i < labels; i++) {
        const uint8_t *p = label + 8 * (size_t)i;
        int good = i == 0                  ? p[0] == QL_ASK && p[1] == NO_KEY
                   : p[0] <= QL_UNASSIGNED ? p[1] == AS_IT_STANDS || p[1] == WITH_CALLING_CODE
                                           : p[0] != QL_ASK && p[1] == NO_KEY;
        if (!good || u16_at(p + 4) > 999) return NULL;
    }
    for (uint32_t i = 0; i < count; i++) {
        const uint8_t *p = branches + 32 * (size_t)i;
        unsigned height = u16_at(p + 20);
        if (height >= LENGTHS) return NULL;
        for (int digit = 0; digit < 10; digit++) {
            if (height_of(branches, i, labels, u16_at(p + 2 * digit)) >= height) return NULL;
        }
    }
    ql_plan *plan = storage;
    plan->labels = label;
    plan->branches = branches;
    for (unsigned i = 0; i < 2 * LENGTHS; i++) {
        unsigned where = u16_at(blob + 16 + 2 * i);
        if (height_of(branches, count, labels, where) > i % LENGTHS) return NULL; /* it would run past the digits */
        plan->first[i / LENGTHS][i % LENGTHS] = (uint16_t)where;
    }
    return plan;
}

/* "2125551234.0" and ".00" may be a spreadsheet's number and not part of a telephone number; the caller repairs that. */
static inline int like_decimal(const uint8_t *p, size_t n) {
    return n >= 3 && p[n - 1] == '0' && (p[n - 2] == '.' || (p[n - 2] == '0' && p[n - 3] == '.'));
}

/* Answer at a leaf. `value` is the digits as one number. A number that goes into the key as it stands has a calling code of
 * 0 and no digits dropped, so that all take the same way: which it will be cannot be foreseen. */
static inline uint8_t answer(const ql_plan *plan, unsigned leaf, uint64_t value, unsigned digits, uint64_t *key) {
    const uint8_t *label = plan->labels + 8 * (size_t)(leaf & ~LEAF);
    if (label[1] == NO_KEY) return label[0];
    unsigned kept = digits - label[2];
    uint64_t code = u16_at(label + 4);
    if (QL_UNLIKELY(kept > 15 || code >= POWER[15 - kept])) return QL_ASK; /* E.164 ends at 15 digits */
    *key = code * POWER[kept] + (label[2] ? value % POWER[kept] : value); /* spare the division where none is dropped */
    return label[0];
}

/* Whether all eight bytes are '0' to '9'. */
static inline int all_digits(uint64_t eight) {
    const uint64_t high = 0xF0F0F0F0F0F0F0F0u, zeros = 0x3030303030303030u;
    return (((eight & high) ^ zeros) | (((eight + 0x0606060606060606u) & high) ^ zeros)) == 0;
}

/* The number that eight digits make, the first in the lowest byte; only the lower half of each byte counts. */
static inline uint64_t number_of_eight(uint64_t eight) {
    const uint64_t pair = 0x000000FF000000FFu;
    eight &= 0x0F0F0F0F0F0F0F0Fu;
    eight = eight * 10 + (eight >> 8);
    return (((eight & pair) * 0x000F424000000064u) + (((eight >> 16) & pair) * 0x0000271000000001u)) >> 32;
}

/* The number that sixteen digits of four bits make, the first in the highest place. */
static inline uint64_t number_of_sixteen(uint64_t digits) {
    const uint64_t byte = 0x0F0F0F0F0F0F0F0Fu, two = 0x00FF00FF00FF00FFu, four = 0x0000FFFF0000FFFFu;
    digits = (digits & byte) + ((digits >> 4) & byte) * 10;
    digits = (digits & two) + ((digits >> 8) & two) * 100;
    digits = (digits & four) + ((digits >> 16) & four) * 10000;
    return (digits & 0xFFFFFFFFu) + (digits >> 32) * 100000000u;
}

static inline unsigned next(const ql_plan *plan, unsigned where, unsigned digit) {
    return u16_at(plan->branches + 32 * (size_t)where + 2 * digit);
}

/* The digits of a text, four bits each, the last one lowest; how many; whether there is anything else than punctuation. */
typedef struct {
    uint64_t digits;
    unsigned count, foreign;
} compact;

/* Where punctuation stands cannot be foreseen, so there are no branches here; and the digits stay in a register, as reading
 * back at once what was written byte by byte is slow. */
static inline compact compact_bytes(const uint8_t *p, size_t n, unsigned punctuation) {
    uint64_t digits = 0;
    unsigned count = 0, kinds = 0;
    for (size_t i = 0; i < n; i++) {
        unsigned kind = p[i] == punctuation ? PUNCTUATION : KIND[p[i]], is_digit = kind & DIGIT;
        digits = (digits << (4 * is_digit)) | (p[i] & 15 & (0 - is_digit));
        count += is_digit;
        kinds |= kind;
    }
    return (compact){digits, count, kinds & (PLUS | OTHER)};
}

#if defined(__x86_64__) && defined(__GNUC__)
#define HAVE_PEXT (__builtin_cpu_supports("bmi2") && __builtin_cpu_supports("popcnt"))

/* The same for 8 to 16 bytes, all at once: the first eight and the last eight, which may overlap. */
__attribute__((target("bmi2,popcnt"))) static compact compact_sixteen(const uint8_t *p, size_t n, unsigned punctuation) {
    uint64_t head = u64_at(p), tail = u64_at(p + n - 8);
    __m128i text = _mm_set_epi64x((long long)tail, (long long)head);
    __m128i value = _mm_sub_epi8(text, _mm_set1_epi8('0'));
    __m128i digit = _mm_cmpeq_epi8(_mm_min_epu8(value, _mm_set1_epi8(9)), value);
    __m128i known = _mm_or_si128(digit, _mm_cmpeq_epi8(text, _mm_set1_epi8((char)punctuation)));
    for (const char *mark = " -.()"; *mark; mark++) known = _mm_or_si128(known, _mm_cmpeq_epi8(text, _mm_set1_epi8(*mark)));
    __m128i low = _mm_and_si128(digit, _mm_set1_epi8(15));
    /* the first byte highest, so that pext leaves the digits in reading order; of the tail only what the head has not */
    uint64_t head_mask = __builtin_bswap64((uint64_t)_mm_cvtsi128_si64(low));
    uint64_t tail_mask = __builtin_bswap64((uint64_t)_mm_cvtsi128_si64(_mm_unpackhi_epi64(low, low)));
    tail_mask = n == 8 ? 0 : tail_mask & (~(uint64_t)0 >> (8 * (16 - n)));
    unsigned in_tail = (unsigned)__builtin_popcountll(tail_mask);
    unsigned count = ((unsigned)__builtin_popcountll(head_mask) + in_tail) / 4;
    uint64_t digits = _pext_u64(__builtin_bswap64(head), head_mask) << in_tail;
    digits |= _pext_u64(__builtin_bswap64(tail), tail_mask);
    return (compact){digits, count, (unsigned)_mm_movemask_epi8(known) != 0xFFFFu};
}
#endif

/* Follow the diagram for these digits. ql_plan_open has seen to it that no path is longer than the digits. */
static inline uint8_t follow(const ql_plan *plan, unsigned plus, compact found, uint64_t *key) {
    if (found.count < 3 || found.count > DIGITS) return QL_ASK;
    unsigned where = plan->first[plus][found.count];
    uint64_t value = number_of_sixteen(found.digits), digits = found.digits << 4 * (DIGITS - found.count);
    for (; !(where & LEAF); digits <<= 4) where = next(plan, where, (unsigned)(digits >> 60));
    return answer(plan, where, value, found.count, key);
}

uint8_t ql_parse_number(const ql_plan *plan, const uint8_t *p, size_t n, uint8_t extra, uint64_t *key) {
    *key = 0;
    while (n && (KIND[p[n - 1]] & BLANK)) n--;
    while (n && (KIND[*p] & BLANK)) p++, n--;
    if (n == 0) return QL_EMPTY;
    if (n > LONGEST_TEXT || like_decimal(p, n)) return QL_ASK;
    unsigned plus = *p == '+', punctuation = extra ? extra : ' ';
    p += plus, n -= plus;
#ifdef HAVE_PEXT
    if (n >= 8 && n <= 16 && HAVE_PEXT) {
        compact found = compact_sixteen(p, n, punctuation);
        if (QL_LIKELY(!found.foreign)) return follow(plan, plus, found, key);
    }
#endif
    if (!plus) { /* as the library does before the plus or the first digit */
        while (n && (KIND[*p] & PUNCTUATION)) p++, n--;
        plus = n && *p == '+';
        p += plus, n -= plus;
    }
    if (n >= 8 && n <= DIGITS) { /* nothing but digits: read them eight at a time */
        uint64_t first = u64_at(p), last = u64_at(p + n - 8);
        if (all_digits(first) && all_digits(last)) {
            unsigned where = plan->first[plus][n];
            for (const uint8_t *digit = p; !(where & LEAF); digit++) where = next(plan, where, *digit & 15);
            uint64_t head = n > 8 ? number_of_eight((first & 0x0F0F0F0F0F0F0F0Fu) << (8 * (16 - n))) : 0;
            return answer(plan, where, head * 100000000u + number_of_eight(last), (unsigned)n, key);
        }
    }
    compact found = compact_bytes(p, n, punctuation);
    return found.foreign ? QL_ASK : follow(plan, plus, found, key);
}
