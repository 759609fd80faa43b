/* quote_verify.c - devproof quote verify: is a quote genuine, and how current is its platform? */
#include <stdio.h>
#include <stdlib.h>

#include "attest/collateral.h"
#include "attest/dcap.h"
#include "base/json.h"
#include "devproof/command.h"
#include "devproof/quote.h"

/* What is asked, as it was read. */
struct input {
    struct dp_buf quote, collateral, root_file;
    struct dp_slice root;
};

static struct json_object *advisories_of(const struct dp_tcb_verdict *verdict)
{
    struct json_object *list = json_object_new_array();

    if (list == NULL)
        abort();
    for (size_t i = 0; i < verdict->len; i++) {
        struct dp_slice id = verdict->advisories[i];

        if (json_object_array_add(list, json_object_new_string_len(id.data, (int)id.len)) != 0)
            abort();
    }
    return list;
}

static void print_text(const struct dp_dcap_result *result)
{
    printf("The quote is genuine. Its platform is %s.\n",
           dp_tcb_status_name(result->verdict.status));
    for (size_t i = 0; i < result->verdict.len; i++)
        printf("  %.*s\n", (int)result->verdict.advisories[i].len,
               result->verdict.advisories[i].data);
}

/* In: result  NULL where there is none, and error says why */
static int answer(const struct client *client, const struct dp_dcap_result *result,
                  const char *name, const char *error)
{
    static const struct dp_tcb_verdict none;
    bool valid = result != NULL && result->fault.failure == DP_DCAP_VALID;
    struct json_object *out;
    char text[400];

    snprintf(text, sizeof(text), "%s: %s", name, error);
    if (!client->json && valid)
        print_text(result);
    if (!client->json && !valid)
        client_fail(client, EXIT_FAILURE, "%s", text);
    if (client->json) {
        out = json_object_new_object();
        if (out == NULL)
            abort();
        dp_json_add_bool(out, "valid", valid);
        dp_json_add(out, "status",
                    valid ? json_object_new_string(dp_tcb_status_name(result->verdict.status))
                          : NULL);
        dp_json_add(out, "advisoryIds", advisories_of(valid ? &result->verdict : &none));
        dp_json_add(out, "error", valid ? NULL : json_object_new_string(text));
        client_print(client, out);
    }
    return valid ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* In: stale  NULL, or set without an answer where the collateral is stale. Returns: an exit code */
static int judge(const struct quote_options *o, const struct input *in, bool *stale)
{
    struct dp_slice json = {in->collateral.data, in->collateral.len};
    struct dp_collateral *collateral;
    struct dp_detail detail = {"", ""};
    struct dp_dcap_result result;
    enum dp_err err = dp_collateral_read(&collateral, json, in->root, &detail);
    int code = EXIT_FAILURE;

    if (err != DP_OK)
        return answer(&o->client, NULL, "collateral",
                      detail.text[0] != '\0' ? detail.text : dp_err_text(err));
    if (dp_dcap_verify(&result, (const uint8_t *)in->quote.data, in->quote.len, collateral,
                       o->at) != DP_OK &&
        stale != NULL && collateral_is_stale(&o->source, result.fault.failure))
        *stale = true;
    else
        code = answer(&o->client, &result, dp_dcap_failure_name(result.fault.failure), result.text);
    dp_collateral_free(collateral);
    return code;
}

/* Get the collateral and judge by it; anew and stale as in collateral_get and judge. */
static int get_and_judge(const struct quote_options *o, struct input *in, bool anew, bool *stale)
{
    struct dp_slice quote = {in->quote.data, in->quote.len};
    struct dp_detail detail = {"", ""};
    int code;

    dp_buf_reset(&in->collateral);
    code = collateral_get(&o->client, &in->collateral, &o->source, quote, in->root, anew, &detail);
    if (code == EXIT_FAILURE)
        return answer(&o->client, NULL, detail.field[0] != '\0' ? detail.field : "collateral",
                      detail.text);
    return code < 0 ? judge(o, in, stale) : code;
}

static bool read_root(struct input *in, const struct quote_options *o)
{
    in->root = dp_intel_root();
    if (o->root == NULL)
        return true;
    if (!client_read_file(&o->client, &in->root_file, o->root))
        return false;
    in->root = (struct dp_slice){in->root_file.data, in->root_file.len};
    return true;
}

int quote_verify(const struct quote_options *o, const char *path)
{
    struct input in = {.quote = DP_BUF_INIT(DP_QUOTE_MAX),
                       .collateral = DP_BUF_INIT(DP_COLLATERAL_MAX),
                       .root_file = DP_BUF_INIT(DP_ROOT_MAX)};
    bool stale = false;
    int code = EXIT_USAGE;

    if (!collateral_is_named(&o->source))
        return client_fail(&o->client, EXIT_USAGE,
                           "name either --collateral, or --cache and "
                           "--pccs or one of them.");
    if (read_root(&in, o))
        code = quote_read(&o->client, &in.quote, path);
    if (code < 0)
        code = get_and_judge(o, &in, false, &stale);
    if (stale)
        code = get_and_judge(o, &in, true, NULL);
    dp_buf_free(&in.quote);
    dp_buf_free(&in.collateral);
    dp_buf_free(&in.root_file);
    return code;
}
