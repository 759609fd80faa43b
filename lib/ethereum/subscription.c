/* subscription.c - be told by a node that a contract has said something, by libwebsockets. */
#include "ethereum/subscription.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>
#include <libwebsockets.h>

#include "base/hex.h"

#define ASK_MAX 256
#define ANSWER_MAX 4096 /* of eth_subscribe */
#define PING_AFTER_S 30 /* of silence */
#define GONE_AFTER_S 45 /* of silence, though pinged */
#define HANDSHAKE_S 10  /* of libwebsockets' own steps; ours is within_ms */

enum state { CONNECTING, CONNECTED, ASKED, SUBSCRIBED, REFUSED, GONE };

struct dp_subscription {
    struct lws_context *context;
    struct lws *wsi;
    enum state state;
    bool told, is_late;
    lws_sorted_usec_list_t timer;
    char ask[LWS_PRE + ASK_MAX];
    size_t ask_len;
    char answer[ANSWER_MAX + 1];
    size_t answer_len;
    char why[160];
};

/* --- what libwebsockets calls --- */

static void end(struct dp_subscription *s, enum state state, const char *why)
{
    s->state = state;
    s->wsi = NULL;
    snprintf(s->why, sizeof(s->why), "%s", why);
}

static void send_ask(struct dp_subscription *s)
{
    if (s->state != CONNECTED)
        return;
    s->state = ASKED;
    if (lws_write(s->wsi, (unsigned char *)s->ask + LWS_PRE, s->ask_len, LWS_WRITE_TEXT) < 0)
        end(s, GONE, "the connection broke.");
}

/* Whatever is no refusal is a subscription: what it would tell is only a reason to look. */
static void judge_answer(struct dp_subscription *s)
{
    struct json_object *answer, *result = NULL;

    s->answer[s->answer_len] = '\0';
    answer = json_tokener_parse(s->answer);
    json_object_object_get_ex(answer, "result", &result);
    if (json_object_is_type(result, json_type_string))
        s->state = SUBSCRIBED;
    else
        end(s, REFUSED, "the node offers no subscription to logs.");
    json_object_put(answer);
}

/* A part of a message. */
static void take(struct dp_subscription *s, const char *part, size_t len, bool is_last)
{
    if (s->state == SUBSCRIBED) {
        s->told = true;
        return;
    }
    if (s->state != ASKED)
        return;
    if (len > ANSWER_MAX - s->answer_len) {
        end(s, REFUSED, "the node's answer to eth_subscribe is too long.");
        return;
    }
    memcpy(s->answer + s->answer_len, part, len);
    s->answer_len += len;
    if (is_last)
        judge_answer(s);
}

static int on_event(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                    size_t len)
{
    struct dp_subscription *s = lws_context_user(lws_get_context(wsi));

    (void)user;
    switch (reason) {
    case LWS_CALLBACK_CLIENT_ESTABLISHED:
        s->state = CONNECTED;
        lws_callback_on_writable(wsi);
        return 0;
    case LWS_CALLBACK_CLIENT_WRITEABLE:
        send_ask(s);
        break;
    case LWS_CALLBACK_CLIENT_RECEIVE:
        take(s, in, len, lws_is_final_fragment(wsi) && lws_remaining_packet_payload(wsi) == 0);
        break;
    case LWS_CALLBACK_CLIENT_CONNECTION_ERROR:
        end(s, GONE, in != NULL ? in : "no connection.");
        return 0;
    case LWS_CALLBACK_CLIENT_CLOSED:
        end(s, s->state == REFUSED ? REFUSED : GONE, "the node closed the connection.");
        return 0;
    default:
        return 0;
    }
    return s->state == GONE || s->state == REFUSED ? -1 : 0;
}

static void on_time(lws_sorted_usec_list_t *timer)
{
    struct dp_subscription *s = lws_container_of(timer, struct dp_subscription, timer);

    s->is_late = true;
    /* Else it goes on to wait for what comes next. */
    lws_cancel_service(s->context);
}

/* Serve the connection until a state, a message, or the end of the time. */
static void serve(struct dp_subscription *s, enum state until, unsigned within_ms)
{
    s->is_late = false;
    lws_sul_schedule(s->context, 0, &s->timer, on_time, (lws_usec_t)within_ms * LWS_US_PER_MS + 1);
    while (!s->is_late && !s->told && s->state < until) {
        if (lws_service(s->context, 0) < 0)
            end(s, GONE, "the connection broke.");
    }
    lws_sul_schedule(s->context, 0, &s->timer, NULL, LWS_SET_TIMER_USEC_CANCEL);
}

/* --- opening --- */

/* A URL, cut into parts that lie in buffer. */
struct parts {
    char buffer[DP_SUBSCRIPTION_URL_MAX];
    char path[DP_SUBSCRIPTION_URL_MAX + 1]; /* with its first slash */
    const char *scheme, *host;
    int port;
};

