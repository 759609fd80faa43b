/* tunnel.c - tunnels to the peers of a cluster, each open to applications once it is proven. */
#include "cluster/tunnel.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "cluster/tunnel_filter.h"
#include "cluster/tunnel_peer.h"
#include "cluster/tunnel_routes.h"
#include "cluster/tunnel_server.h"
#include "cluster/tunnel_streams.h"
#include "cluster/wireguard.h"

#define SECOND_US INT64_C(1000000)
#define IDLE_MS 1000 /* between two steps with nothing to do */
#define BUSY_MS 20   /* while a peer is asked */

struct slot {
    struct dp_tunnel_ask ask;
    struct dp_peer peer; /* who is asked, as it was then */
    bool used;
};

/* Of this node: two for applications, one for the proof. */
struct own {
    char four[DP_TUNNEL_ADDRESS_SIZE], six[DP_TUNNEL_ADDRESS_SIZE], proof[DP_TUNNEL_ADDRESS_SIZE];
};

struct dp_tunnel {
    struct dp_wireguard wireguard;
    struct dp_tunnel_net net;
    struct dp_tunnel_claim self;
    uint64_t token_id;
    struct own own;
    int64_t max_age_us;
    dp_tunnel_accept *accept;
    dp_tunnel_collateral *collateral;
    void *arg;
    char name[DP_WIREGUARD_NAME_SIZE];
    bool filtered;
    struct dp_tunnel_server *server;
    struct dp_tunnel_streams *streams;
    bool takes_streams;
    unsigned lost; /* of the streams, as far as WireGuard knows */
    struct dp_tunnel_peer *peers;
    size_t count;
    struct slot slots[DP_TUNNEL_ASKS];
};

/* --- what the interface and the server are told --- */

static enum dp_err tell_server(struct dp_tunnel *tunnel)
{
    struct dp_tunnel_asker *askers = calloc(tunnel->count + 1, sizeof(*askers));
    enum dp_err err = askers != NULL ? DP_OK : DP_ENOMEM;

    for (size_t i = 0; err == DP_OK && i < tunnel->count; i++) {
        if (inet_pton(AF_INET6, tunnel->peers[i].proof_address, &askers[i].address) != 1)
            err = DP_EINVAL;
        memcpy(askers[i].key, tunnel->peers[i].is.wireguard_key, DP_TUNNEL_KEY_LEN);
    }
    if (err == DP_OK)
        err = dp_tunnel_server_update(tunnel->server, askers, tunnel->count);
    free(askers);
    return err;
}

/* The peers that are reached by a stream. Two that can dial each other do not both at once; and who
 * takes UDP lets those who do not come by it, where they can. */
static size_t find_targets(const struct dp_tunnel *tunnel, struct dp_tunnel_target *out)
{
    size_t count = 0;

    for (size_t i = 0; i < tunnel->count; i++) {
        const struct dp_tunnel_peer *peer = &tunnel->peers[i];
        struct dp_tunnel_target *target = &out[count];

        if (!peer->endpoint.is_stream)
            continue;
        memcpy(target->key, peer->is.wireguard_key, DP_TUNNEL_KEY_LEN);
        memcpy(target->name, peer->endpoint.host, sizeof(target->name));
        memcpy(target->address, peer->reached, sizeof(target->address));
        target->holds_back = !tunnel->takes_streams || tunnel->token_id > peer->is.token_id;
        count++;
    }
    return count;
}

static void take_ports(struct dp_tunnel *tunnel, const uint16_t *ports)
{
    size_t next = 0;

    for (size_t i = 0; i < tunnel->count; i++) {
        if (tunnel->peers[i].endpoint.is_stream)
            tunnel->peers[i].stream_port = ports[next++];
    }
}

static enum dp_err tell_streams(struct dp_tunnel *tunnel)
{
    struct dp_tunnel_target *targets = calloc(tunnel->count + 1, sizeof(*targets));
    uint16_t *ports = calloc(tunnel->count + 1, sizeof(*ports));
    enum dp_err err = DP_ENOMEM;

    if (targets != NULL && ports != NULL)
        err = dp_tunnel_streams_update(tunnel->streams, targets, find_targets(tunnel, targets),
                                       ports);
    if (err == DP_OK)
        take_ports(tunnel, ports);
    free(targets);
    free(ports);
    return err;
}

static enum dp_err tell_interface(struct dp_tunnel *tunnel, struct dp_detail *detail)
{
    struct dp_wireguard_peer *wanted = calloc(tunnel->count + 1, sizeof(*wanted));
    enum dp_err err;

