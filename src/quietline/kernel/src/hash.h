/* Bulk SHA-256 for receipts: leaves and nodes of an RFC 6962 Merkle tree, many at a time.
 *
 * Both functions are pure: they read and write only the memory they are given. Input and output must not overlap.
 */
#ifndef QUIETLINE_HASH_H
#define QUIETLINE_HASH_H

#include <stddef.h>
#include <stdint.h>

/* out[32 i ..] = SHA-256(0x00 || salts[16 i .. 16 i + 16) || keys[i] as 8 bytes, big-endian || verdicts[i]). */
void ql_leaf_hashes(const uint64_t *keys, const uint8_t *verdicts, const uint8_t *salts, size_t n, uint8_t *out);

/* out[32 i ..] = SHA-256(0x01 || children[64 i .. 64 i + 64)): the parent of two hashes that lie side by side. */
void ql_node_hashes(const uint8_t *children, size_t pairs, uint8_t *out);

#endif
