/* words.c - the EVM's words in a row. */
#include "cluster/words.h"

#include <assert.h>
#include <endian.h>
#include <string.h>

/* The next word, all zero. */
static uint8_t *next(struct dp_words *words)
{
    uint8_t *word = words->bytes + words->count * DP_WORD_LEN;

    assert(words->count < DP_WORDS_MAX);
    words->count++;
    return memset(word, 0, DP_WORD_LEN);
}

void dp_words_add(struct dp_words *words, const uint8_t word[static DP_WORD_LEN])
{
    memcpy(next(words), word, DP_WORD_LEN);
}

void dp_words_add_number(struct dp_words *words, uint64_t number)
{
    const uint64_t bytes = htobe64(number);

    memcpy(next(words) + DP_WORD_LEN - sizeof(bytes), &bytes, sizeof(bytes));
}

void dp_words_add_address(struct dp_words *words, const uint8_t address[static DP_ADDRESS_LEN])
{
    memcpy(next(words) + DP_WORD_LEN - DP_ADDRESS_LEN, address, DP_ADDRESS_LEN);
}

void dp_words_add_hash(struct dp_words *words, const char *text)
{
    dp_keccak256(next(words), text, strlen(text));
}

void dp_words_hash(uint8_t out[static DP_KECCAK_LEN], const struct dp_words *words)
{
    dp_keccak256(out, words->bytes, words->count * DP_WORD_LEN);
}
