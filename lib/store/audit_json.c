/* audit_json.c - rows of the audit log as JSON. */
#include "store/audit_json.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/hex.h"
#include "base/json.h"

#define DATA_MEMBERS_MAX 16

/* --- to JSON --- */

static void add_hash(struct json_object *out, const char *name, const uint8_t *hash)
{
    char text[DP_HEX0X_SIZE(DP_AUDIT_HASH_LEN)];

    dp_hex0x_encode(text, hash, DP_AUDIT_HASH_LEN);
    dp_json_add_text(out, name, text);
}

struct json_object *dp_audit_to_json(const struct dp_audit_row *row)
{
    struct json_object *out = json_object_new_object(), *data = NULL;
    char time[DP_CLOCK_TEXT_SIZE];

    if (out == NULL)
        return NULL;
    if (dp_json_parse(&data, row->data, strlen(row->data), NULL) != DP_OK)
        data = NULL;
    dp_clock_format(time, row->time_ms);
    dp_json_add_int(out, "seq", row->seq);
    dp_json_add_text(out, "time", time);
    dp_json_add_text(out, "actor", row->actor);
    dp_json_add_text(out, "action", row->action);
    if (row->user_id[0] != '\0')
        dp_json_add_text(out, "userId", row->user_id);
    else
        dp_json_add(out, "userId", NULL);
    dp_json_add(out, "data", data);
    add_hash(out, "prevHash", row->prev_hash);
    add_hash(out, "hash", row->hash);
    return out;
}

/* --- from JSON --- */

static enum dp_err read_text(char *out, size_t size, struct json_object *object, const char *name)
{
    struct dp_slice text;

    if (dp_json_string(&text, object, name, NULL) != DP_OK || text.len >= size ||
        strlen(text.data) != text.len)
        return DP_EFORMAT;
    memcpy(out, text.data, text.len + 1);
    return DP_OK;
}

static enum dp_err read_hash(uint8_t *out, struct json_object *object, const char *name)
{
    char text[DP_HEX0X_SIZE(DP_AUDIT_HASH_LEN)];
    enum dp_err err = read_text(text, sizeof(text), object, name);

    return err == DP_OK ? dp_hex_decode_exact(out, DP_AUDIT_HASH_LEN, text) : err;
}

static enum dp_err read_time(int64_t *out, struct json_object *object)
{
    char text[DP_CLOCK_TEXT_SIZE];
    enum dp_err err = read_text(text, sizeof(text), object, "time");

    return err == DP_OK ? dp_clock_parse(out, text) : err;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Text and whole numbers only: of these json-c's plain text is RFC 8785's. */
static enum dp_err sort_members(struct json_object *out, struct json_object *data)
{
    const char *names[DATA_MEMBERS_MAX];
    size_t count = 0;

    json_object_object_foreach(data, name, value)
    {
        if (count == DATA_MEMBERS_MAX || (!json_object_is_type(value, json_type_string) &&
                                          !json_object_is_type(value, json_type_int)))
            return DP_EFORMAT;
        names[count++] = name;
    }
    qsort(names, count, sizeof(names[0]), by_name);
    for (size_t i = 0; i < count; i++)
        dp_json_add(out, names[i], json_object_get(json_object_object_get(data, names[i])));
    return DP_OK;
}

static enum dp_err read_data(char out[static DP_AUDIT_DATA_SIZE], struct json_object *object)
{
    struct json_object *data = json_object_object_get(object, "data");
    struct json_object *sorted = json_object_new_object();
    struct dp_buf text = DP_BUF_INIT(DP_AUDIT_DATA_SIZE - 1);
    enum dp_err err = sorted != NULL ? DP_EFORMAT : DP_ENOMEM;

    if (sorted != NULL && json_object_is_type(data, json_type_object))
        err = sort_members(sorted, data);
    if (err == DP_OK) {
        dp_json_write(&text, sorted);
        err = text.err;
    }
    if (err == DP_OK)
        memcpy(out, text.data, text.len + 1);
    dp_buf_free(&text);
    json_object_put(sorted);
    return err;
}

static enum dp_err read_rest(struct dp_audit_row *row, struct json_object *object)
{
    enum dp_err err = read_time(&row->time_ms, object);

    if (err == DP_OK)
        err = read_text(row->actor, sizeof(row->actor), object, "actor");
    if (err == DP_OK)
        err = read_text(row->action, sizeof(row->action), object, "action");
    if (err == DP_OK && json_object_object_get(object, "userId") != NULL)
        err = read_text(row->user_id, sizeof(row->user_id), object, "userId");
    if (err == DP_OK)
        err = read_hash(row->prev_hash, object, "prevHash");
    if (err == DP_OK)
        err = read_hash(row->hash, object, "hash");
    return err == DP_OK ? read_data(row->data, object) : err;
}

enum dp_err dp_audit_from_json(struct dp_audit_row *row, struct json_object *object)
{
    struct json_object *seq;
    enum dp_err err;

    memset(row, 0, sizeof(*row));
    if (!json_object_is_type(object, json_type_object) ||
        !json_object_object_get_ex(object, "seq", &seq) || !json_object_is_type(seq, json_type_int))
        return DP_EFORMAT;
    row->seq = json_object_get_int64(seq);
    err = read_rest(row, object);
    if (err == DP_OK || err == DP_ENOMEM)
        return err;
    row->actor[0] = '\0'; /* no row of ours has no actor */
    return DP_OK;
}
