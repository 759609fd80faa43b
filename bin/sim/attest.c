/* attest.c - what dstack puts into a certificate: an attestation of its key, and of the app. */
#include "attest.h"

#include <string.h>

#include "measure.h"

#define APP_REGISTER 3

/* --- SCALE --- */

/* len bytes of value, the lowest first. */
static void add_integer(struct dp_buf *out, uint32_t value, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        uint8_t byte = (uint8_t)(value >> (8 * i));

        dp_buf_add(out, &byte, 1);
    }
}

/* Below 2^30, as whatever was read from a blob is. */
static void add_compact(struct dp_buf *out, size_t value)
{
    if (value < 1 << 6)
        add_integer(out, (uint32_t)value << 2, 1);
    else if (value < 1 << 14)
        add_integer(out, (uint32_t)value << 2 | 1, 2);
    else
        add_integer(out, (uint32_t)value << 2 | 2, 4);
}

static void add_bytes(struct dp_buf *out, struct dp_slice bytes)
{
    add_compact(out, bytes.len);
    dp_buf_add(out, bytes.data, bytes.len);
}

static bool is_kept(const struct dp_blob_event *event)
{
    static const char acpi[] = "ACPI DATA";

    return event->imr == APP_REGISTER ||
           (event->payload.len == sizeof(acpi) - 1 &&
            memcmp(event->payload.data, acpi, event->payload.len) == 0);
}

static void add_event(struct dp_buf *out, const struct dp_blob_event *event, bool stripped)
{
    struct dp_slice none = {"", 0};

    add_integer(out, event->imr, 4);
    add_integer(out, event->type, 4);
    /* Whoever checks computes the application's digests anew. */
    add_bytes(out, stripped && event->imr == APP_REGISTER ? none : event->digest);
    add_bytes(out, event->name);
    add_bytes(out, event->payload);
}

static void add_log(struct dp_buf *out, const struct dp_blob *blob, bool stripped)
{
    size_t kept = 0;

    for (size_t i = 0; i < blob->event_count; i++)
        kept += !stripped || is_kept(&blob->events[i]);
    add_compact(out, kept);
    for (size_t i = 0; i < blob->event_count; i++)
        if (!stripped || is_kept(&blob->events[i]))
            add_event(out, &blob->events[i], stripped);
}

void sim_attest_write(struct dp_buf *out, const struct dp_blob *blob, struct dp_slice quote,
                      const uint8_t report_data[static DP_BLOB_REPORT_DATA_LEN], bool stripped)
{
    add_integer(out, 0, 2); /* first form, dstack-tdx */
    add_bytes(out, quote);
    add_log(out, blob, stripped);
    add_compact(out, blob->runtime_count);
    for (size_t i = 0; i < blob->runtime_count; i++) {
        add_bytes(out, blob->runtime[i].name);
        add_bytes(out, blob->runtime[i].payload);
    }
    dp_buf_add(out, report_data, DP_BLOB_REPORT_DATA_LEN);
    add_bytes(out, blob->config);
}

/* --- MessagePack --- */

/* A binary: the marker, a big-endian length of one or two bytes, the bytes. */
static void add_binary(struct dp_buf *out, struct dp_slice bytes)
{
    uint8_t head[] = {0xc5, (uint8_t)(bytes.len >> 8), (uint8_t)bytes.len};

    if (bytes.len > UINT16_MAX && out->err == DP_OK)
        out->err = DP_ETOOBIG;
    if (bytes.len < 256)
        dp_buf_add(out, (uint8_t[]){0xc4, (uint8_t)bytes.len}, 2);
    else
        dp_buf_add(out, head, sizeof(head));
    dp_buf_add(out, bytes.data, bytes.len);
}

static void add_digest(struct dp_buf *out, const uint8_t digest[static 32])
{
    add_binary(out, (struct dp_slice){(const char *)digest, 32});
}

void sim_app_info_write(struct dp_buf *out, const struct dp_blob *blob)
{
    static const uint8_t array_of_9 = 0x99, nil = 0xc0;
    uint8_t digest[32];

    dp_buf_add(out, &array_of_9, 1);
    add_binary(out, dp_blob_payload(blob, "app-id"));
    add_binary(out, dp_blob_payload(blob, "compose-hash"));
    add_binary(out, dp_blob_payload(blob, "instance-id"));
    sim_device_id(digest);
    add_digest(out, digest);
    sim_mr_system(digest, blob);
    add_digest(out, digest);
    sim_mr_aggregated(digest, blob);
    add_digest(out, digest);
    if (sim_image_hash(digest, blob))
        add_digest(out, digest);
    else
        add_binary(out, (struct dp_slice){"", 0});
    add_binary(out, dp_blob_payload(blob, "key-provider"));
    dp_buf_add(out, &nil, 1); /* no init scripts */
}
