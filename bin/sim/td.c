/* td.c - start the TD otherwise than it was when its attestation was stored. */
#include "td.h"

#include <stdbool.h>
#include <string.h>

#include <openssl/sha.h>

#include "attest/eventlog.h"
#include "measure.h"

#define APP_REGISTER 3
#define TD_ATTRIBUTES 168
#define CONFIG_ID_COMPOSE 1 /* version of an mr_config_id that holds a compose hash */

#define SIM_DIGEST_LEN SHA384_DIGEST_LENGTH
#define PREIMAGE_MAX (11 << 20) /* of a name and a payload out of the file */

/* A slice of the blob, to be written to. */
static char *writable(struct dp_buf *bytes, struct dp_slice slice)
{
    return bytes->data + (slice.data - bytes->data);
}

static enum dp_err digest_of(uint8_t out[static SIM_DIGEST_LEN], struct dp_slice name,
                             struct dp_slice payload)
{
    struct dp_buf preimage = DP_BUF_INIT(PREIMAGE_MAX);
    enum dp_err err;

    dp_event_preimage(&preimage, 1, name, payload);
    err = preimage.err;
    if (err == DP_OK)
        SHA384((const uint8_t *)preimage.data, preimage.len, out);
    dp_buf_free(&preimage);
    return err;
}

/* A payload of an event of that name, which keeps its length. */
struct logged {
    const char *name;
    const uint8_t *payload;
    size_t len;
};

static bool is_logged(const struct logged *logged, struct dp_slice name, struct dp_slice payload)
{
    return payload.len == logged->len && dp_slice_is(name, logged->name);
}

static enum dp_err log_event(struct dp_buf *bytes, const struct dp_blob_event *event,
                             const struct logged *logged)
{
    uint8_t digest[SIM_DIGEST_LEN];
    enum dp_err err;

    memcpy(writable(bytes, event->payload), logged->payload, logged->len);
    err = digest_of(digest, event->name, event->payload);
    if (err == DP_OK && event->digest.len == sizeof(digest))
        memcpy(writable(bytes, event->digest), digest, sizeof(digest));
    return err;
}

/* Returns: DP_OK, DP_EFORMAT (there is none of that name and length), DP_ENOMEM */
static enum dp_err log_payload(struct dp_buf *bytes, const struct dp_blob *blob,
                               const struct logged *logged)
{
    enum dp_err err = DP_OK;
    size_t found = 0;

    for (size_t i = 0; err == DP_OK && i < blob->event_count; i++) {
        const struct dp_blob_event *event = &blob->events[i];

        if (event->imr == APP_REGISTER && is_logged(logged, event->name, event->payload))
            err = log_event(bytes, event, logged);
    }
    for (size_t i = 0; err == DP_OK && i < blob->runtime_count; i++) {
        const struct dp_blob_runtime *event = &blob->runtime[i];

        if (!is_logged(logged, event->name, event->payload))
            continue;
        memcpy(writable(bytes, event->payload), logged->payload, logged->len);
        found++;
    }
    return err == DP_OK && found == 0 ? DP_EFORMAT : err;
}

enum dp_err sim_td_log_compose(struct dp_buf *bytes, const struct dp_blob *blob,
                               const uint8_t hash[static SIM_COMPOSE_HASH_LEN])
{
    return log_payload(bytes, blob, &(struct logged){"compose-hash", hash, SIM_COMPOSE_HASH_LEN});
}

/* RTMR3 is what the log comes to. */
static enum dp_err replay(struct dp_buf *bytes, const struct dp_blob *blob)
{
    uint8_t both[2 * SIM_DIGEST_LEN] = {0};
    enum dp_err err = DP_OK;

    for (size_t i = 0; err == DP_OK && i < blob->runtime_count; i++) {
        err = digest_of(both + SIM_DIGEST_LEN, blob->runtime[i].name, blob->runtime[i].payload);
        SHA384(both, sizeof(both), both);
    }
    if (err == DP_OK)
        memcpy(writable(bytes, blob->quote) + SIM_RTMR0 + APP_REGISTER * SIM_REGISTER_LEN, both,
               SIM_REGISTER_LEN);
    return err;
}

enum dp_err sim_td_measure(struct dp_buf *bytes, const struct dp_blob *blob,
                           const uint8_t hash[static SIM_COMPOSE_HASH_LEN])
{
    char *config_id = writable(bytes, blob->quote) + SIM_MR_CONFIG_ID;
    enum dp_err err = sim_td_log_compose(bytes, blob, hash);

    if (err == DP_OK)
        err = replay(bytes, blob);
    if (err != DP_OK)
        return err;
    memset(config_id, 0, SIM_REGISTER_LEN);
    config_id[0] = CONFIG_ID_COMPOSE;
    memcpy(config_id + 1, hash, SIM_COMPOSE_HASH_LEN);
    return DP_OK;
}

enum dp_err sim_td_instance(struct dp_buf *bytes, const struct dp_blob *blob,
                            const uint8_t id[static SIM_INSTANCE_ID_LEN])
{
    const enum dp_err err =
        log_payload(bytes, blob, &(struct logged){"instance-id", id, SIM_INSTANCE_ID_LEN});

    return err == DP_OK ? replay(bytes, blob) : err;
}

void sim_td_debug(struct dp_buf *bytes, const struct dp_blob *blob)
{
    writable(bytes, blob->quote)[TD_ATTRIBUTES] |= 1;
}
