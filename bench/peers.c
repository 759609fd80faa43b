/* peers.c - how long the peer list takes, from memory and proven, and 100 tunnels anew. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "cluster/wireguard.h"
#include "dstack_p2p.h"

#define ROUNDS 21
#define BATCH 200 /* lists of a round from memory */

static void die(const char *what)
{
    fprintf(stderr, "bench/peers: %s\n", what);
    exit(EXIT_FAILURE);
}

static int compare(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

static int64_t middle(int64_t *times)
{
    qsort(times, ROUNDS, sizeof(*times), compare);
    return times[ROUNDS / 2];
}

/* --- the list --- */

static struct dstack_p2p *open_p2p(unsigned reuse_ms)
{
    const struct dstack_p2p_options options = {.block = DSTACK_P2P_LATEST, .reuse_ms = reuse_ms};
    struct dstack_p2p *p2p;
    char message[DSTACK_P2P_MESSAGE_SIZE];

    if (dstack_p2p_open(&p2p, NULL, DSTACK_P2P_TLS_GATEWAY, &options, message) != DSTACK_P2P_OK)
        die(message);
    return p2p;
}

static size_t ask(struct dstack_p2p *p2p)
{
    struct dstack_p2p_peers *peers;
    size_t count;

    if (dstack_p2p_get_peers(p2p, &peers) != DSTACK_P2P_OK)
        die(dstack_p2p_message(p2p));
    count = peers->count;
    dstack_p2p_peers_free(peers);
    return count;
}

/* Nanoseconds of one call: the middle of the rounds. */
static int64_t time_asks(struct dstack_p2p *p2p, unsigned batch)
{
    int64_t times[ROUNDS];

    for (unsigned i = 0; i < ROUNDS; i++) {
        const int64_t start = dp_clock_mono_us();

        for (unsigned j = 0; j < batch; j++)
            ask(p2p);
        times[i] = (dp_clock_mono_us() - start) * 1000 / batch;
    }
    return middle(times);
}

/* What is read costs the whole list where the block is new, and a proof where the digest stayed. */
static void measure_list(void)
{
    struct dstack_p2p *reads = open_p2p(0), *keeps = open_p2p(3600 * 1000);
    const int64_t start = dp_clock_mono_us();
    const size_t count = ask(reads);
    const int64_t first = (dp_clock_mono_us() - start) * 1000;

    ask(keeps);
    printf("%zu %" PRId64 " %" PRId64 " %" PRId64 "\n", count, first, time_asks(reads, 1),
           time_asks(keeps, BATCH));
    dstack_p2p_close(reads);
    dstack_p2p_close(keeps);
}

/* --- tunnels --- */

static void fill(struct dp_wireguard_peer *peers, unsigned count, unsigned round)
{
    for (unsigned i = 0; i < count; i++) {
        struct dp_wireguard_peer *peer = &peers[i];

        memset(peer->key, (int)round + 1, sizeof(peer->key));
        peer->key[0] = (uint8_t)i;
        peer->key[1] = (uint8_t)(i >> 8);
        snprintf(peer->endpoint, sizeof(peer->endpoint), "127.0.0.1:%u", 20000 + i);
        snprintf(peer->allowed, sizeof(peer->allowed), "10.1.%u.%u/32,fd00::%x/128", i >> 8,
                 i & 255, i);
    }
}

/* All of them go, and as many others come, by one call. */
static void measure_tunnels(unsigned count)
{
    struct dp_wireguard_peer *peers = calloc(count, sizeof(*peers));
    struct dp_wireguard wireguard = {0};
    struct dp_detail detail = {"", ""};
    int64_t times[ROUNDS];

    if (peers == NULL ||
        dp_wireguard_device_open(&wireguard.device, "benchpeers", &detail) != DP_OK ||
        dp_wireguard_device_up(&wireguard.device, NULL, 0, 1420, &detail) != DP_OK)
        die(detail.text);
    for (unsigned i = 0; i < ROUNDS; i++) {
        int64_t start;

        fill(peers, count, i);
        start = dp_clock_mono_us();
        if (dp_wireguard_update(&wireguard, peers, count, &detail) != DP_OK)
            die(detail.text);
        times[i] = dp_clock_mono_us() - start;
    }
    printf("%s %" PRId64 "\n", wireguard.device.in_kernel ? "kernel" : "wireguard-go",
           middle(times));
    dp_wireguard_close(&wireguard);
    free(peers);
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "list") == 0) {
        measure_list();
    } else if (argc == 3 && strcmp(argv[1], "tunnels") == 0) {
        measure_tunnels((unsigned)strtoul(argv[2], NULL, 10));
    } else {
        fputs("Usage: bench/peers list | bench/peers tunnels COUNT\n", stderr);
        return 2;
    }
    return EXIT_SUCCESS;
}
