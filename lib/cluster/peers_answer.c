/* peers_answer.c - the list of peers that the cluster's daemon keeps in a file, as it is answered.
 */
#include "cluster/peers_answer.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"

#define DETAIL_MAX 1024

/* What a page or a program relies on, with the types that it may have. */
static const struct {
    const char *name;
    enum json_type type;
    bool or_null;
} members[] = {
    {"schema", json_type_string, false},   {"contract", json_type_string, false},
    {"chainId", json_type_int, true},      {"mode", json_type_string, false},
    {"self", json_type_object, false},     {"block", json_type_object, true},
    {"digest", json_type_string, true},    {"readAtMs", json_type_int, true},
    {"writtenAtMs", json_type_int, false}, {"error", json_type_object, true},
    {"peers", json_type_array, false},
};

static enum dp_err refuse(struct dp_detail *detail, const char *why)
{
    return dp_fail(detail, DP_EPEERS, NULL,
                   "The list of peers cannot be read: %.160s. Who is in the cluster is not known. "
                   "See that devproof cluster run is of the same version as this service.",
                   why);
}

static enum dp_err check(struct json_object *document, struct dp_detail *detail)
{
    struct json_object *value;
    char why[80];

    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        bool there = json_object_object_get_ex(document, members[i].name, &value);

        if (there &&
            (json_object_is_type(value, members[i].type) || (value == NULL && members[i].or_null)))
            continue;
        snprintf(why, sizeof(why), "%s is %s", members[i].name,
                 there ? "of another type" : "missing");
        return refuse(detail, why);
    }
    value = json_object_object_get(document, "schema");
    if (strcmp(json_object_get_string(value), DP_PEERS_SCHEMA) != 0)
        return refuse(detail, "its schema is not " DP_PEERS_SCHEMA);
    value = json_object_object_get(document, "peers");
    for (size_t i = 0; i < json_object_array_length(value); i++) {
        if (!json_object_is_type(json_object_array_get_idx(value, i), json_type_object))
            return refuse(detail, "a peer is no object");
    }
    return DP_OK;
}

static int64_t number(struct json_object *document, const char *name)
{
    return json_object_get_int64(json_object_object_get(document, name));
}

/* What the daemon said before it fell silent still matters. */
static const char *said_before(struct json_object *document)
{
    struct json_object *error = json_object_object_get(document, "error");
    const char *text = json_object_get_string(json_object_object_get(error, "detail"));

    return text != NULL ? text : "";
}

static enum dp_err add_silence(struct json_object *document, int64_t silent_ms)
{
    struct dp_buf text = DP_BUF_INIT(DETAIL_MAX);
    struct json_object *error;
    const char *before = said_before(document);

    if (silent_ms < 0)
        dp_buf_add_text(&text, "The cluster's daemon has last written in the future: a clock is "
                               "wrong, or was set back.");
    else
        dp_buf_addf(&text, "The cluster's daemon has written nothing for %" PRId64 " seconds.",
                    silent_ms / 1000);
    if (before[0] != '\0')
        dp_buf_addf(&text, " Before: %.512s", before);
    if (text.err == DP_OK) {
        error = json_object_new_object();
        dp_json_add_text(error, "code", "daemon");
        dp_json_add_text(error, "detail", text.data);
        dp_json_add(document, "error", error);
    }
    dp_buf_free(&text);
    return text.err;
}

static enum dp_err add_ages(struct json_object *document, int64_t now_ms)
{
    int64_t silent_ms = now_ms - number(document, "writtenAtMs");
    int64_t age_ms = now_ms - number(document, "readAtMs");

    if (json_object_object_get(document, "readAtMs") != NULL)
        dp_json_add_int(document, "ageMs", age_ms > 0 ? age_ms : 0);
    else
        dp_json_add(document, "ageMs", NULL);
    if (silent_ms > DP_PEERS_WRITTEN_MS || silent_ms < -DP_PEERS_WRITTEN_MS)
        return add_silence(document, silent_ms);
    return DP_OK;
}

enum dp_err dp_peers_answer(struct json_object **out, struct dp_slice text, int64_t now_ms,
                            struct dp_detail *detail)
{
    struct json_object *document = NULL;
    struct dp_detail why = {"", ""};
    enum dp_err err = dp_json_parse(&document, text.data, text.len, &why);

    *out = NULL;
    if (err != DP_OK && err != DP_ENOMEM)
        return refuse(detail, why.text);
    if (err == DP_OK)
        err = check(document, detail);
    if (err == DP_OK)
        err = add_ages(document, now_ms);
    if (err == DP_OK)
        *out = document;
    else
        json_object_put(document);
    return err;
}
