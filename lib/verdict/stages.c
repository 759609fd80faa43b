/* stages.c - which stage of ERC-733 the claims of a report reach, and why not the next. */
#include "verdict/stages.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define STAGES_MOST 10
#define REQUIREMENTS_MOST 100

struct dp_stages {
    struct json_object *rules;
};

/* --- reading rules --- */

static enum dp_err texts_are_there(struct json_object *object, const char *const *names,
                                   struct dp_detail *detail)
{
    struct dp_slice text;

    for (; *names != NULL; names++) {
        if (dp_json_string(&text, object, *names, detail) != DP_OK)
            return DP_EFORMAT;
        if (strlen(text.data) != text.len)
            return dp_fail(detail, DP_EFORMAT, *names, "%s has a NUL byte in it.", *names);
    }
    return DP_OK;
}

static enum dp_err check_claims(struct json_object *requirement, struct dp_detail *detail)
{
    struct json_object *claims = json_object_object_get(requirement, "claims");
    const char *const note[] = {"note", NULL};

    if (!json_object_is_type(claims, json_type_array))
        return dp_fail(detail, DP_EFORMAT, "claims", "claims must be an array of claims' ids.");
    for (size_t i = 0; i < dp_json_count(claims); i++) {
        if (!json_object_is_type(json_object_array_get_idx(claims, i), json_type_string))
            return dp_fail(detail, DP_EFORMAT, "claims", "claims must be an array of claims' ids.");
    }
    return dp_json_count(claims) > 0 ? DP_OK : texts_are_there(requirement, note, detail);
}

static enum dp_err check_stage(struct json_object *stage, int64_t number, struct dp_detail *detail)
{
    const char *const name[] = {"name", NULL}, *const texts[] = {"id", "text", "source", NULL};
    struct json_object *requirements;
    enum dp_err err;

    if (!json_object_is_type(stage, json_type_object) ||
        json_object_get_int64(json_object_object_get(stage, "stage")) != number)
        return dp_fail(detail, DP_EFORMAT, "stages", "Stages count from 1.");
    requirements = json_object_object_get(stage, "requirements");
    err = texts_are_there(stage, name, detail);
    if (err == DP_OK &&
        (!json_object_is_type(requirements, json_type_array) || dp_json_count(requirements) == 0 ||
         dp_json_count(requirements) > REQUIREMENTS_MOST))
        err = dp_fail(detail, DP_EFORMAT, "requirements", "A stage has from 1 to %d requirements.",
                      REQUIREMENTS_MOST);
    for (size_t i = 0; err == DP_OK && i < dp_json_count(requirements); i++) {
        struct json_object *requirement = json_object_array_get_idx(requirements, i);

        if (!json_object_is_type(requirement, json_type_object))
            return dp_fail(detail, DP_EFORMAT, "requirements", "A requirement is an object.");
        err = texts_are_there(requirement, texts, detail);
        if (err == DP_OK)
            err = check_claims(requirement, detail);
    }
    return err;
}

static enum dp_err check_rules(struct json_object *rules, struct dp_detail *detail)
{
    const char *const texts[] = {"version", "draft", "name", NULL};
    struct json_object *stages = json_object_object_get(rules, "stages");
    enum dp_err err = texts_are_there(rules, texts, detail);

    if (err == DP_OK && (!json_object_is_type(stages, json_type_array) ||
                         dp_json_count(stages) == 0 || dp_json_count(stages) > STAGES_MOST))
        err = dp_fail(detail, DP_EFORMAT, "stages", "There are from 1 to %d stages.", STAGES_MOST);
    for (size_t i = 0; err == DP_OK && i < dp_json_count(stages); i++)
        err = check_stage(json_object_array_get_idx(stages, i), (int64_t)i + 1, detail);
    return err;
}

enum dp_err dp_stages_read(struct dp_stages **out, const char *text, size_t len,
                           struct dp_detail *detail)
{
    struct json_object *rules = NULL;
    enum dp_err err;

    *out = NULL;
    if (len > DP_STAGES_MAX)
        return dp_fail(detail, DP_ETOOBIG, NULL, "Rules have at most %u bytes.", DP_STAGES_MAX);
    err = dp_json_parse(&rules, text, len, detail);
    if (err == DP_OK)
        err = check_rules(rules, detail);
    if (err == DP_OK) {
        *out = calloc(1, sizeof(**out));
        if (*out == NULL)
            err = DP_ENOMEM;
        else
            (*out)->rules = rules;
    }
    if (err != DP_OK)
        json_object_put(rules);
    return err;
}

void dp_stages_free(struct dp_stages *stages)
{
    if (stages == NULL)
        return;
    json_object_put(stages->rules);
    free(stages);
}

