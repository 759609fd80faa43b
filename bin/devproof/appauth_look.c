/* appauth_look.c - all that is read of a TimelockAppAuth, from which nodes, and what went wrong. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "devproof/appauth.h"
#include "devproof/command.h"

#define TIMEOUT_S 120 /* all of them */
#define ANSWER_MAX (8 * 1024 * 1024)

void appauth_init(struct appauth *appauth)
{
    *appauth = (struct appauth){
        .wanted = DP_TAG_FINALIZED,
        .timeout_s = TIMEOUT_S,
        .now = dp_clock_unix_ms() / 1000,
        .disagreements = json_object_new_array(),
    };
    if (appauth->disagreements == NULL)
        abort();
}

void appauth_free(struct appauth *appauth)
{
    json_object_put(appauth->disagreements);
}

int64_t appauth_age(const struct appauth *appauth)
{
    return appauth->now - (int64_t)appauth->agreed.block.time;
}

int appauth_fail(struct appauth *appauth, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    vsnprintf(appauth->fault, sizeof(appauth->fault), fmt, args);
    va_end(args);
    return EXIT_FAILURE;
}

int appauth_failed(struct appauth *appauth, const struct dp_detail *detail, enum dp_err err)
{
    dp_explain(appauth->fault, sizeof(appauth->fault), err, detail);
    return EXIT_FAILURE;
}

void appauth_disagree(struct appauth *appauth, const char *fmt, ...)
{
    struct json_object *sentence;
    char text[512];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    sentence = json_object_new_string(text);
    if (sentence == NULL || json_object_array_add(appauth->disagreements, sentence) != 0)
        abort();
}

int appauth_add_node(struct appauth *appauth, const char *url)
{
    struct dp_detail detail = {"", ""};

    return dp_witnesses_add(&appauth->nodes, url, ANSWER_MAX, &detail) == DP_OK
               ? -1
               : client_fail(&appauth->client, EXIT_USAGE, "--rpc: %s", detail.text);
}

void appauth_add_kept(struct appauth *appauth, const char *name)
{
    snprintf(appauth->nodes.names[appauth->nodes.count], DP_NODE_NAME_SIZE, "%s", name);
    appauth->nodes.list[appauth->nodes.count] = (struct dp_witness){
        .rpc = {.within_ms = DP_WITNESSES_WITHIN_MS, .answer_max = ANSWER_MAX},
        .name = appauth->nodes.names[appauth->nodes.count],
    };
    appauth->nodes.count++;
}

bool appauth_take_tag(struct appauth *appauth, const char *text)
{
    for (unsigned i = 0; i < DP_TAG_COUNT; i++) {
        if (strcmp(text, dp_witness_tag_name(i)) == 0) {
            appauth->wanted = i;
            return true;
        }
    }
    return false;
}

static int agree(struct appauth *appauth)
{
    struct dp_detail detail = {"", ""};
    enum dp_err err;

    dp_witnesses_start(&appauth->nodes, appauth->timeout_s);
    err = dp_witness_agree(&appauth->agreed, appauth->nodes.list, appauth->nodes.count,
                           appauth->wanted, &detail);
    return err == DP_OK ? EXIT_SUCCESS : appauth_failed(appauth, &detail, err);
}

int appauth_look(struct appauth *appauth, struct appauth_findings *findings)
{
    int result = agree(appauth);

    *findings = (struct appauth_findings){.replay = {.proposals = NULL}};
    if (result == EXIT_SUCCESS)
        result = appauth_read_state(appauth, &findings->state);
    if (result == EXIT_SUCCESS)
        result = appauth_read_history(appauth, &findings->history, &findings->state);
    if (result == EXIT_SUCCESS)
        result =
            appauth_read_replay(appauth, &findings->replay, &findings->history, &findings->state);
    return result;
}

void appauth_findings_free(struct appauth_findings *findings)
{
    appauth_replay_free(&findings->replay);
    appauth_history_free(&findings->history);
}
