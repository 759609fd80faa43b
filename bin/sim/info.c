/* info.c - the answer to Info, computed from the files. */
#include "info.h"

#include "base/hex.h"
#include "base/json.h"
#include "measure.h"
#include "sim.h"

static void add_hex(struct json_object *object, const char *name, struct dp_slice bytes)
{
    struct dp_buf hex = DP_BUF_INIT(2 * SIM_FILE_MAX);
    char *room = dp_buf_room(&hex, 2 * bytes.len);

    if (room != NULL) {
        dp_hex_encode(room, (const uint8_t *)bytes.data, bytes.len);
        dp_buf_grew(&hex, 2 * bytes.len);
    }
    dp_json_add_text(object, name, room != NULL ? hex.data : "");
    dp_buf_free(&hex);
}

static void add_bytes_as_text(struct json_object *object, const char *name, struct dp_slice text)
{
    dp_json_add(object, name,
                json_object_new_string_len(text.data != NULL ? text.data : "", (int)text.len));
}

static struct json_object *event_log(const struct sim_blob *blob)
{
    struct json_object *log = json_object_new_array();

    for (size_t i = 0; i < blob->event_count; i++) {
        const struct sim_event *event = &blob->events[i];
        struct json_object *entry = json_object_new_object();

        dp_json_add_int(entry, "imr", event->imr);
        dp_json_add_int(entry, "event_type", event->type);
        add_hex(entry, "digest", event->digest);
        add_bytes_as_text(entry, "event", event->name);
        add_hex(entry, "event_payload", event->payload);
        json_object_array_add(log, entry);
    }
    return log;
}

static void add_registers(struct json_object *tcb, const char *quote)
{
    static const char *const names[] = {"rtmr0", "rtmr1", "rtmr2", "rtmr3"};

    add_hex(tcb, "mrtd", (struct dp_slice){quote + SIM_MR_TD, SIM_REGISTER_LEN});
    for (size_t i = 0; i < 4; i++)
        add_hex(tcb, names[i],
                (struct dp_slice){quote + SIM_RTMR0 + i * SIM_REGISTER_LEN, SIM_REGISTER_LEN});
}

/* Members that stand in the answer and again in its tcb_info. */
struct shared {
    char mr_aggregated[65], os_image_hash[65], device_id[65];
    struct dp_slice compose_hash;
};

static void add_shared(struct json_object *object, const struct shared *shared)
{
    dp_json_add_text(object, "mr_aggregated", shared->mr_aggregated);
    dp_json_add_text(object, "os_image_hash", shared->os_image_hash);
    add_hex(object, "compose_hash", shared->compose_hash);
    dp_json_add_text(object, "device_id", shared->device_id);
}

static struct shared shared_of(const struct sim_blob *blob)
{
    struct shared shared = {.os_image_hash = ""};
    uint8_t digest[32];

    sim_mr_aggregated(digest, blob);
    dp_hex_encode(shared.mr_aggregated, digest, sizeof(digest));
    if (sim_image_hash(digest, blob))
        dp_hex_encode(shared.os_image_hash, digest, sizeof(digest));
    sim_device_id(digest);
    dp_hex_encode(shared.device_id, digest, sizeof(digest));
    shared.compose_hash = sim_blob_payload(blob, "compose-hash");
    return shared;
}

static void add_tcb_info(struct json_object *info, const struct sim_info_parts *parts,
                         const struct shared *shared)
{
    struct json_object *tcb = json_object_new_object();

    add_registers(tcb, parts->blob->quote.data);
    add_shared(tcb, shared);
    dp_json_add(tcb, "event_log", event_log(parts->blob));
    add_bytes_as_text(tcb, "app_compose", parts->app_compose);
    dp_json_add_text(info, "tcb_info",
                     json_object_to_json_string_ext(tcb, JSON_C_TO_STRING_PRETTY |
                                                             JSON_C_TO_STRING_SPACED |
                                                             JSON_C_TO_STRING_NOSLASHESCAPE));
    json_object_put(tcb);
}

enum dp_err sim_info_write(struct dp_buf *out, const struct sim_info_parts *parts)
{
    const struct sim_blob *blob = parts->blob;
    struct json_object *info;
    struct shared shared;

    if (!sim_is_tdx_v4(blob->quote))
        return DP_EFORMAT;
    shared = shared_of(blob);
    info = json_object_new_object();
    add_hex(info, "app_id", sim_blob_payload(blob, "app-id"));
    add_hex(info, "instance_id", sim_blob_payload(blob, "instance-id"));
    dp_json_add_text(info, "app_cert", "");
    add_tcb_info(info, parts, &shared);
    dp_json_add_text(info, "app_name", parts->app_name);
    add_shared(info, &shared);
    add_bytes_as_text(info, "key_provider_info", sim_blob_payload(blob, "key-provider"));
    dp_json_add_text(info, "vm_config", parts->vm_config);
    dp_json_add_text(info, "cloud_vendor", "");
    dp_json_add_text(info, "cloud_product", "");
    dp_json_write(out, info);
    json_object_put(info);
    return out->err;
}