/* --- judging --- */

static const char *text_of(struct json_object *object, const char *name)
{
    return json_object_get_string(json_object_object_get(object, name));
}

/* Add the ids of claims with a verdict to a note: "quote.signature fails". */
static void note_claims(struct dp_buf *note, struct json_object *ids,
                        const struct dp_claims *claims, enum dp_verdict verdict, const char *word)
{
    bool any = false;

    for (size_t i = 0; i < dp_json_count(ids); i++) {
        const char *id = json_object_get_string(json_object_array_get_idx(ids, i));

        if (dp_claims_verdict(claims, id) != verdict)
            continue;
        dp_buf_addf(note, "%s%s", any ? ", " : note->len > 0 ? "; " : "", id);
        any = true;
    }
    if (any)
        dp_buf_addf(note, " %s", word);
}

static enum dp_verdict judge_requirement(struct json_object *ids, const struct dp_claims *claims)
{
    enum dp_verdict all = DP_VERDICT_PASS;

    for (size_t i = 0; i < dp_json_count(ids); i++) {
        enum dp_verdict one =
            dp_claims_verdict(claims, json_object_get_string(json_object_array_get_idx(ids, i)));

        if (one == DP_VERDICT_FAIL)
            return one;
        if (one != DP_VERDICT_PASS)
            all = one;
    }
    return dp_json_count(ids) == 0 ? DP_VERDICT_UNCHECKED : all;
}

static struct json_object *judged(struct json_object *requirement, int64_t stage,
                                  const struct dp_claims *claims, enum dp_verdict *verdict)
{
    struct json_object *row = json_object_new_object(),
                       *ids = json_object_object_get(requirement, "claims");
    struct dp_buf note = DP_BUF_INIT(DP_STAGES_MAX);

    if (row == NULL)
        abort();
    *verdict = judge_requirement(ids, claims);
    dp_json_add_int(row, "stage", stage);
    dp_json_add_text(row, "id", text_of(requirement, "id"));
    dp_json_add_text(row, "text", text_of(requirement, "text"));
    dp_json_add_text(row, "source", text_of(requirement, "source"));
    dp_json_add(row, "claims", json_object_get(ids));
    dp_json_add_text(row, "verdict", dp_verdict_text(*verdict));
    if (dp_json_count(ids) == 0) {
        dp_buf_add_text(&note, text_of(requirement, "note"));
    } else {
        note_claims(&note, ids, claims, DP_VERDICT_FAIL, "failed");
        note_claims(&note, ids, claims, DP_VERDICT_UNCHECKED, "not checked");
    }
    if (note.err != DP_OK)
        abort();
    if (note.len > 0)
        dp_json_add_text(row, "note", note.data);
    else
        dp_json_add(row, "note", NULL);
    dp_buf_free(&note);
    return row;
}

/* Add the requirements of a stage to the list. Are all of them met? */
static bool judge_stage(struct json_object *list, struct json_object *stage,
                        const struct dp_claims *claims)
{
    struct json_object *requirements = json_object_object_get(stage, "requirements");
    int64_t number = json_object_get_int64(json_object_object_get(stage, "stage"));
    bool met = true;

    for (size_t i = 0; i < dp_json_count(requirements); i++) {
        enum dp_verdict verdict;
        struct json_object *row =
            judged(json_object_array_get_idx(requirements, i), number, claims, &verdict);

        if (json_object_array_add(list, row) != 0)
            abort();
        met = met && verdict == DP_VERDICT_PASS;
    }
    return met;
}

int dp_stages_judge(const struct dp_stages *stages, struct dp_claims *claims)
{
    struct json_object *out = json_object_new_object(), *list = json_object_new_array(),
                       *all = json_object_object_get(stages->rules, "stages");
    const char *name = text_of(stages->rules, "name");
    size_t reached = 0;
    bool met = true;

    if (out == NULL || list == NULL)
        abort();
    for (size_t i = 0; i < dp_json_count(all); i++) {
        struct json_object *stage = json_object_array_get_idx(all, i);

        met = judge_stage(list, stage, claims) && met;
        if (met) {
            name = text_of(stage, "name");
            reached = i + 1;
        }
    }
    dp_json_add_text(out, "rules", text_of(stages->rules, "version"));
    dp_json_add_text(out, "draft", text_of(stages->rules, "draft"));
    dp_json_add_int(out, "stage", (int64_t)reached);
    dp_json_add_text(out, "name", name);
    if (reached < dp_json_count(all))
        dp_json_add_int(out, "next", (int64_t)reached + 1);
    else
        dp_json_add(out, "next", NULL);
    dp_json_add(out, "requirements", list);
    dp_json_add(dp_claims_json(claims), "stage", out);
    return (int)reached;
}
