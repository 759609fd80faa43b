/* p2p_peers.c - dstack_p2p: who is there, now and from now on. */
#include "cluster/p2p.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/hex.h"

#define STEP_MS 200 /* how often a watch looks whether it is to end */

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
    if (p2p->newcomers.started && agreed->block.number < p2p->agreed.block.number)
        return dp_fail(detail, DP_EPARAM, NULL,
                       "the nodes have gone back from block %" PRIu64 " to %" PRIu64 ".",
                       p2p->agreed.block.number, agreed->block.number);
    return DP_OK;
}

/* Only what is good in every way takes the place of the last good list. */
static enum dstack_p2p_error refresh(struct dstack_p2p *p2p)
{
    struct dp_detail detail = {"", ""};
    struct dp_peers peers;
    enum dstack_p2p_error error;
    enum dp_err err;

    dp_p2p_start_clock(p2p);
    err = dp_peers_read(&peers, p2p->witnesses, p2p->join.count, p2p->join.contract, p2p->wanted,
                        &detail);
    error = dp_p2p_failed(p2p, err, &detail);
    if (err == DP_OK) {
        err = check_age(p2p, &peers.agreed, &detail);
        error =
            dp_p2p_failed(p2p, err, &detail) == DSTACK_P2P_OK ? DSTACK_P2P_OK : DSTACK_P2P_ESTALE;
    }
    if (err == DP_OK) {
        err = dp_newcomers_note(&p2p->newcomers, &peers);
        error = dp_p2p_failed(p2p, err, &detail);
    }
    if (err == DP_OK) {
        memcpy(p2p->digest, peers.digest, sizeof(p2p->digest));
        p2p->agreed = peers.agreed;
        p2p->read_at = dp_clock_mono_us();
    }
    dp_peers_free(&peers);
    return error;
}

/* --- handing out --- */

static void copy_peer(struct dstack_p2p_peer *out, const struct dp_peer *peer)
{
    out->token_id = peer->token_id;
    dp_hex_encode(out->instance_id, peer->instance_id, sizeof(peer->instance_id));
    dp_hex_encode(out->app_id, peer->app_id, sizeof(peer->app_id));
    out->is_wireguard = peer->network == DP_PEER_WIREGUARD;
    memcpy(out->wireguard_key, peer->wireguard_key, sizeof(out->wireguard_key));
    out->lease_until = peer->lease_until;
    memcpy(out->endpoint, peer->endpoint, sizeof(out->endpoint));
}

static void copy_list(struct dstack_p2p_peers *out, const struct dstack_p2p *p2p)
{
    const struct dp_header *block = &p2p->agreed.block;

    for (size_t i = 0; i < p2p->newcomers.count; i++) {
        const struct dp_seen *seen = &p2p->newcomers.list[i];

        if (dp_seen_is_settled(seen, block->number, p2p->additions_after))
            copy_peer(&out->list[out->count++], &seen->peer);
    }
    out->block_number = block->number;
    out->block_time = block->time;
    dp_hex0x_encode(out->block_hash, block->hash, sizeof(block->hash));
    dp_hex0x_encode(out->digest, p2p->digest, sizeof(p2p->digest));
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
    if (error != DSTACK_P2P_OK)
        out->age_ms = (uint64_t)(dp_clock_mono_us() - p2p->read_at) / 1000;
    snprintf(out->message, sizeof(out->message), "%s", p2p->message);
    return out;
}

enum dstack_p2p_error dstack_p2p_get_peers(struct dstack_p2p *p2p, struct dstack_p2p_peers **out)
{
    enum dstack_p2p_error error = refresh(p2p);

    *out = p2p->newcomers.started ? copy_last(p2p, error) : NULL;
    return error == DSTACK_P2P_OK && *out == NULL ? DSTACK_P2P_ENOMEM : error;
}

void dstack_p2p_peers_free(struct dstack_p2p_peers *peers)
{
    if (peers == NULL)
        return;
    free(peers->list);
    free(peers);
}

/* --- watching --- */

static bool is_same_peer(const struct dstack_p2p_peer *a, const struct dstack_p2p_peer *b)
{
    return a->token_id == b->token_id && a->is_wireguard == b->is_wireguard &&
           strcmp(a->instance_id, b->instance_id) == 0 && strcmp(a->app_id, b->app_id) == 0 &&
           memcmp(a->wireguard_key, b->wireguard_key, sizeof(a->wireguard_key)) == 0 &&
           strcmp(a->endpoint, b->endpoint) == 0;
}

/* Blocks and leases go on without news. */
static bool is_same_list(const struct dstack_p2p_peers *a, const struct dstack_p2p_peers *b)
{
    if (a == NULL || b == NULL)
        return a == b;
    for (size_t i = 0; i < a->count && i < b->count; i++) {
        if (!is_same_peer(&a->list[i], &b->list[i]))
            return false;
    }
    return a->count == b->count;
}

static void wait_for(struct dstack_p2p *p2p, unsigned interval_ms)
{
    const int64_t end = dp_clock_mono_us() + (int64_t)interval_ms * 1000;

    for (int64_t left = end; left > 0 && !atomic_load(&p2p->stop);) {
        struct timespec step;

        left = (end - dp_clock_mono_us()) / 1000;
        step = (struct timespec){0, (left < STEP_MS ? left : STEP_MS) * 1000000};
        if (left > 0)
            nanosleep(&step, NULL);
    }
}

enum dstack_p2p_error dstack_p2p_watch(struct dstack_p2p *p2p, unsigned interval_ms,
                                       dstack_p2p_tell *tell, void *arg)
{
    struct dstack_p2p_peers *last = NULL;
    enum dstack_p2p_error last_error = DSTACK_P2P_OK;
    bool is_first = true;
    int end = 0;

    while (end == 0 && !atomic_load(&p2p->stop)) {
        struct dstack_p2p_peers *peers;
        enum dstack_p2p_error error = dstack_p2p_get_peers(p2p, &peers);

        if (is_first || error != last_error || !is_same_list(peers, last))
            end = tell(peers, error, arg);
        dstack_p2p_peers_free(last);
        last = peers;
        last_error = error;
        is_first = false;
        if (end == 0)
            wait_for(p2p, interval_ms);
    }
    dstack_p2p_peers_free(last);
    atomic_store(&p2p->stop, false);
    return DSTACK_P2P_OK;
}

void dstack_p2p_stop(struct dstack_p2p *p2p)
{
    atomic_store(&p2p->stop, true);
}
