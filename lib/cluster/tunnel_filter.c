/* tunnel_filter.c - what may pass between this node and one that has not proven itself yet. */
#include "cluster/tunnel_filter.h"

#include "base/run.h"

#define NFT_MS 5000

/* The first two lines: there is one, so that it can be taken away. */
static const char remove_table[] = "table ip6 devproof-%1$s\n"
                                   "delete table ip6 devproof-%1$s\n";

/* 1: interface, 2: subnet, 3: own address, 4: port. An answer is no first packet, so that a peer
 * cannot reach another port by sending from that of the proof. */
static const char table[] =
    "table ip6 devproof-%1$s {\n"
    "  chain input {\n"
    "    type filter hook input priority filter - 10; policy accept;\n"
    "    iifname != { \"%1$s\", \"lo\" } ip6 daddr %2$s drop\n"
    "    iifname \"%1$s\" ip6 saddr %2$s ip6 daddr %3$s tcp dport %4$u accept\n"
    "    iifname \"%1$s\" ip6 saddr %2$s ip6 daddr %3$s tcp sport %4$u "
    "tcp flags & (syn | ack) != syn accept\n"
    "    iifname \"%1$s\" ip6 saddr %2$s drop\n"
    "  }\n"
    "  chain forward {\n"
    "    type filter hook forward priority filter - 10; policy accept;\n"
    "    iifname \"%1$s\" ip6 saddr %2$s drop\n"
    "    oifname \"%1$s\" ip6 daddr %2$s drop\n"
    "  }\n"
    "  chain output {\n"
    "    type filter hook output priority filter - 10; policy accept;\n"
    "    oifname \"%1$s\" ip6 saddr %3$s ip6 daddr %2$s tcp dport %4$u accept\n"
    "    oifname \"%1$s\" ip6 saddr %3$s ip6 daddr %2$s tcp sport %4$u "
    "tcp flags & (syn | ack) != syn accept\n"
    "    oifname \"%1$s\" ip6 daddr %2$s drop\n"
    "  }\n"
    "}\n";

static enum dp_err run_nft(const struct dp_buf *in, struct dp_detail *detail)
{
    const char *const argv[] = {"nft", "-f", "-", NULL};

    if (in->err != DP_OK)
        return in->err;
    return dp_run(&(struct dp_run){.argv = argv, .in = {in->data, in->len}, .within_ms = NFT_MS},
                  detail);
}

enum dp_err dp_tunnel_filter_open(const char *interface, const struct dp_tunnel_net *net,
                                  const char *own, uint16_t port, struct dp_detail *detail)
{
    struct dp_buf in = DP_BUF_INIT(DP_RUN_IN_MAX);
    char subnet[DP_TUNNEL_PREFIX_SIZE];
    enum dp_err err;

    dp_tunnel_subnet6(subnet, net, DP_TUNNEL_PROOF);
    dp_buf_addf(&in, remove_table, interface);
    dp_buf_addf(&in, table, interface, subnet, own, port);
    err = run_nft(&in, detail);
    dp_buf_free(&in);
    return err;
}

void dp_tunnel_filter_close(const char *interface)
{
    struct dp_buf in = DP_BUF_INIT(DP_RUN_IN_MAX);

    dp_buf_addf(&in, remove_table, interface);
    (void)!run_nft(&in, NULL);
    dp_buf_free(&in);
}