static bool cut(struct parts *out, const char *url)
{
    const char *path;

    if (strlen(url) >= sizeof(out->buffer) ||
        (strncmp(url, "ws://", 5) != 0 && strncmp(url, "wss://", 6) != 0))
        return false;
    memcpy(out->buffer, url, strlen(url) + 1);
    if (lws_parse_uri(out->buffer, &out->scheme, &out->host, &out->port, &path) != 0)
        return false;
    /* Without its first slash, unless it is that alone. */
    snprintf(out->path, sizeof(out->path), "/%s", path[0] == '/' ? path + 1 : path);
    return out->host[0] != '\0' && out->port > 0 && out->port <= UINT16_MAX;
}

bool dp_subscription_is_url(const char *text)
{
    struct parts parts;

    return cut(&parts, text);
}

static struct lws_context *make_context(struct dp_subscription *s)
{
    static const struct lws_protocols protocols[] = {{"", on_event, 0, ANSWER_MAX, 0, NULL, 0},
                                                     {NULL, NULL, 0, 0, 0, NULL, 0}};
    static const lws_retry_bo_t idle = {.secs_since_valid_ping = PING_AFTER_S,
                                        .secs_since_valid_hangup = GONE_AFTER_S};
    struct lws_context_creation_info info = {
        .port = CONTEXT_PORT_NO_LISTEN,
        .protocols = protocols,
        .options = LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT,
        .gid = (gid_t)-1,
        .uid = (uid_t)-1,
        .fd_limit_per_thread = 16,
        .timeout_secs = HANDSHAKE_S,
        .retry_and_idle_policy = &idle,
        .user = s,
    };

    lws_set_log_level(0, NULL);
    return lws_create_context(&info);
}

static void connect_to(struct dp_subscription *s, const struct parts *parts)
{
    const struct lws_client_connect_info info = {
        .context = s->context,
        .address = parts->host,
        .host = parts->host,
        .origin = parts->host,
        .port = parts->port,
        .path = parts->path,
        .ssl_connection = strcmp(parts->scheme, "wss") == 0 ? LCCSCF_USE_SSL : 0,
        .ietf_version_or_minus_one = -1,
        .pwsi = &s->wsi,
    };

    if (lws_client_connect_via_info(&info) == NULL && s->state != GONE)
        end(s, GONE, "no connection.");
}

static void write_ask(struct dp_subscription *s, const uint8_t *contract)
{
    char address[DP_HEX0X_SIZE(DP_ADDRESS_LEN)];

    dp_hex0x_encode(address, contract, DP_ADDRESS_LEN);
    s->ask_len = (size_t)snprintf(s->ask + LWS_PRE, ASK_MAX,
                                  "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"eth_subscribe\","
                                  "\"params\":[\"logs\",{\"address\":\"%s\"}]}",
                                  address);
}

static enum dp_err outcome(const struct dp_subscription *s, struct dp_detail *detail)
{
    switch (s->state) {
    case SUBSCRIBED:
        return DP_OK;
    case REFUSED:
        return dp_fail(detail, DP_ERPC, NULL, "%s", s->why);
    case GONE:
        return dp_fail(detail, DP_EIO, NULL, "%s", s->why);
    default:
        return dp_fail(detail, DP_ETIMEOUT, NULL, "the node does not answer in time.");
    }
}

enum dp_err dp_subscription_open(struct dp_subscription **out, const char *url,
                                 const uint8_t contract[static DP_ADDRESS_LEN], unsigned within_ms,
                                 struct dp_detail *detail)
{
    struct dp_subscription *s;
    struct parts parts;
    enum dp_err err;

    *out = NULL;
    if (!cut(&parts, url))
        return dp_fail(detail, DP_EINVAL, NULL, "a subscription wants a ws:// or wss:// URL.");
    s = calloc(1, sizeof(*s));
    if (s == NULL)
        return DP_ENOMEM;
    write_ask(s, contract);
    s->context = make_context(s);
    if (s->context == NULL) {
        free(s);
        return DP_ENOMEM;
    }
    connect_to(s, &parts);
    serve(s, SUBSCRIBED, within_ms);
    err = outcome(s, detail);
    if (err == DP_OK)
        *out = s;
    else
        dp_subscription_close(s);
    return err;
}

enum dp_err dp_subscription_wait(struct dp_subscription *s, unsigned within_ms)
{
    bool told;

    serve(s, REFUSED, within_ms);
    told = s->told;
    s->told = false;
    if (told)
        return DP_OK;
    return s->state == SUBSCRIBED ? DP_ETIMEOUT : DP_EIO;
}

void dp_subscription_close(struct dp_subscription *s)
{
    if (s == NULL)
        return;
    lws_context_destroy(s->context);
    free(s);
}
