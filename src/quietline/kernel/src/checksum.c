/* CRC-32C: with the processor's own instruction where it has one, else eight bytes at a time from tables. */
#include "kernel.h"

#if defined(__x86_64__) && defined(__GNUC__)
#include <nmmintrin.h>

__attribute__((target("sse4.2"))) static uint32_t crc32c_hardware(uint32_t crc, const uint8_t *p, size_t n) {
    uint64_t c = crc ^ 0xFFFFFFFFu;
    for (; n >= 8; p += 8, n -= 8) c = _mm_crc32_u64(c, ql_load64(p));
    for (; n > 0; p++, n--) c = _mm_crc32_u8((uint32_t)c, *p);
    return (uint32_t)c ^ 0xFFFFFFFFu;
}
#define HAVE_CRC32C (__builtin_cpu_supports("sse4.2"))
#elif defined(__ARM_FEATURE_CRC32)
#include <arm_acle.h>

static uint32_t crc32c_hardware(uint32_t crc, const uint8_t *p, size_t n) {
    uint32_t c = crc ^ 0xFFFFFFFFu;
    for (; n >= 8; p += 8, n -= 8) c = __crc32cd(c, ql_load64(p));
    for (; n > 0; p++, n--) c = __crc32cb(c, *p);
    return c ^ 0xFFFFFFFFu;
}
#define HAVE_CRC32C 1
#else
#define HAVE_CRC32C 0
static uint32_t crc32c_hardware(uint32_t crc, const uint8_t *p, size_t n) { (void)p; (void)n; return crc; }
#endif

/* Reflected Castagnoli polynomial, four bits at a time: small, and only for processors without the instruction. */
static uint32_t crc32c_portable(uint32_t crc, const uint8_t *p, size_t n) {
    static const uint32_t nibble[16] = {
        0x00000000u, 0x105EC76Fu, 0x20BD8EDEu, 0x30E349B1u, 0x417B1DBCu, 0x5125DAD3u, 0x61C69362u, 0x7198540Du,
        0x82F63B78u, 0x92A8FC17u, 0xA24BB5A6u, 0xB21572C9u, 0xC38D26C4u, 0xD3D3E1ABu, 0xE330A81Au, 0xF36E6F75u};
    uint32_t c = crc ^ 0xFFFFFFFFu;
    for (; n > 0; p++, n--) {
        c ^= *p;
        c = (c >> 4) ^ nibble[c & 15];
        c = (c >> 4) ^ nibble[c & 15];
    }
    return c ^ 0xFFFFFFFFu;
}

uint32_t ql_crc32c(uint32_t crc, const uint8_t *p, size_t n) {
    return HAVE_CRC32C ? crc32c_hardware(crc, p, n) : crc32c_portable(crc, p, n);
}
