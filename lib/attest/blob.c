/* blob.c - an attestation as one blob: the first form, dstack-tdx. */
#include "attest/blob.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "attest/scale.h"

/* The least bytes that an entry takes, which bounds a list by what is left of the input. */
#define EVENT_LEN_MIN 11
#define RUNTIME_LEN_MIN 2

/* Room for a list whose length stands next in the input. */
static enum dp_err read_list(void **out, size_t *count, struct dp_scale *in, size_t item_size,
                             size_t encoded_min)
{
    *count = dp_scale_compact(in);
    if (in->failed || *count > in->left / encoded_min) {
        *count = 0;
        return DP_EFORMAT;
    }
    *out = calloc(*count + 1, item_size);
    return *out != NULL ? DP_OK : DP_ENOMEM;
}

static enum dp_err read_events(struct dp_blob *out, struct dp_scale *in)
{
    void *list = NULL;
    enum dp_err err = read_list(&list, &out->event_count, in, sizeof(*out->events), EVENT_LEN_MIN);

    if (err != DP_OK)
        return err;
    out->events = list;
    for (size_t i = 0; i < out->event_count; i++) {
        struct dp_blob_event *event = &out->events[i];

        event->imr = dp_scale_u32(in);
        event->type = dp_scale_u32(in);
        event->digest = dp_scale_bytes(in);
        event->name = dp_scale_bytes(in);
        event->payload = dp_scale_bytes(in);
    }
    return in->failed ? DP_EFORMAT : DP_OK;
}

static enum dp_err read_runtime(struct dp_blob *out, struct dp_scale *in)
{
    void *list = NULL;
    enum dp_err err =
        read_list(&list, &out->runtime_count, in, sizeof(*out->runtime), RUNTIME_LEN_MIN);

    if (err != DP_OK)
        return err;
    out->runtime = list;
    for (size_t i = 0; i < out->runtime_count; i++) {
        out->runtime[i].name = dp_scale_bytes(in);
        out->runtime[i].payload = dp_scale_bytes(in);
        out->runtime[i].version = 1;
    }
    return in->failed ? DP_EFORMAT : DP_OK;
}

enum dp_err dp_blob_parse(struct dp_blob *out, const uint8_t *in, size_t len)
{
    struct dp_scale scale = {in, len, false};
    uint8_t version = dp_scale_u8(&scale);
    uint8_t platform = dp_scale_u8(&scale);
    enum dp_err err;

    memset(out, 0, sizeof(*out));
    if (scale.failed || version != 0 || platform != 0)
        return DP_EFORMAT;
    out->quote = dp_scale_bytes(&scale);
    err = read_events(out, &scale);
    if (err == DP_OK)
        err = read_runtime(out, &scale);
    if (err != DP_OK)
        return err;
    out->report_data = dp_scale_raw(&scale, DP_BLOB_REPORT_DATA_LEN);
    out->config = dp_scale_bytes(&scale);
    return scale.failed || scale.left > 0 ? DP_EFORMAT : DP_OK;
}

void dp_blob_free(struct dp_blob *blob)
{
    free(blob->events);
    free(blob->runtime);
    free(blob->held);
    memset(blob, 0, sizeof(*blob));
}

static bool is_named(const struct dp_blob_runtime *event, const char *name)
{
    return event->name.len == strlen(name) && memcmp(event->name.data, name, strlen(name)) == 0;
}

struct dp_slice dp_blob_payload(const struct dp_blob *blob, const char *name)
{
    for (size_t i = 0; i < blob->runtime_count; i++) {
        if (is_named(&blob->runtime[i], name))
            return blob->runtime[i].payload;
        if (is_named(&blob->runtime[i], "system-ready"))
            break;
    }
    return (struct dp_slice){NULL, 0};
}
