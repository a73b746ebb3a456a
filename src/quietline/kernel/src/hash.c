/* Bulk SHA-256 (FIPS 180-4): LANES messages of equal length are hashed side by side, one in each lane of a vector.
 *
 * Every message here has a fixed length (26 and 65 bytes), so the padding is written out by hand and no general
 * SHA-256 is needed. The compression is written once, over a type that is a GCC vector where the compiler has them
 * and a plain uint32_t where it does not. With GCC on x86-64 Linux the two exported functions are compiled three
 * times (AVX-512, AVX2, baseline) and the loader picks the best that the machine runs.
 */
#include "hash.h"

#include <string.h>

#if defined(__GNUC__)
#define LANES 16
typedef uint32_t lanes __attribute__((vector_size(4 * LANES)));
#define INLINE static inline __attribute__((always_inline))
#else
#define LANES 1
typedef uint32_t lanes;
#define INLINE static inline
#endif

/* The resolvers behind target_clones need glibc, and run before a sanitiser is ready. */
#if defined(__x86_64__) && defined(__gnu_linux__) && defined(__GLIBC__) && defined(__GNUC__) && !defined(__clang__) \
    && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define BEST_OF_MACHINE __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define BEST_OF_MACHINE
#endif

static const uint32_t START[8] = {
    0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
};

