/* words.h - the EVM's words in a row: what is hashed as a struct, and what views are asked. */
#ifndef DP_CLUSTER_WORDS_H
#define DP_CLUSTER_WORDS_H

#include <stddef.h>
#include <stdint.h>

#include "crypto/keccak.h"
#include "ethereum/address.h"
#include "ethereum/integer.h"

#define DP_WORDS_MAX 16 /* more are a programming error */

struct dp_words {
    uint8_t bytes[DP_WORDS_MAX * DP_WORD_LEN];
    size_t count;
};

/* Each adds one word: numbers and addresses at its end. */
void dp_words_add(struct dp_words *words, const uint8_t word[static DP_WORD_LEN]);
void dp_words_add_number(struct dp_words *words, uint64_t number);
void dp_words_add_address(struct dp_words *words, const uint8_t address[static DP_ADDRESS_LEN]);

/* The hash of a text, as EIP-712 encodes strings and types. */
void dp_words_add_hash(struct dp_words *words, const char *text);

/* keccak-256 of all words. */
void dp_words_hash(uint8_t out[static DP_KECCAK_LEN], const struct dp_words *words);

#endif
