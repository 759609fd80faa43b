/* memo.c - short values by the tag of what they were made from, for as many as there are places. */
#include "base/memo.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* Places with the same remainder of the tag make a row, and the oldest of a row goes first. */
#define ROW 8

struct dp_memo {
    pthread_mutex_t lock; /* guards what follows */
    size_t rows, place_len;
    uint8_t *places; /* each a tag and its value; the tag of a vacant one is zero */
};

enum dp_err dp_memo_open(struct dp_memo **out, size_t places, size_t value_len)
{
    struct dp_memo *memo = calloc(1, sizeof(*memo));

    assert(places >= ROW && (places & (places - 1)) == 0);
    *out = NULL;
    if (memo == NULL)
        return DP_ENOMEM;
    memo->rows = places / ROW;
    memo->place_len = DP_MEMO_TAG_LEN + value_len;
    memo->places = calloc(places, memo->place_len);
    if (memo->places == NULL) {
        free(memo);
        return DP_ENOMEM;
    }
    pthread_mutex_init(&memo->lock, NULL);
    *out = memo;
    return DP_OK;
}

void dp_memo_close(struct dp_memo *memo)
{
    if (memo == NULL)
        return;
    pthread_mutex_destroy(&memo->lock);
    free(memo->places);
    free(memo);
}

static uint8_t *row_of(const struct dp_memo *memo, const uint8_t *tag)
{
    uint64_t number;

    memcpy(&number, tag, sizeof(number));
    return memo->places + (number & (memo->rows - 1)) * ROW * memo->place_len;
}

/* The place in a row, or NULL. */
static uint8_t *place_of(const struct dp_memo *memo, uint8_t *row, const uint8_t *tag)
{
    for (uint8_t *at = row; at < row + ROW * memo->place_len; at += memo->place_len) {
        if (memcmp(at, tag, DP_MEMO_TAG_LEN) == 0)
            return at;
    }
    return NULL;
}

bool dp_memo_find(struct dp_memo *memo, void *value, const uint8_t tag[static DP_MEMO_TAG_LEN])
{
    const uint8_t *place;

    pthread_mutex_lock(&memo->lock);
    place = place_of(memo, row_of(memo, tag), tag);
    if (place != NULL)
        memcpy(value, place + DP_MEMO_TAG_LEN, memo->place_len - DP_MEMO_TAG_LEN);
    pthread_mutex_unlock(&memo->lock);
    return place != NULL;
}

void dp_memo_keep(struct dp_memo *memo, const uint8_t tag[static DP_MEMO_TAG_LEN],
                  const void *value)
{
    uint8_t *row;

    pthread_mutex_lock(&memo->lock);
    row = row_of(memo, tag);
    if (place_of(memo, row, tag) == NULL) {
        memmove(row + memo->place_len, row, (ROW - 1) * memo->place_len);
        memcpy(row, tag, DP_MEMO_TAG_LEN);
        memcpy(row + DP_MEMO_TAG_LEN, value, memo->place_len - DP_MEMO_TAG_LEN);
    }
    pthread_mutex_unlock(&memo->lock);
}