    if (wanted == NULL)
        return DP_ENOMEM;
    err = tell_streams(tunnel);
    for (size_t i = 0; i < tunnel->count; i++)
        dp_tunnel_peer_wanted(&wanted[i], &tunnel->peers[i]);
    if (err == DP_OK)
        err = dp_wireguard_update(&tunnel->wireguard, wanted, tunnel->count, detail);
    free(wanted);
    return err;
}

/* --- the list --- */

static const struct dp_tunnel_peer *find_same(const struct dp_tunnel *tunnel,
                                              const struct dp_peer *peer)
{
    for (size_t i = 0; i < tunnel->count; i++) {
        if (dp_tunnel_peer_is_same(&tunnel->peers[i].is, peer))
            return &tunnel->peers[i];
    }
    return NULL;
}

static bool has_key(const struct dp_tunnel_peer *list, size_t count, const uint8_t *key)
{
    for (size_t i = 0; i < count; i++) {
        if (memcmp(list[i].is.wireguard_key, key, DP_TUNNEL_KEY_LEN) == 0)
            return true;
    }
    return false;
}

/* One key has one peer: the contract sees to that, and WireGuard could not tell two apart. */
static bool is_wanted(const struct dp_tunnel *tunnel, const struct dp_peer *peer,
                      const struct dp_tunnel_peer *list, size_t count)
{
    static const uint8_t none[DP_TUNNEL_KEY_LEN];

    return peer->network == DP_PEER_WIREGUARD && peer->token_id != 0 &&
           peer->token_id != tunnel->token_id &&
           memcmp(peer->instance_id, tunnel->self.instance_id, DP_ADDRESS_LEN) != 0 &&
           memcmp(peer->wireguard_key, none, sizeof(none)) != 0 &&
           memcmp(peer->wireguard_key, tunnel->self.key, DP_TUNNEL_KEY_LEN) != 0 &&
           !has_key(list, count, peer->wireguard_key);
}

/* What was good enough may be so no longer. */
static void accept_again(const struct dp_tunnel *tunnel, struct dp_tunnel_peer *peer)
{
    struct dp_detail why = {"", ""};

    if (peer->verified && !tunnel->accept(&peer->is, &peer->proven, tunnel->arg, &why))
        dp_tunnel_peer_refuse(peer, &why, dp_clock_mono_us());
}

enum dp_err dp_tunnel_update(struct dp_tunnel *tunnel, const struct dp_peer *list, size_t count,
                             struct dp_detail *detail)
{
    struct dp_tunnel_peer *peers = calloc(count + 1, sizeof(*peers));
    size_t kept = 0;
    enum dp_err err;

    if (peers == NULL)
        return DP_ENOMEM;
    for (size_t i = 0; i < count; i++) {
        const struct dp_tunnel_peer *old = find_same(tunnel, &list[i]);

        if (!is_wanted(tunnel, &list[i], peers, kept))
            continue;
        if (old != NULL)
            peers[kept] = *old;
        else
            dp_tunnel_peer_make(&peers[kept], &tunnel->net, &list[i]);
        peers[kept].is.lease_until = list[i].lease_until;
        accept_again(tunnel, &peers[kept++]);
    }
    free(tunnel->peers);
    tunnel->peers = peers;
    tunnel->count = kept;
    /* Who goes is cut off first. */
    err = tell_interface(tunnel, detail);
    return err == DP_OK ? tell_server(tunnel) : err;
}

/* --- proofs --- */

static struct dp_tunnel_peer *find_asked(struct dp_tunnel *tunnel, const struct slot *slot)
{
    return (struct dp_tunnel_peer *)find_same(tunnel, &slot->peer);
}

/* Returns: whether the interface has to be told */
static bool take_answer(struct dp_tunnel *tunnel, struct dp_tunnel_peer *peer,
                        const struct dp_tunnel_ask *ask)
{
    const bool was = peer->verified;
    const int64_t now = dp_clock_mono_us();
    struct dp_detail why = ask->detail;

    peer->asked = false;
    if (ask->endpoint.is_name)
        return dp_tunnel_peer_resolved(peer, ask, now);
    if (ask->err == DP_OK && tunnel->accept(&peer->is, &ask->proven, tunnel->arg, &why))
        dp_tunnel_peer_prove(peer, &ask->proven, now, tunnel->max_age_us);
    else if (ask->err == DP_OK || ask->err == DP_EINVAL || ask->err == DP_EFORMAT)
        dp_tunnel_peer_refuse(peer, &why, now);
    else
        dp_tunnel_peer_fail(peer, &why, now);
    return peer->verified != was;
}

