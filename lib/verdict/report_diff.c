/* report_diff.c - what changed between two reports. */
#include "verdict/report_diff.h"

#include <stdlib.h>
#include <string.h>

static struct json_object *some(struct json_object *made)
{
    if (made == NULL)
        abort();
    return made;
}

/* id may be NULL; before and after are handed over. */
static void add_change(struct json_object *out, const char *what, const char *id,
                       struct json_object *before, struct json_object *after)
{
    struct json_object *row = some(json_object_new_object());

    dp_json_add_text(row, "what", what);
    if (id != NULL)
        dp_json_add_text(row, "id", id);
    else
        dp_json_add(row, "id", NULL);
    dp_json_add(row, "before", before);
    dp_json_add(row, "after", after);
    if (json_object_array_add(out, row) != 0)
        abort();
}

static const char *id_of(struct json_object *claim)
{
    return json_object_get_string(json_object_object_get(claim, "id"));
}

static struct json_object *find(struct json_object *claims, const char *id)
{
    for (size_t i = 0; i < dp_json_count(claims); i++) {
        struct json_object *claim = json_object_array_get_idx(claims, i);

        if (strcmp(id_of(claim), id) == 0)
            return claim;
    }
    return NULL;
}

/* What counts of a claim; NULL for no claim. */
static struct json_object *essence(struct json_object *claim)
{
    static const char *const names[] = {"verdict", "expected", "found"};
    struct json_object *out;

    if (claim == NULL)
        return NULL;
    out = some(json_object_new_object());
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        dp_json_add(out, names[i], json_object_get(json_object_object_get(claim, names[i])));
    return out;
}

static void compare(struct json_object *out, const char *what, const char *id,
                    struct json_object *before, struct json_object *after)
{
    if (json_object_equal(before, after)) {
        json_object_put(before);
        json_object_put(after);
    } else {
        add_change(out, what, id, before, after);
    }
}

static void compare_claims(struct json_object *out, struct json_object *before,
                           struct json_object *after)
{
    for (size_t i = 0; i < dp_json_count(before); i++) {
        struct json_object *claim = json_object_array_get_idx(before, i);

        compare(out, "claim", id_of(claim), essence(claim), essence(find(after, id_of(claim))));
    }
    for (size_t i = 0; i < dp_json_count(after); i++) {
        struct json_object *claim = json_object_array_get_idx(after, i);

        if (find(before, id_of(claim)) == NULL)
            add_change(out, "claim", id_of(claim), NULL, essence(claim));
    }
}

static struct json_object *power_text(struct json_object *power)
{
    struct dp_buf text = DP_BUF_INIT(DP_REPORT_MAX);
    struct json_object *out;

    dp_buf_addf(&text, "%s: %s. %s", json_object_get_string(json_object_object_get(power, "who")),
                json_object_get_string(json_object_object_get(power, "what")),
                json_object_get_string(json_object_object_get(power, "limit")));
    if (text.err != DP_OK)
        abort();
    out = some(json_object_new_string(text.data));
    dp_buf_free(&text);
    return out;
}

static bool holds_power(struct json_object *powers, struct json_object *power)
{
    for (size_t i = 0; i < dp_json_count(powers); i++) {
        if (json_object_equal(json_object_array_get_idx(powers, i), power))
            return true;
    }
    return false;
}

static void compare_powers(struct json_object *out, struct json_object *before,
                           struct json_object *after)
{
    for (size_t i = 0; i < dp_json_count(before); i++) {
        struct json_object *power = json_object_array_get_idx(before, i);

        if (!holds_power(after, power))
            add_change(out, "power", NULL, power_text(power), NULL);
    }
    for (size_t i = 0; i < dp_json_count(after); i++) {
        struct json_object *power = json_object_array_get_idx(after, i);

        if (!holds_power(before, power))
            add_change(out, "power", NULL, NULL, power_text(power));
    }
}

/* The stage's number; NULL where none was judged. */
static struct json_object *stage_of(struct json_object *report)
{
    struct json_object *stage = json_object_object_get(report, "stage");

    return stage == NULL ? NULL : json_object_get(json_object_object_get(stage, "stage"));
}

struct json_object *dp_report_diff(const struct dp_claims *before, const struct dp_claims *after)
{
    struct json_object *out = some(json_object_new_array()), *a = dp_claims_json(before),
                       *b = dp_claims_json(after);

    compare(out, "url", NULL, json_object_get(json_object_object_get(a, "url")),
            json_object_get(json_object_object_get(b, "url")));
    compare(out, "holds", NULL, json_object_get(json_object_object_get(a, "holds")),
            json_object_get(json_object_object_get(b, "holds")));
    compare(out, "stage", NULL, stage_of(a), stage_of(b));
    compare_claims(out, json_object_object_get(a, "claims"), json_object_object_get(b, "claims"));
    compare_powers(out, json_object_object_get(a, "powers"), json_object_object_get(b, "powers"));
    return out;
}
