/* log_json.c - parts of the attestation as the agent writes them into its answers. */
#include "log_json.h"

#include <stdlib.h>

#include "base/hex.h"
#include "base/json.h"
#include "sim.h"

/* Of an attestation, the longest: what the file has, and a quote. */
#define HEX_MAX (5 * SIM_FILE_MAX)

void sim_add_hex(struct json_object *object, const char *name, struct dp_slice bytes)
{
    struct dp_buf hex = DP_BUF_INIT(HEX_MAX);
    char *room = dp_buf_room(&hex, 2 * bytes.len);

    /* As every other part of a JSON tree: without memory the program ends. */
    if (room == NULL)
        abort();
    dp_hex_encode(room, (const uint8_t *)bytes.data, bytes.len);
    dp_json_add_text(object, name, room);
    dp_buf_free(&hex);
}

struct json_object *sim_log_json(const struct dp_blob *blob)
{
    struct json_object *log = json_object_new_array();

    for (size_t i = 0; i < blob->event_count; i++) {
        const struct dp_blob_event *event = &blob->events[i];
        struct json_object *entry = json_object_new_object();

        dp_json_add_int(entry, "imr", event->imr);
        dp_json_add_int(entry, "event_type", event->type);
        sim_add_hex(entry, "digest", event->digest);
        dp_json_add(entry, "event",
                    json_object_new_string_len(event->name.data, (int)event->name.len));
        sim_add_hex(entry, "event_payload", event->payload);
        json_object_array_add(log, entry);
    }
    return log;
}

void sim_add_log(struct json_object *object, const struct dp_blob *blob)
{
    struct json_object *log = sim_log_json(blob);

    dp_json_add_text(object, "event_log",
                     json_object_to_json_string_ext(log, JSON_C_TO_STRING_PLAIN |
                                                             JSON_C_TO_STRING_NOSLASHESCAPE));
    json_object_put(log);
}