static bool take_answers(struct dp_tunnel *tunnel)
{
    bool changed = false;

    for (size_t i = 0; i < DP_TUNNEL_ASKS; i++) {
        struct slot *slot = &tunnel->slots[i];
        struct dp_tunnel_peer *peer;

        if (!slot->used || !atomic_load(&slot->ask.done))
            continue;
        dp_tunnel_ask_end(&slot->ask);
        slot->used = false;
        /* It may have left, or become another, in the meantime. */
        peer = find_asked(tunnel, slot);
        if (peer != NULL && take_answer(tunnel, peer, &slot->ask))
            changed = true;
    }
    return changed;
}

static struct slot *free_slot(struct dp_tunnel *tunnel)
{
    for (size_t i = 0; i < DP_TUNNEL_ASKS; i++) {
        if (!tunnel->slots[i].used)
            return &tunnel->slots[i];
    }
    return NULL;
}

/* Who has waited longest. */
static struct dp_tunnel_peer *next_due(struct dp_tunnel *tunnel, int64_t now)
{
    struct dp_tunnel_peer *first = NULL;

    for (size_t i = 0; i < tunnel->count; i++) {
        struct dp_tunnel_peer *peer = &tunnel->peers[i];

        if (!peer->asked && peer->due_us <= now && (first == NULL || peer->due_us < first->due_us))
            first = peer;
    }
    return first;
}

static enum dp_err ask(struct dp_tunnel *tunnel, struct slot *slot, struct dp_tunnel_peer *peer)
{
    enum dp_err err;

    slot->ask = (struct dp_tunnel_ask){
        .claim = tunnel->self, .collateral = tunnel->collateral, .arg = tunnel->arg};
    slot->peer = peer->is;
    memcpy(slot->ask.claim.instance_id, peer->is.instance_id, DP_ADDRESS_LEN);
    memcpy(slot->ask.claim.key, peer->is.wireguard_key, DP_TUNNEL_KEY_LEN);
    memcpy(slot->ask.claim.asker, tunnel->self.key, DP_TUNNEL_KEY_LEN);
    memcpy(slot->ask.app_id, peer->is.app_id, DP_ADDRESS_LEN);
    memcpy(slot->ask.address, peer->proof_address, sizeof(slot->ask.address));
    if (peer->resolve)
        slot->ask.endpoint = peer->endpoint;
    err = dp_tunnel_ask_begin(&slot->ask);
    slot->used = peer->asked = err == DP_OK;
    return err;
}

static enum dp_err ask_due(struct dp_tunnel *tunnel)
{
    const int64_t now = dp_clock_mono_us();
    enum dp_err err = DP_OK;

    while (err == DP_OK) {
        struct dp_tunnel_peer *peer = next_due(tunnel, now);
        struct slot *slot = free_slot(tunnel);

        if (peer == NULL || slot == NULL)
            break;
        err = ask(tunnel, slot, peer);
    }
    return err;
}

static bool expire(struct dp_tunnel *tunnel)
{
    const int64_t now = dp_clock_mono_us();
    bool changed = false;

    for (size_t i = 0; i < tunnel->count; i++) {
        struct dp_tunnel_peer *peer = &tunnel->peers[i];

        if (peer->verified && now - peer->proven_us >= tunnel->max_age_us) {
            peer->verified = false;
            changed = true;
        }
    }
    return changed;
}

/* --- streams --- */

static bool has_stream(uint16_t port, void *arg)
{
    return dp_tunnel_streams_has(arg, port);
}

/* Who was reached by a stream that it had opened itself, and that has ended, is reached by the
 * list's endpoint again: WireGuard goes on with the last it heard from. Out: changed  the interface
 * has to be told */
static enum dp_err unlearn_lost(struct dp_tunnel *tunnel, bool *changed, struct dp_detail *detail)
{
    const unsigned lost = dp_tunnel_streams_lost(tunnel->streams);
    enum dp_err err;

    if (lost == tunnel->lost)
        return DP_OK;
    err = dp_wireguard_unlearn(&tunnel->wireguard, has_stream, tunnel->streams, detail);
    if (err != DP_OK)
        return err;
    tunnel->lost = lost;
    *changed = true;
    return DP_OK;
}

