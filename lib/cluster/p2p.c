/* p2p.c - dstack_p2p: opening and closing, and what errors are called. */
#include "cluster/p2p.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/hex.h"
#include "base/json.h"
#include "ethereum/subscription.h"
#include "net/http.h"

#define MAX_AGE_S 7200 /* finality takes some 15 minutes, on rollups an hour */
#define TIMEOUT_S 60
#define PORT 443
#define STEP_MS 200 /* how often a pause looks whether it is to end */

/* --- errors --- */

const char *dstack_p2p_error_text(enum dstack_p2p_error error)
{
    static const char *const texts[] = {
        [DSTACK_P2P_OK] = "success",
        [DSTACK_P2P_ENOMEM] = "out of memory, or of memory that can be locked",
        [DSTACK_P2P_ESETTING] = "a setting is missing or has a bad value",
        [DSTACK_P2P_EGUEST] = "the dstack guest agent gives no usable answer",
        [DSTACK_P2P_ENODE] = "an Ethereum node does not answer",
        [DSTACK_P2P_ELIE] = "an Ethereum node says what is not true",
        [DSTACK_P2P_ESTALE] = "the newest block is too old",
        [DSTACK_P2P_ENOCLUSTER] = "there is no cluster at this address",
        [DSTACK_P2P_ENOSEAT] = "this node has no seat in the cluster",
        [DSTACK_P2P_EREFUSED] = "the contract refuses",
        [DSTACK_P2P_EPENDING] = "the transaction is in no block yet",
    };

    return (size_t)error < sizeof(texts) / sizeof(texts[0]) ? texts[error] : "an unknown error";
}

/* What an error of the library below is to a caller of this one. */
static enum dstack_p2p_error error_of(enum dp_err err)
{
    switch (err) {
    case DP_OK:
        return DSTACK_P2P_OK;
    case DP_ENOMEM:
        return DSTACK_P2P_ENOMEM;
    case DP_EGUEST:
    case DP_ESIGNATURE:
    case DP_ECRYPTO:
        return DSTACK_P2P_EGUEST;
    case DP_EIO:
    case DP_ETIMEOUT:
    case DP_ERPC:
        return DSTACK_P2P_ENODE;
    case DP_ENOTFOUND:
        return DSTACK_P2P_ENOCLUSTER;
    case DP_EFORBIDDEN:
        return DSTACK_P2P_EREFUSED;
    case DP_EINVAL:
    case DP_ECONFIG:
        return DSTACK_P2P_ESETTING;
    default:
        return DSTACK_P2P_ELIE;
    }
}

enum dstack_p2p_error dp_p2p_failed(struct dstack_p2p *p2p, enum dp_err err,
                                    const struct dp_detail *detail)
{
    if (err != DP_OK)
        dp_explain(p2p->message, sizeof(p2p->message), err, detail);
    return error_of(err);
}

const char *dstack_p2p_message(const struct dstack_p2p *p2p)
{
    return p2p->message;
}

void dstack_p2p_stop(struct dstack_p2p *p2p)
{
    atomic_store(&p2p->stop, true);
}

void dp_p2p_pause(struct dstack_p2p *p2p, unsigned ms)
{
    while (ms > 0 && !atomic_load(&p2p->stop)) {
        const unsigned part = ms < STEP_MS ? ms : STEP_MS;
        const struct timespec step = {0, (long)part * 1000000};

        nanosleep(&step, NULL);
        ms -= part;
    }
}

const char *dstack_p2p_instance_id(const struct dstack_p2p *p2p)
{
    return p2p->instance_id;
}

const char *dstack_p2p_app_id(const struct dstack_p2p *p2p)
{
    return p2p->app_id;
}

/* --- settings --- */

static const char *setting(const char *given, const char *variable)
{
    const char *text = given != NULL ? given : getenv(variable);

    return text != NULL && text[0] != '\0' ? text : NULL;
}

static enum dp_err read_nodes(struct dstack_p2p *p2p, const char *given, struct dp_detail *detail)
{
    const char *text = setting(given, "RPC_URL");
    enum dp_err err;

