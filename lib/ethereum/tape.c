/* tape.c - what a node was asked and what it said, kept so that the same can be judged again. */
#include "ethereum/tape.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"

#define CALLS_MAX 4096 /* a history of 8192 entries takes some 40, each list 64 to a call */

struct dp_tape dp_tape_new(void)
{
    struct dp_tape tape = {.calls = json_object_new_array()};

    if (tape.calls == NULL)
        abort();
    return tape;
}

static bool is_text(struct json_object *object, const char *name)
{
    return json_object_is_type(json_object_object_get(object, name), json_type_string);
}

static bool is_call(struct json_object *call)
{
    return json_object_is_type(call, json_type_object) && is_text(call, "request") &&
           is_text(call, "answer") != is_text(call, "failure");
}

enum dp_err dp_tape_open(struct dp_tape *out, struct json_object *calls)
{
    *out = (struct dp_tape){.plays = true};
    if (!json_object_is_type(calls, json_type_array) || dp_json_count(calls) > CALLS_MAX)
        return DP_EFORMAT;
    for (size_t i = 0; i < dp_json_count(calls); i++) {
        if (!is_call(json_object_array_get_idx(calls, i)))
            return DP_EFORMAT;
    }
    out->calls = json_object_get(calls);
    return DP_OK;
}

void dp_tape_free(struct dp_tape *tape)
{
    json_object_put(tape->calls);
}

static struct json_object *answer_text(const struct dp_buf *answer)
{
    struct json_object *text =
        json_object_new_string_len(answer->len > 0 ? answer->data : "", (int)answer->len);

    if (text == NULL)
        abort();
    return text;
}

void dp_tape_record(struct dp_tape *tape, const char *request, enum dp_err err,
                    const struct dp_buf *answer, const struct dp_detail *detail)
{
    struct json_object *call = json_object_new_object();

    if (call == NULL)
        abort();
    dp_json_add_text(call, "request", request);
    if (err == DP_OK)
        dp_json_add(call, "answer", answer_text(answer));
    else
        dp_json_add_text(call, "failure",
                         detail->text[0] != '\0' ? detail->text : dp_err_text(err));
    if (json_object_array_add(tape->calls, call) != 0)
        abort();
}

enum dp_err dp_tape_play(struct dp_tape *tape, struct dp_buf *answer, const char *request,
                         struct dp_detail *detail)
{
    struct json_object *call = json_object_array_get_idx(tape->calls, tape->at);
    struct json_object *said;

    if (call == NULL ||
        strcmp(json_object_get_string(json_object_object_get(call, "request")), request) != 0)
        return dp_fail(detail, DP_EIO, NULL, "what was kept has no answer to this call.");
    tape->at++;
    if (!json_object_object_get_ex(call, "answer", &said))
        return dp_fail(detail, DP_EIO, NULL, "%.200s",
                       json_object_get_string(json_object_object_get(call, "failure")));
    dp_buf_add(answer, json_object_get_string(said), (size_t)json_object_get_string_len(said));
    return answer->err;
}