/* The gateway may have another address by now. A peer that failed has its name looked up anyway. */
static void look_up_failing(struct dp_tunnel *tunnel)
{
    for (size_t i = 0; i < tunnel->count; i++) {
        struct dp_tunnel_peer *peer = &tunnel->peers[i];

        if (peer->endpoint.is_stream && !peer->asked && !peer->resolve && peer->failures == 0 &&
            dp_tunnel_streams_fails(tunnel->streams, peer->is.wireguard_key))
            dp_tunnel_peer_look_up(peer, dp_clock_mono_us());
    }
}

static unsigned wait_of(const struct dp_tunnel *tunnel)
{
    const int64_t now = dp_clock_mono_us();
    int64_t wait = IDLE_MS;

    for (size_t i = 0; i < tunnel->count; i++) {
        const struct dp_tunnel_peer *peer = &tunnel->peers[i];
        const int64_t left = peer->asked ? BUSY_MS : (peer->due_us - now) / 1000;

        if (left < wait)
            wait = left > BUSY_MS ? left : BUSY_MS;
    }
    return (unsigned)wait;
}

enum dp_err dp_tunnel_step(struct dp_tunnel *tunnel, unsigned *wait_ms, struct dp_detail *detail)
{
    enum dp_err err = dp_wireguard_device_check(&tunnel->wireguard.device, detail);
    const bool again = tunnel->wireguard.unsure;
    bool changed;

    *wait_ms = IDLE_MS;
    if (err != DP_OK)
        return err;
    changed = take_answers(tunnel);
    changed |= expire(tunnel);
    look_up_failing(tunnel);
    err = unlearn_lost(tunnel, &changed, detail);
    if (err == DP_OK && (changed || again))
        err = tell_interface(tunnel, detail);
    /* After a failure all is told again: the server was not told then. */
    if (err == DP_OK && again)
        err = tell_server(tunnel);
    if (err == DP_OK)
        err = ask_due(tunnel);
    *wait_ms = wait_of(tunnel);
    return err;
}

/* --- opening --- */

static enum dp_err find_own(struct dp_tunnel *tunnel, struct dp_detail *detail)
{
    const struct dp_tunnel_net *net = &tunnel->net;
    struct own *own = &tunnel->own;
    const uint64_t token = tunnel->token_id;
    enum dp_err err = dp_tunnel_address4(own->four, net, token, detail);

    if (err == DP_OK)
        err = dp_tunnel_address6(own->six, net, DP_TUNNEL_APPLICATION, token, detail);
    if (err == DP_OK)
        err = dp_tunnel_address6(own->proof, net, DP_TUNNEL_PROOF, token, detail);
    return err;
}

static enum dp_err bring_up(struct dp_tunnel *tunnel, unsigned mtu, struct dp_detail *detail)
{
    const struct own *own = &tunnel->own;
    char four[DP_TUNNEL_PREFIX_SIZE], six[DP_TUNNEL_PREFIX_SIZE], proof[DP_TUNNEL_PREFIX_SIZE];
    const char *const addresses[] = {four, six, proof};

    snprintf(four, sizeof(four), "%s/%u", own->four, tunnel->net.bits4);
    snprintf(six, sizeof(six), "%s/64", own->six);
    snprintf(proof, sizeof(proof), "%s/64", own->proof);
    return dp_wireguard_device_up(&tunnel->wireguard.device, addresses, 3,
                                  mtu != 0 ? mtu : DP_TUNNEL_MTU, detail);
}

static uint16_t port_of(const struct dp_tunnel_setup *setup)
{
    return setup->listen_port != 0 ? setup->listen_port : DP_TUNNEL_PORT;
}

/* The filter is there before the first packet can come. */
static enum dp_err make_interface(struct dp_tunnel *tunnel, const struct dp_tunnel_setup *setup,
                                  const struct dp_tunnel_key *key, struct dp_detail *detail)
{
    enum dp_err err = dp_wireguard_device_open(&tunnel->wireguard.device, tunnel->name, detail);

    if (err == DP_OK)
        err = dp_tunnel_key_install(key, tunnel->name, port_of(setup), detail);
    if (err == DP_OK)
        err = dp_tunnel_filter_open(tunnel->name, &tunnel->net, tunnel->own.proof,
                                    DP_TUNNEL_PROOF_PORT, detail);
    tunnel->filtered = err == DP_OK;
    return err == DP_OK ? bring_up(tunnel, setup->mtu, detail) : err;
}