    p2p->urls = strdup(text != NULL ? text : "");
    if (p2p->urls == NULL)
        return DP_ENOMEM;
    err = dp_witnesses_add_list(&p2p->nodes, p2p->urls, 2 * DP_PEERS_ANSWER_MAX, detail);
    if (err != DP_OK && detail != NULL)
        snprintf(detail->field, sizeof(detail->field), "RPC_URL");
    p2p->join.witnesses = p2p->nodes.list;
    p2p->join.count = p2p->nodes.count;
    return err;
}

static enum dp_err set_relay(struct dstack_p2p *p2p, const char *given, struct dp_detail *detail)
{
    const char *url = setting(given, "CLUSTER_RELAY");

    if (url == NULL)
        return DP_OK;
    if (!dp_http_is_url(url))
        return dp_fail(detail, DP_ECONFIG, "CLUSTER_RELAY", "must be http:// or https://.");
    p2p->relay_url = strdup(url);
    return p2p->relay_url != NULL ? DP_OK : DP_ENOMEM;
}

static enum dp_err read_contract(struct dstack_p2p *p2p, const char *given,
                                 struct dp_detail *detail)
{
    const char *text = setting(given, "CLUSTER_CONTRACT");

    if (text == NULL || dp_address_parse(p2p->join.contract, text) != DP_OK)
        return dp_fail(detail, DP_ECONFIG, "CLUSTER_CONTRACT",
                       "must be the cluster's address: 0x and 40 hex digits.");
    return DP_OK;
}

/* --- who this node is --- */

static enum dp_err read_id(uint8_t out[static DP_ADDRESS_LEN], struct json_object *info,
                           const char *name, struct dp_detail *detail)
{
    struct dp_slice text;

    if (dp_json_string(&text, info, name, NULL) != DP_OK || text.len != 2 * DP_ADDRESS_LEN ||
        dp_hex_decode_exact(out, DP_ADDRESS_LEN, text.data) != DP_OK)
        return dp_fail(detail, DP_EGUEST, NULL, "the guest agent names no %s of 40 hex digits.",
                       name);
    return DP_OK;
}

static enum dp_err ask_guest(struct dstack_p2p *p2p, const char *given, struct dp_detail *detail)
{
    struct json_object *info = NULL;
    enum dp_err err = dp_guest_open(&p2p->guest, setting(given, "DSTACK_SIMULATOR_ENDPOINT"));

    if (err == DP_OK)
        err = dp_guest_info(p2p->guest, &info);
    if (err == DP_OK)
        err = read_id(p2p->join.app_id, info, "app_id", detail);
    if (err == DP_OK)
        err = read_id(p2p->join.instance_id, info, "instance_id", detail);
    json_object_put(info);
    p2p->join.guest = p2p->guest;
    dp_hex_encode(p2p->instance_id, p2p->join.instance_id, DP_ADDRESS_LEN);
    dp_hex_encode(p2p->app_id, p2p->join.app_id, DP_ADDRESS_LEN);
    return err;
}

/* TLS is to end in this node, hence the s: the gateway passes it on. Empty where no domain is
 * known, as only registering needs it. */
static int write_endpoint(struct dstack_p2p *p2p, const struct dstack_p2p_options *options)
{
    const char *domain = setting(options->gateway_domain, "DSTACK_GATEWAY_DOMAIN");

    if (options->endpoint != NULL)
        return snprintf(p2p->join.endpoint, sizeof(p2p->join.endpoint), "%s", options->endpoint);
    if (domain == NULL || (p2p->join.network == DP_PEER_WIREGUARD && options->port == 0))
        return 0;
    return snprintf(p2p->join.endpoint, sizeof(p2p->join.endpoint), "https://%s-%ds.%s",
                    p2p->instance_id, options->port != 0 ? options->port : PORT, domain);
}

static enum dp_err set_reach(struct dstack_p2p *p2p, enum dstack_p2p_mode mode,
                             const struct dstack_p2p_options *options, struct dp_detail *detail)
{
    int len;

    p2p->join.network = mode == DSTACK_P2P_WIREGUARD ? DP_PEER_WIREGUARD : DP_PEER_TLS_GATEWAY;
    if (mode == DSTACK_P2P_WIREGUARD && options->wireguard_key != NULL)
        memcpy(p2p->join.wireguard_key, options->wireguard_key, DP_WORD_LEN);
    len = write_endpoint(p2p, options);
    return len < 0 || (size_t)len >= sizeof(p2p->join.endpoint)
               ? dp_fail(detail, DP_ECONFIG, "endpoint", "longer than %d characters.",
                         DP_PEER_ENDPOINT_MAX)
               : DP_OK;
}

