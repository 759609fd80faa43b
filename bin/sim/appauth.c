/* appauth.c - ask a contract whether the machine may have its keys. */
#include "appauth.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/utf8.h"
#include "boot.h"
#include "ethereum/abi.h"
#include "ethereum/node.h"

#define ANSWER_MAX (256 * 1024) /* bytes of a node's answer, and of what the contract returns */
#define CALL_MAX (64 * 1024)

struct sim_appauth {
    uint8_t contract[DP_ADDRESS_LEN];
    struct dp_buf call;
    pthread_mutex_t lock; /* of what follows */
    struct dp_rpc rpc;
    int64_t kept_until; /* of dp_clock_mono_us */
    enum dp_err verdict;
    struct dp_detail why;
};

enum dp_err sim_appauth_open(struct sim_appauth **out,
                             const uint8_t contract[static DP_ADDRESS_LEN], const char *url,
                             const struct dp_buf *call)
{
    struct sim_appauth *appauth = calloc(1, sizeof(*appauth));
    enum dp_err err;

    *out = NULL;
    if (appauth == NULL)
        return DP_ENOMEM;
    memcpy(appauth->contract, contract, DP_ADDRESS_LEN);
    appauth->rpc =
        (struct dp_rpc){.url = url, .within_ms = SIM_APPAUTH_WITHIN_MS, .answer_max = ANSWER_MAX};
    appauth->call = DP_BUF_INIT(CALL_MAX);
    pthread_mutex_init(&appauth->lock, NULL);
    dp_buf_add(&appauth->call, call->data, call->len);
    err = appauth->call.err;
    if (err != DP_OK) {
        sim_appauth_close(appauth);
        return err;
    }
    *out = appauth;
    return DP_OK;
}

void sim_appauth_close(struct sim_appauth *appauth)
{
    if (appauth == NULL)
        return;
    pthread_mutex_destroy(&appauth->lock);
    dp_buf_free(&appauth->call);
    free(appauth);
}

static enum dp_err take(struct json_object *values, struct dp_detail *detail)
{
    if (json_object_get_boolean(json_object_array_get_idx(values, 0)))
        return DP_OK;
    return dp_fail(detail, DP_EINVAL, NULL, "%s",
                   json_object_get_string(json_object_array_get_idx(values, 1)));
}

enum dp_err sim_appauth_read(const uint8_t *data, size_t len, struct dp_detail *detail)
{
    struct json_object *values = NULL;
    struct dp_abi *returns;
    enum dp_err err = dp_abi_parse(&returns, SIM_BOOT_RETURNS, NULL);

    if (err == DP_OK)
        err = dp_abi_decode(returns, &values, data, len);
    if (err == DP_OK)
        err = take(values, detail);
    else
        dp_fail(detail, err, NULL, "what the contract returns is no answer to " SIM_BOOT_FUNCTION);
    json_object_put(values);
    dp_abi_free(returns);
    return err;
}

static enum dp_err ask_contract(struct sim_appauth *appauth, struct dp_detail *detail)
{
    const struct dp_node_message message = {
        .to = appauth->contract, .data = appauth->call.data, .data_len = appauth->call.len};
    struct dp_buf answer = DP_BUF_INIT(ANSWER_MAX);
    enum dp_err err = dp_node_call(&appauth->rpc, &answer, NULL, &message, NULL, detail);

    if (err == DP_OK && answer.len == 0)
        err = dp_fail(detail, DP_EFORMAT, NULL, "there is no contract at the address");
    else if (err == DP_OK)
        err = sim_appauth_read((const uint8_t *)answer.data, answer.len, detail);
    dp_buf_free(&answer);
    return err;
}

/* Strangers' words end with the last whole character that there was room for, and reach a terminal
 * without control characters. */
static void clean(char *text)
{
    size_t left = strlen(text), len;

    for (; left > 0 && (len = dp_utf8_len(text, left)) > 0; text += len, left -= len)
        if ((unsigned char)*text < ' ' || *text == 0x7f)
            *text = ' ';
    *text = '\0';
}

static void ask_anew(struct sim_appauth *appauth)
{
    struct dp_detail said = {"", ""};
    int64_t since = dp_clock_mono_us();

    appauth->verdict = ask_contract(appauth, &said);
    if (appauth->verdict != DP_OK) {
        since = dp_clock_mono_us();
        dp_fail(&appauth->why, appauth->verdict, NULL, "%s: %s",
                appauth->verdict == DP_EINVAL ? "Boot denied"
                                              : "The app's contract gives no answer",
                said.text[0] != '\0' ? said.text : dp_err_text(appauth->verdict));
        clean(appauth->why.text);
    }
    appauth->kept_until = since + (int64_t)SIM_APPAUTH_KEPT_MS * 1000;
}

enum dp_err sim_appauth_ask(struct sim_appauth *appauth, struct dp_detail *detail)
{
    enum dp_err verdict;

    /* Held while it is asked: who comes meanwhile waits for that answer instead of asking too. */
    pthread_mutex_lock(&appauth->lock);
    if (dp_clock_mono_us() >= appauth->kept_until)
        ask_anew(appauth);
    verdict = appauth->verdict;
    if (verdict != DP_OK && detail != NULL)
        *detail = appauth->why;
    pthread_mutex_unlock(&appauth->lock);
    return verdict;
}
