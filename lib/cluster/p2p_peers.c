/* p2p_peers.c - dstack_p2p: who is there. */
#include "cluster/p2p.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/hex.h"

/* --- reading --- */

static enum dp_err check_age(const struct dstack_p2p *p2p, const struct dp_agreed *agreed,
                             struct dp_detail *detail)
{
    const int64_t age = dp_clock_unix_ms() / 1000 - (int64_t)agreed->block.time;

    if (age > (int64_t)p2p->max_age_s)
        return dp_fail(detail, DP_EPARAM, NULL,
                       "block %" PRIu64 " (%s), the newest that all nodes have, is %" PRId64
                       " seconds old.",
                       agreed->block.number, dp_witness_tag_name(agreed->tag), age);
    if (p2p->newcomers.started && agreed->block.number < p2p->last.agreed.block.number)
        return dp_fail(detail, DP_EPARAM, NULL,
                       "the nodes have gone back from block %" PRIu64 " to %" PRIu64 ".",
                       p2p->last.agreed.block.number, agreed->block.number);
    return DP_OK;
}

static enum dp_err read_new(struct dstack_p2p *p2p, struct dp_peers *out, bool *is_stale,
                            struct dp_detail *detail)
{
    const struct dp_peers *known = p2p->newcomers.started ? &p2p->last : NULL;
    enum dp_err err = dp_peers_read(out, known, p2p->nodes.list, p2p->nodes.count,
                                    p2p->join.contract, p2p->wanted, detail);

    *is_stale = false;
    if (err == DP_OK) {
        err = check_age(p2p, &out->agreed, detail);
        *is_stale = err != DP_OK;
    }
    return err == DP_OK ? dp_newcomers_note(&p2p->newcomers, out) : err;
}

/* Only what is good in every way takes the place of the last good list. */
static enum dstack_p2p_error refresh(struct dstack_p2p *p2p)
{
    struct dp_detail detail = {"", ""};
    struct dp_peers peers;
    enum dstack_p2p_error error;
    bool is_stale;
    enum dp_err err;

    dp_p2p_start_clock(p2p);
    err = read_new(p2p, &peers, &is_stale, &detail);
    error = dp_p2p_failed(p2p, err, &detail);
    p2p->has_failed = err != DP_OK;
    if (err != DP_OK) {
        dp_peers_free(&peers);
        return is_stale ? DSTACK_P2P_ESTALE : error;
    }
    dp_peers_free(&p2p->last);
    p2p->last = peers;
    p2p->read_at = dp_clock_mono_us();
    return DSTACK_P2P_OK;
}

/* --- handing out --- */

void dp_p2p_copy_peer(struct dstack_p2p_peer *out, const struct dp_peer *peer)
{
    out->token_id = peer->token_id;
    dp_hex_encode(out->instance_id, peer->instance_id, sizeof(peer->instance_id));
    dp_hex_encode(out->app_id, peer->app_id, sizeof(peer->app_id));
    out->is_wireguard = peer->network == DP_PEER_WIREGUARD;
    memcpy(out->wireguard_key, peer->wireguard_key, sizeof(out->wireguard_key));
    out->lease_until = peer->lease_until;
    memcpy(out->endpoint, peer->endpoint, sizeof(out->endpoint));
}

/* dp_p2p_copy_peer has written it. */
static void take_id(uint8_t out[static DP_ADDRESS_LEN], const char *hex)
{
    const enum dp_err err = dp_hex_decode_exact(out, DP_ADDRESS_LEN, hex);

    assert(err == DP_OK);
    (void)err;
}

void dp_p2p_take_peer(struct dp_peer *out, const struct dstack_p2p_peer *peer)
{
    *out = (struct dp_peer){
        .token_id = peer->token_id,
        .network = peer->is_wireguard ? DP_PEER_WIREGUARD : DP_PEER_TLS_GATEWAY,
        .lease_until = peer->lease_until,
    };
    take_id(out->instance_id, peer->instance_id);
    take_id(out->app_id, peer->app_id);
    memcpy(out->wireguard_key, peer->wireguard_key, sizeof(out->wireguard_key));
    memcpy(out->endpoint, peer->endpoint, sizeof(out->endpoint));
}

static void copy_list(struct dstack_p2p_peers *out, const struct dstack_p2p *p2p)
{
    const struct dp_header *block = &p2p->last.agreed.block;

    for (size_t i = 0; i < p2p->newcomers.count; i++) {
        const struct dp_seen *seen = &p2p->newcomers.list[i];

        if (dp_seen_is_settled(seen, block->number, p2p->additions_after))
            dp_p2p_copy_peer(&out->list[out->count++], &seen->peer);
    }
    out->block_number = block->number;
    out->block_time = block->time;
    dp_hex0x_encode(out->block_hash, block->hash, sizeof(block->hash));
    dp_hex0x_encode(out->digest, p2p->last.digest, sizeof(p2p->last.digest));
}

static uint64_t age_ms(const struct dstack_p2p *p2p)
{
    return (uint64_t)(dp_clock_mono_us() - p2p->read_at) / 1000;
}

static struct dstack_p2p_peers *copy_last(const struct dstack_p2p *p2p, enum dstack_p2p_error error)
{
    struct dstack_p2p_peers *out = calloc(1, sizeof(*out));

    if (out == NULL)
        return NULL;
    out->list = calloc(p2p->newcomers.count + 1, sizeof(*out->list));
    if (out->list == NULL) {
        free(out);
        return NULL;
    }
    copy_list(out, p2p);
    out->error = error;
    out->age_ms = age_ms(p2p);
    if (error != DSTACK_P2P_OK)
        snprintf(out->message, sizeof(out->message), "%s", p2p->message);
    return out;
}

static enum dstack_p2p_error hand_out(const struct dstack_p2p *p2p, enum dstack_p2p_error error,
                                      struct dstack_p2p_peers **out)
{
    *out = p2p->newcomers.started ? copy_last(p2p, error) : NULL;
    return error == DSTACK_P2P_OK && *out == NULL ? DSTACK_P2P_ENOMEM : error;
}

enum dstack_p2p_error dp_p2p_read_peers(struct dstack_p2p *p2p, struct dstack_p2p_peers **out)
{
    return hand_out(p2p, refresh(p2p), out);
}

enum dstack_p2p_error dstack_p2p_get_peers(struct dstack_p2p *p2p, struct dstack_p2p_peers **out)
{
    if (p2p->newcomers.started && !p2p->has_failed && age_ms(p2p) < p2p->reuse_ms)
        return hand_out(p2p, DSTACK_P2P_OK, out);
    return dp_p2p_read_peers(p2p, out);
}

void dstack_p2p_peers_free(struct dstack_p2p_peers *peers)
{
    if (peers == NULL)
        return;
    free(peers->list);
    free(peers);
}