/* Where the node that is asked has its WebSocket, if it has one. */
static enum dp_err set_subscribe_url(struct dstack_p2p *p2p, const char *given,
                                     struct dp_detail *detail)
{
    const char *url = given != NULL ? given : getenv("RPC_WS_URL");
    const char *rest = p2p->nodes.list[0].rpc.url + strlen("http");

    if (url != NULL && url[0] == '\0')
        return DP_OK;
    if (url != NULL && !dp_subscription_is_url(url))
        return dp_fail(detail, DP_ECONFIG, "RPC_WS_URL", "must be ws:// or wss://.");
    if (url != NULL)
        p2p->subscribe_url = strdup(url);
    else if (asprintf(&p2p->subscribe_url, "ws%s", rest) < 0)
        p2p->subscribe_url = NULL;
    return p2p->subscribe_url != NULL ? DP_OK : DP_ENOMEM;
}

/* --- all of it --- */

static enum dp_err open_all(struct dstack_p2p *p2p, const char *contract, enum dstack_p2p_mode mode,
                            const struct dstack_p2p_options *options, struct dp_detail *detail)
{
    enum dp_err err = dp_secp_init();

    p2p->wanted = (enum dp_witness_tag)options->block;
    p2p->additions_after = options->additions_after;
    p2p->reuse_ms = options->reuse_ms;
    p2p->max_age_s = options->max_age_s != 0 ? options->max_age_s : MAX_AGE_S;
    p2p->join.timeout_s = options->timeout_s != 0 ? options->timeout_s : TIMEOUT_S;
    p2p->join.token_id = options->token_id;
    if (err == DP_OK)
        err = read_contract(p2p, contract, detail);
    if (err == DP_OK)
        err = read_nodes(p2p, options->rpc_urls, detail);
    if (err == DP_OK)
        err = set_subscribe_url(p2p, options->subscribe_url, detail);
    if (err == DP_OK)
        err = set_relay(p2p, options->relay_url, detail);
    if (err == DP_OK)
        err = ask_guest(p2p, options->guest_socket, detail);
    return err == DP_OK ? set_reach(p2p, mode, options, detail) : err;
}

enum dstack_p2p_error dstack_p2p_open(struct dstack_p2p **out, const char *contract,
                                      enum dstack_p2p_mode mode,
                                      const struct dstack_p2p_options *options,
                                      char message[DSTACK_P2P_MESSAGE_SIZE])
{
    static const struct dstack_p2p_options defaults;
    struct dp_detail detail = {"", ""};
    struct dstack_p2p *p2p = calloc(1, sizeof(*p2p));
    enum dp_err err = DP_ENOMEM;

    *out = NULL;
    if (options == NULL)
        options = &defaults;
    if (p2p != NULL && (mode > DSTACK_P2P_WIREGUARD || options->block > DSTACK_P2P_LATEST))
        err = dp_fail(&detail, DP_EINVAL, NULL, "no such mode, or no such block.");
    else if (p2p != NULL)
        err = open_all(p2p, contract, mode, options, &detail);
    if (message != NULL)
        message[0] = '\0';
    if (err == DP_OK) {
        *out = p2p;
        return DSTACK_P2P_OK;
    }
    if (message != NULL)
        dp_explain(message, DSTACK_P2P_MESSAGE_SIZE, err, &detail);
    dstack_p2p_close(p2p);
    return error_of(err);
}

void dstack_p2p_close(struct dstack_p2p *p2p)
{
    if (p2p == NULL)
        return;
    dp_newcomers_free(&p2p->newcomers);
    dp_peers_free(&p2p->last);
    free(p2p->subscribe_url);
    free(p2p->relay_url);
    dp_guest_close(p2p->guest);
    free(p2p->urls);
    free(p2p);
}

void dp_p2p_start_clock(struct dstack_p2p *p2p)
{
    p2p->message[0] = '\0';
    dp_witnesses_start(&p2p->nodes, p2p->join.timeout_s);
}
