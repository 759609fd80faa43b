/* tunnel_peer.c - one peer of the tunnels: what it may do now, and when it is asked next. */
#include "cluster/tunnel_peer.h"

#include <stdio.h>
#include <string.h>

#define RETRY_US INT64_C(1000000) /* after the first failure; twice as long after each more */
#define RETRY_MOST_US INT64_C(60000000)
#define RETRY_DOUBLINGS 6

bool dp_tunnel_peer_is_same(const struct dp_peer *a, const struct dp_peer *b)
{
    return a->token_id == b->token_id && a->network == b->network &&
           memcmp(a->app_id, b->app_id, DP_ADDRESS_LEN) == 0 &&
           memcmp(a->instance_id, b->instance_id, DP_ADDRESS_LEN) == 0 &&
           memcmp(a->wireguard_key, b->wireguard_key, DP_WORD_LEN) == 0 &&
           strcmp(a->endpoint, b->endpoint) == 0;
}

static void say(struct dp_tunnel_peer *peer, const struct dp_detail *why)
{
    snprintf(peer->detail, sizeof(peer->detail), "%s", why->text);
}

void dp_tunnel_peer_make(struct dp_tunnel_peer *out, const struct dp_tunnel_net *net,
                         const struct dp_peer *peer)
{
    struct dp_detail why = {"", ""};

    *out = (struct dp_tunnel_peer){.is = *peer};
    /* These fail for token 0 alone, which is no peer. */
    (void)!dp_tunnel_address6(out->proof_address, net, DP_TUNNEL_PROOF, peer->token_id, NULL);
    (void)!dp_tunnel_address6(out->address6, net, DP_TUNNEL_APPLICATION, peer->token_id, NULL);
    if (dp_tunnel_address4(out->address4, net, peer->token_id, &why) != DP_OK)
        say(out, &why);
    if (dp_tunnel_endpoint_read(&out->endpoint, peer->endpoint, &why) != DP_OK) {
        say(out, &why);
        return;
    }
    out->resolve = out->endpoint.is_name;
    if (!out->resolve)
        (void)!dp_tunnel_endpoint_resolve(out->reached, &out->endpoint, NULL);
}

static void write_endpoint(char out[static DP_TUNNEL_ENDPOINT_SIZE],
                           const struct dp_tunnel_peer *peer)
{
    if (!peer->endpoint.is_stream)
        memcpy(out, peer->reached, DP_TUNNEL_ENDPOINT_SIZE);
    else if (peer->stream_port != 0)
        snprintf(out, DP_TUNNEL_ENDPOINT_SIZE, "127.0.0.1:%u", peer->stream_port);
}

void dp_tunnel_peer_wanted(struct dp_wireguard_peer *out, const struct dp_tunnel_peer *peer)
{
    *out = (struct dp_wireguard_peer){.endpoint = ""};
    memcpy(out->key, peer->is.wireguard_key, DP_TUNNEL_KEY_LEN);
    write_endpoint(out->endpoint, peer);
    if (!peer->verified)
        snprintf(out->allowed, sizeof(out->allowed), "%s/128", peer->proof_address);
    else if (peer->address4[0] == '\0')
        snprintf(out->allowed, sizeof(out->allowed), "%s/128,%s/128", peer->proof_address,
                 peer->address6);
    else
        snprintf(out->allowed, sizeof(out->allowed), "%s/128,%s/128,%s/32", peer->proof_address,
                 peer->address6, peer->address4);
}

static void ask_later(struct dp_tunnel_peer *peer, const struct dp_detail *why, int64_t now_us)
{
    const unsigned doublings = peer->failures < RETRY_DOUBLINGS ? peer->failures : RETRY_DOUBLINGS;
    const int64_t wait = RETRY_US << doublings;

    peer->failures++;
    peer->due_us = now_us + (wait < RETRY_MOST_US ? wait : RETRY_MOST_US);
    say(peer, why);
}

void dp_tunnel_peer_look_up(struct dp_tunnel_peer *peer, int64_t now_us)
{
    peer->resolve = true;
    peer->due_us = now_us;
}

bool dp_tunnel_peer_resolved(struct dp_tunnel_peer *peer, const struct dp_tunnel_ask *ask,
                             int64_t now_us)
{
    if (ask->err != DP_OK) {
        ask_later(peer, &ask->detail, now_us);
        return false;
    }
    peer->resolve = false;
    peer->due_us = now_us;
    memcpy(peer->reached, ask->resolved, sizeof(peer->reached));
    return true;
}

void dp_tunnel_peer_prove(struct dp_tunnel_peer *peer, const struct dp_tunnel_proven *proven,
                          int64_t now_us, int64_t max_age_us)
{
    peer->verified = true;
    peer->proven = *proven;
    peer->proven_us = now_us;
    peer->due_us = now_us + max_age_us / 2;
    peer->failures = 0;
    peer->detail[0] = '\0';
}

void dp_tunnel_peer_refuse(struct dp_tunnel_peer *peer, const struct dp_detail *why, int64_t now_us)
{
    peer->verified = false;
    ask_later(peer, why, now_us);
}

void dp_tunnel_peer_fail(struct dp_tunnel_peer *peer, const struct dp_detail *why, int64_t now_us)
{
    ask_later(peer, why, now_us);
    /* The name may have another address by now. */
    peer->resolve = peer->endpoint.is_name;
}

void dp_tunnel_peer_status(struct dp_tunnel_status *out, const struct dp_tunnel_peer *peer)
{
    *out = (struct dp_tunnel_status){.token_id = peer->is.token_id, .verified = peer->verified};
    memcpy(out->key, peer->is.wireguard_key, sizeof(out->key));
    memcpy(out->address, peer->address4, sizeof(out->address));
    memcpy(out->address6, peer->address6, sizeof(out->address6));
    memcpy(out->detail, peer->detail, sizeof(out->detail));
}
