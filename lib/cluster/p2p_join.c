/* p2p_join.c - dstack_p2p: being there. */
#include "cluster/p2p.h"

#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "cluster/relay.h"

/* Only here does "not found" mean a seat, and "twice" that there are several. */
static enum dstack_p2p_error call_failed(struct dstack_p2p *p2p, enum dp_err err,
                                         const struct dp_detail *detail)
{
    enum dstack_p2p_error error = dp_p2p_failed(p2p, err, detail);

    return err == DP_ENOTFOUND || err == DP_EDUPLICATE ? DSTACK_P2P_ENOSEAT : error;
}

static enum dp_err check_reach(const struct dp_join *join, struct dp_detail *detail)
{
    static const uint8_t none[DP_WORD_LEN];
    const bool is_tunnel = join->network == DP_PEER_WIREGUARD;

    if (is_tunnel && memcmp(join->wireguard_key, none, sizeof(none)) == 0)
        return dp_fail(detail, DP_ECONFIG, "wireguard_key",
                       "must be given to register: who holds the tunnel does it.");
    if (join->endpoint[0] == '\0')
        return is_tunnel ? dp_fail(detail, DP_ECONFIG, "endpoint", "must be given to register.")
                         : dp_fail(detail, DP_ECONFIG, "DSTACK_GATEWAY_DOMAIN",
                                   "must be set, or the endpoint be given, to register.");
    return DP_OK;
}

enum dstack_p2p_error dp_p2p_check_reach(struct dstack_p2p *p2p)
{
    struct dp_detail detail = {"", ""};

    return dp_p2p_failed(p2p, check_reach(&p2p->join, &detail), &detail);
}

static enum dstack_p2p_error make_call(struct dstack_p2p *p2p, struct dp_join_call *call, int renew)
{
    struct dp_detail detail = {"", ""};
    enum dp_err err;

    dp_p2p_start_clock(p2p);
    memset(call, 0, sizeof(*call));
    err = renew ? DP_OK : check_reach(&p2p->join, &detail);
    if (err == DP_OK)
        err = renew ? dp_join_renewal(&p2p->join, call, &detail)
                    : dp_join_voucher(&p2p->join, call, &detail);
    return call_failed(p2p, err, &detail);
}

/* --- as anybody may send it --- */

static struct dstack_p2p_call *copy_call(const struct dstack_p2p *p2p,
                                         const struct dp_join_call *call)
{
    struct dstack_p2p_call *out = calloc(1, sizeof(*out));

    if (out == NULL)
        return NULL;
    out->chain_id = call->chain_id;
    out->token_id = call->token_id;
    out->deadline = call->deadline;
    dp_address_format(out->to, p2p->join.contract);
    out->data = malloc(DP_HEX0X_SIZE(call->data.len));
    if (out->data == NULL) {
        free(out);
        return NULL;
    }
    dp_hex0x_encode(out->data, (const uint8_t *)call->data.data, call->data.len);
    return out;
}

void dstack_p2p_call_free(struct dstack_p2p_call *call)
{
    if (call == NULL)
        return;
    free(call->data);
    free(call);
}

/* --- sending --- */

/* A refusal is the contract's here, and what runs out of time may still come. */
static enum dstack_p2p_error send_failed(struct dstack_p2p *p2p, enum dp_err err,
                                         const struct dp_detail *detail)
{
    enum dstack_p2p_error error = dp_p2p_failed(p2p, err, detail);

    if (err == DP_ERPC)
        return DSTACK_P2P_EREFUSED;
    return err == DP_ETIMEOUT ? DSTACK_P2P_EPENDING : error;
}

static enum dp_err send_call(struct dstack_p2p *p2p, const struct dp_join_call *call,
                             struct dp_node_receipt *receipt, uint8_t hash[static DP_KECCAK_LEN],
                             struct dp_detail *detail)
{
    struct dstack_p2p_call *copy;
    enum dp_err err;

    if (p2p->relay_url == NULL)
        return dp_join_send(&p2p->join, call, receipt, hash, detail);
    copy = copy_call(p2p, call);
    err = copy != NULL ? dp_relay_send(&p2p->join, copy, receipt, hash, p2p->relay_url, detail)
                       : DP_ENOMEM;
    dstack_p2p_call_free(copy);
    return err;
}

static enum dstack_p2p_error call_and_send(struct dstack_p2p *p2p, struct dstack_p2p_receipt *out,
                                           int renew)
{
    struct dp_detail detail = {"", ""};
    struct dp_node_receipt receipt = {.succeeded = false};
    struct dp_join_call call;
    uint8_t hash[DP_KECCAK_LEN];
    enum dstack_p2p_error error = make_call(p2p, &call, renew);

    if (out != NULL)
        *out = (struct dstack_p2p_receipt){.token_id = 0};
    if (error == DSTACK_P2P_OK)
        error = send_failed(p2p, send_call(p2p, &call, &receipt, hash, &detail), &detail);
    if (error == DSTACK_P2P_OK && out != NULL) {
        out->token_id = call.token_id;
        out->block_number = receipt.block;
        dp_hex0x_encode(out->transaction, hash, sizeof(hash));
    }
    dp_buf_free(&call.data);
    return error;
}

enum dstack_p2p_error dstack_p2p_register(struct dstack_p2p *p2p, struct dstack_p2p_receipt *out)
{
    return call_and_send(p2p, out, 0);
}

enum dstack_p2p_error dstack_p2p_renew(struct dstack_p2p *p2p, struct dstack_p2p_receipt *out)
{
    return call_and_send(p2p, out, 1);
}

enum dstack_p2p_error dstack_p2p_account(struct dstack_p2p *p2p, char out[DSTACK_P2P_ADDRESS_SIZE])
{
    const struct dp_detail detail = {"", ""};
    uint8_t address[DP_ADDRESS_LEN];
    enum dp_err err = dp_join_account(&p2p->join, address);

    dp_address_format(out, address);
    return dp_p2p_failed(p2p, err, &detail);
}

enum dstack_p2p_error dstack_p2p_voucher(struct dstack_p2p *p2p, struct dstack_p2p_call **out,
                                         int renew)
{
    struct dp_join_call call;
    enum dstack_p2p_error error = make_call(p2p, &call, renew);

    *out = error == DSTACK_P2P_OK ? copy_call(p2p, &call) : NULL;
    dp_buf_free(&call.data);
    return error == DSTACK_P2P_OK && *out == NULL ? DSTACK_P2P_ENOMEM : error;
}
