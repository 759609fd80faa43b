/* signed_json.c - members of the JSON that Intel signs. */
#include "attest/signed_json.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/hex.h"

enum dp_err dp_signed_number(uint32_t *out, struct json_object *object, const char *name,
                             uint32_t max)
{
    struct json_object *member;
    int64_t value;

    if (dp_signed_member(&member, object, name, json_type_int) != DP_OK)
        return DP_EFORMAT;
    value = json_object_get_int64(member);
    if (value < 0 || value > (int64_t)max)
        return DP_EFORMAT;
    *out = (uint32_t)value;
    return DP_OK;
}

enum dp_err dp_signed_hex(uint8_t *out, size_t len, struct json_object *object, const char *name)
{
    struct dp_slice text;
    size_t got;

    if (dp_json_string(&text, object, name, NULL) != DP_OK || text.len != 2 * len ||
        dp_hex_decode(out, len, &got, text.data, text.len) != DP_OK || got != len)
        return DP_EFORMAT;
    return DP_OK;
}

enum dp_err dp_signed_text(char *out, size_t size, struct json_object *object, const char *name)
{
    struct dp_slice text;

    if (dp_json_string(&text, object, name, NULL) != DP_OK || text.len >= size ||
        memchr(text.data, '\0', text.len) != NULL)
        return DP_EFORMAT;
    memcpy(out, text.data, text.len);
    out[text.len] = '\0';
    return DP_OK;
}

enum dp_err dp_signed_date(int64_t *out, struct json_object *object, const char *name)
{
    char text[64];

    if (dp_signed_text(text, sizeof(text), object, name) != DP_OK)
        return DP_EFORMAT;
    return dp_clock_parse_any(out, text);
}

enum dp_err dp_signed_member(struct json_object **out, struct json_object *object, const char *name,
                             enum json_type type)
{
    *out = NULL;
    if (!json_object_is_type(object, json_type_object) ||
        !json_object_object_get_ex(object, name, out) || !json_object_is_type(*out, type))
        return DP_EFORMAT;
    return DP_OK;
}

enum dp_err dp_signed_level(enum dp_tcb_status *status, struct json_object **advisories,
                            struct json_object *level)
{
    struct dp_slice name;

    *advisories = NULL;
    if (!json_object_is_type(level, json_type_object) ||
        dp_json_string(&name, level, "tcbStatus", NULL) != DP_OK ||
        dp_tcb_status_read(status, name) != DP_OK)
        return DP_EFORMAT;
    if (!json_object_object_get_ex(level, "advisoryIDs", advisories))
        return DP_OK;
    if (!json_object_is_type(*advisories, json_type_array))
        return DP_EFORMAT;
    for (size_t i = 0; i < json_object_array_length(*advisories); i++) {
        if (!json_object_is_type(json_object_array_get_idx(*advisories, i), json_type_string))
            return DP_EFORMAT;
    }
    return DP_OK;
}

static enum dp_err read_level(struct dp_isv_level *out, struct json_object *level)
{
    struct json_object *tcb;

    if (dp_signed_level(&out->status, &out->advisories, level) != DP_OK ||
        dp_signed_member(&tcb, level, "tcb", json_type_object) != DP_OK)
        return DP_EFORMAT;
    return dp_signed_number(&out->isvsvn, tcb, "isvsvn", UINT16_MAX);
}

enum dp_err dp_isv_levels_read(struct dp_isv_levels *out, struct json_object *object)
{
    struct json_object *list;
    size_t count;

    *out = (struct dp_isv_levels){.levels = NULL};
    if (dp_signed_member(&list, object, "tcbLevels", json_type_array) != DP_OK)
        return DP_EFORMAT;
    count = json_object_array_length(list);
    out->levels = calloc(count + 1, sizeof(*out->levels));
    if (out->levels == NULL)
        return DP_ENOMEM;
    for (; out->len < count; out->len++) {
        if (read_level(&out->levels[out->len], json_object_array_get_idx(list, out->len)) != DP_OK)
            return DP_EFORMAT;
    }
    return DP_OK;
}

void dp_isv_levels_free(struct dp_isv_levels *levels)
{
    free(levels->levels);
    *levels = (struct dp_isv_levels){.levels = NULL};
}

const struct dp_isv_level *dp_isv_levels_find(const struct dp_isv_levels *levels, uint32_t isvsvn)
{
    for (size_t i = 0; i < levels->len; i++) {
        if (isvsvn >= levels->levels[i].isvsvn)
            return &levels->levels[i];
    }
    return NULL;
}