static const uint32_t K[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

#define ROTATE(x, n) (((x) >> (n)) | ((x) << (32 - (n))))

#define ROUND(a, b, c, d, e, f, g, h, t)                                                                        \
    do {                                                                                                        \
        lanes t1 = h + (ROTATE(e, 6) ^ ROTATE(e, 11) ^ ROTATE(e, 25)) + (g ^ (e & (f ^ g))) + K[t] + w[(t) & 15]; \
        lanes t2 = (ROTATE(a, 2) ^ ROTATE(a, 13) ^ ROTATE(a, 22)) + ((a & b) | (c & (a | b)));                   \
        d += t1;                                                                                                \
        h = t1 + t2;                                                                                            \
    } while (0)

#define EIGHT_ROUNDS(t)                     \
    do {                                    \
        ROUND(a, b, c, d, e, f, g, h, (t)); \
        ROUND(h, a, b, c, d, e, f, g, (t) + 1); \
        ROUND(g, h, a, b, c, d, e, f, (t) + 2); \
        ROUND(f, g, h, a, b, c, d, e, (t) + 3); \
        ROUND(e, f, g, h, a, b, c, d, (t) + 4); \
        ROUND(d, e, f, g, h, a, b, c, (t) + 5); \
        ROUND(c, d, e, f, g, h, a, b, (t) + 6); \
        ROUND(b, c, d, e, f, g, h, a, (t) + 7); \
    } while (0)

/* One block of every lane: state and w are updated in place. */
INLINE void compress(lanes state[8], lanes w[16]) {
    lanes a = state[0], b = state[1], c = state[2], d = state[3];
    lanes e = state[4], f = state[5], g = state[6], h = state[7];

    EIGHT_ROUNDS(0);
    EIGHT_ROUNDS(8);
    for (int t = 16; t < 64; t += 16) {
        for (int i = 0; i < 16; i++) {
            lanes x = w[(i + 1) & 15], y = w[(i + 14) & 15];
            w[i] += (ROTATE(x, 7) ^ ROTATE(x, 18) ^ (x >> 3)) + w[(i + 9) & 15]
                    + (ROTATE(y, 17) ^ ROTATE(y, 19) ^ (y >> 10));
        }
        EIGHT_ROUNDS(t);
        EIGHT_ROUNDS(t + 8);
    }
    state[0] += a, state[1] += b, state[2] += c, state[3] += d;
    state[4] += e, state[5] += f, state[6] += g, state[7] += h;
}

INLINE void begin(lanes state[8]) {
    for (int i = 0; i < 8; i++) {
        state[i] = (lanes){0} + START[i];
    }
}

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
/* The same as below in one instruction; compilers do not find it by themselves inside a loop over lanes. */
INLINE uint64_t load64(const uint8_t *p) {
    uint64_t x;
    memcpy(&x, p, sizeof x);
    return __builtin_bswap64(x);
}

INLINE void store32(uint8_t *p, uint32_t x) {
    x = __builtin_bswap32(x);
    memcpy(p, &x, sizeof x);
}
#else
INLINE uint64_t load64(const uint8_t *p) {
    uint64_t x = 0;
    for (int i = 0; i < 8; i++) {
        x = x << 8 | p[i];
    }
    return x;
}

INLINE void store32(uint8_t *p, uint32_t x) {
    p[0] = (uint8_t)(x >> 24), p[1] = (uint8_t)(x >> 16), p[2] = (uint8_t)(x >> 8), p[3] = (uint8_t)x;
}
#endif

/* Word i of lane l, in a block that is still being filled. */
#define WORD(block, i, l) (block)[(i)][(l)]

INLINE void put64(uint32_t block[16][LANES], int word, size_t lane, uint64_t x) {
    WORD(block, word, lane) = (uint32_t)(x >> 32);
    WORD(block, word + 1, lane) = (uint32_t)x;
}

INLINE void finish(const lanes state[8], size_t used, uint8_t *out) {
    uint32_t words[8][LANES];
    memcpy(words, state, sizeof words);
    for (size_t lane = 0; lane < used; lane++) {
        for (size_t i = 0; i < 8; i++) {
            store32(out + 32 * lane + 4 * i, WORD(words, i, lane));
        }
    }
}

BEST_OF_MACHINE
void ql_leaf_hashes(const uint64_t *keys, const uint8_t *verdicts, const uint8_t *salts, size_t n, uint8_t *out) {
    uint32_t block[16][LANES];
    lanes state[8], w[16];

    for (size_t done = 0; done < n; done += LANES) {
        size_t used = n - done < LANES ? n - done : LANES;
        memset(block, 0, sizeof block);
        for (size_t lane = 0; lane < used; lane++) {
            size_t i = done + lane;
            uint64_t salt_high = load64(salts + 16 * i), salt_low = load64(salts + 16 * i + 8), key = keys[i];
            put64(block, 0, lane, salt_high >> 8); /* the first byte, 0x00, marks a leaf */
            put64(block, 2, lane, salt_high << 56 | salt_low >> 8);
            put64(block, 4, lane, salt_low << 56 | key >> 8);
            put64(block, 6, lane, key << 56 | (uint64_t)verdicts[i] << 48 | (uint64_t)0x80 << 40);
            WORD(block, 15, lane) = 26 * 8;
        }
        memcpy(w, block, sizeof block);
        begin(state);
        compress(state, w);
        finish(state, used, out + 32 * done);
    }
}

BEST_OF_MACHINE
void ql_node_hashes(const uint8_t *children, size_t pairs, uint8_t *out) {
    uint32_t block[16][LANES], last[LANES];
    lanes state[8], w[16];

    memset(block, 0, sizeof block);
    memset(last, 0, sizeof last);
    for (size_t done = 0; done < pairs; done += LANES) {
        size_t used = pairs - done < LANES ? pairs - done : LANES;
        for (size_t lane = 0; lane < used; lane++) {
            const uint8_t *pair = children + 64 * (done + lane);
            uint64_t before = 0x01; /* marks a node */
            for (int i = 0; i < 8; i++) {
                uint64_t here = load64(pair + 8 * i);
                put64(block, 2 * i, lane, before << 56 | here >> 8);
                before = here;
            }
            last[lane] = (uint32_t)before << 24 | (uint32_t)0x80 << 16; /* byte 65, then the padding */
        }
        memcpy(w, block, sizeof block);
        begin(state);
        compress(state, w);

        memset(w, 0, sizeof w);
        memcpy(&w[0], last, sizeof last);
        w[15] += 65 * 8;
        compress(state, w);
        finish(state, used, out + 32 * done);
    }
}