static enum dp_err open_all(struct dp_tunnel *tunnel, const struct dp_tunnel_setup *setup,
                            const struct dp_tunnel_key *key, struct dp_detail *detail)
{
    enum dp_err err =
        dp_tunnel_net_make(&tunnel->net, setup->range, setup->contract, setup->chain_id, detail);

    if (err == DP_OK)
        err = find_own(tunnel, detail);
    if (err == DP_OK)
        err = dp_tunnel_routes_check(&tunnel->net, tunnel->name, detail);
    if (err == DP_OK)
        err = make_interface(tunnel, setup, key, detail);
    if (err == DP_OK)
        err = dp_tunnel_streams_open(&tunnel->streams, port_of(setup), setup->stream_port, detail);
    if (err == DP_OK)
        err = dp_tunnel_server_open(&tunnel->server, tunnel->own.proof, setup->guest_socket,
                                    &tunnel->self, detail);
    return err;
}

static void take_setup(struct dp_tunnel *tunnel, const struct dp_tunnel_setup *setup,
                       const struct dp_tunnel_key *key)
{
    const unsigned age =
        setup->proof_max_age_s != 0 ? setup->proof_max_age_s : DP_TUNNEL_PROOF_MAX_AGE_S;

    tunnel->max_age_us = age * SECOND_US;
    tunnel->token_id = setup->token_id;
    tunnel->takes_streams = setup->stream_port != 0;
    tunnel->accept = setup->accept;
    tunnel->collateral = setup->collateral;
    tunnel->arg = setup->arg;
    tunnel->self.chain_id = setup->chain_id;
    memcpy(tunnel->self.contract, setup->contract, DP_ADDRESS_LEN);
    memcpy(tunnel->self.instance_id, setup->instance_id, DP_ADDRESS_LEN);
    memcpy(tunnel->self.key, key->public_key, DP_TUNNEL_KEY_LEN);
}

enum dp_err dp_tunnel_open(struct dp_tunnel **out, const struct dp_tunnel_setup *setup,
                           const struct dp_tunnel_key *key, struct dp_detail *detail)
{
    const char *name = setup->interface != NULL ? setup->interface : DP_TUNNEL_INTERFACE;
    struct dp_tunnel *tunnel;
    enum dp_err err;

    *out = NULL;
    if (!dp_wireguard_name_is_valid(name))
        return dp_fail(detail, DP_ECONFIG, "interface", "%.40s is no name of an interface.", name);
    tunnel = calloc(1, sizeof(*tunnel));
    if (tunnel == NULL)
        return DP_ENOMEM;
    memcpy(tunnel->name, name, strlen(name) + 1);
    take_setup(tunnel, setup, key);
    err = open_all(tunnel, setup, key, detail);
    if (err == DP_OK)
        *out = tunnel;
    else
        dp_tunnel_close(tunnel);
    return err;
}

void dp_tunnel_close(struct dp_tunnel *tunnel)
{
    if (tunnel == NULL)
        return;
    dp_wireguard_close(&tunnel->wireguard);
    if (tunnel->filtered)
        dp_tunnel_filter_close(tunnel->name);
    for (size_t i = 0; i < DP_TUNNEL_ASKS; i++) {
        if (tunnel->slots[i].used)
            dp_tunnel_ask_end(&tunnel->slots[i].ask);
    }
    dp_tunnel_server_close(tunnel->server);
    dp_tunnel_streams_close(tunnel->streams);
    free(tunnel->peers);
    free(tunnel);
}

/* --- how it is --- */

size_t dp_tunnel_statuses(const struct dp_tunnel *tunnel, struct dp_tunnel_status *out, size_t cap)
{
    size_t count = 0;

    for (; count < tunnel->count && count < cap; count++)
        dp_tunnel_peer_status(&out[count], &tunnel->peers[count]);
    return count;
}

void dp_tunnel_own(const struct dp_tunnel *tunnel, struct dp_tunnel_own *out)
{
    memcpy(out->address, tunnel->own.four, sizeof(out->address));
    memcpy(out->address6, tunnel->own.six, sizeof(out->address6));
}

enum dp_err dp_tunnel_handshakes(const struct dp_tunnel *tunnel, struct dp_wireguard_handshake *out,
                                 size_t cap, size_t *count, struct dp_detail *detail)
{
    return dp_wireguard_handshakes(&tunnel->wireguard, out, cap, count, detail);
}
