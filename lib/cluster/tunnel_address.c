/* tunnel_address.c - which addresses the nodes of a cluster have inside its tunnels. */
#include "cluster/tunnel_address.h"

#include <arpa/inet.h>
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/sha.h>

#define TAG "devproof-tunnel-net:"
#define TAG_LEN (sizeof(TAG) - 1)
#define UNIQUE_LOCAL 0xfd
#define BITS_MIN 8 /* no private range is larger */
#define BITS_MAX 30
#define PREFIX6_BITS 48

/* --- prefixes as text --- */

struct prefix {
    int family; /* AF_INET, AF_INET6 */
    uint8_t address[16];
    unsigned bits;
};

/* Up to three digits without a zero in front. */
static bool read_bits(unsigned *out, const char *text, unsigned most)
{
    const size_t len = strspn(text, "0123456789");

    if (len == 0 || len > 3 || text[len] != '\0' || (text[0] == '0' && len > 1))
        return false;
    *out = (unsigned)strtoul(text, NULL, 10);
    return *out <= most;
}

static bool read_prefix(struct prefix *out, const char *text)
{
    char address[INET6_ADDRSTRLEN];
    const size_t len = strcspn(text, "/");
    unsigned most;

    if (len >= sizeof(address))
        return false;
    memcpy(address, text, len);
    address[len] = '\0';
    out->family = strchr(address, ':') != NULL ? AF_INET6 : AF_INET;
    most = out->family == AF_INET ? 32 : 128;
    out->bits = most;
    return inet_pton(out->family, address, out->address) == 1 &&
           (text[len] == '\0' || read_bits(&out->bits, text + len + 1, most));
}

static bool share_bits(const uint8_t *a, const uint8_t *b, unsigned bits)
{
    const unsigned whole = bits / 8, rest = bits % 8;

    return memcmp(a, b, whole) == 0 && (rest == 0 || ((a[whole] ^ b[whole]) >> (8 - rest)) == 0);
}

/* --- the net --- */

static uint32_t hosts(const struct dp_tunnel_net *net)
{
    return UINT32_MAX >> net->bits4;
}

/* This host, loopback, multicast and what is reserved. */
static bool is_usable(uint32_t network)
{
    const uint32_t first = network >> 24;

    return first != 0 && first != 127 && first < 224;
}

static enum dp_err read_range(struct dp_tunnel_net *out, const char *range,
                              struct dp_detail *detail)
{
    struct prefix prefix;
    uint32_t address;

    if (!read_prefix(&prefix, range) || prefix.family != AF_INET || strchr(range, '/') == NULL)
        return dp_fail(detail, DP_ECONFIG, "range",
                       "%.60s is no range such as " DP_TUNNEL_RANGE ".", range);
    memcpy(&address, prefix.address, sizeof(address));
    out->network4 = ntohl(address);
    out->bits4 = prefix.bits;
    if (out->bits4 < BITS_MIN || out->bits4 > BITS_MAX)
        return dp_fail(detail, DP_ECONFIG, "range", "%.60s: a range has /%d to /%d.", range,
                       BITS_MIN, BITS_MAX);
    if ((out->network4 & hosts(out)) != 0)
        return dp_fail(detail, DP_ECONFIG, "range",
                       "%.60s names an address in a range, not the range: its last %u bits must "
                       "be 0.",
                       range, 32 - out->bits4);
    return is_usable(out->network4)
               ? DP_OK
               : dp_fail(detail, DP_ECONFIG, "range", "%.60s is no range for nodes.", range);
}

static void make_prefix6(uint8_t out[static 6], const uint8_t contract[static DP_ADDRESS_LEN],
                         uint64_t chain_id)
{
    uint8_t in[TAG_LEN + 8 + DP_ADDRESS_LEN], hash[SHA256_DIGEST_LENGTH];

    memcpy(in, TAG, TAG_LEN);
    for (size_t i = 0; i < 8; i++)
        in[TAG_LEN + i] = (uint8_t)(chain_id >> (8 * (7 - i)));
    memcpy(in + TAG_LEN + 8, contract, DP_ADDRESS_LEN);
    SHA256(in, sizeof(in), hash);
    out[0] = UNIQUE_LOCAL;
    memcpy(out + 1, hash, 5);
}

enum dp_err dp_tunnel_net_make(struct dp_tunnel_net *out, const char *range,
                               const uint8_t contract[static DP_ADDRESS_LEN], uint64_t chain_id,
                               struct dp_detail *detail)
{
    make_prefix6(out->prefix6, contract, chain_id);
    return read_range(out, range != NULL ? range : DP_TUNNEL_RANGE, detail);
}

/* --- addresses --- */

enum dp_err dp_tunnel_address4(char out[static DP_TUNNEL_ADDRESS_SIZE],
                               const struct dp_tunnel_net *net, uint64_t token_id,
                               struct dp_detail *detail)
{
    const uint32_t broadcast = hosts(net);
    uint32_t address;

    out[0] = '\0';
    if (token_id == 0 || token_id >= broadcast)
        return dp_fail(detail, DP_ETOOBIG, "range",
                       "token %" PRIu64 " has no address in a range of /%u, which is for tokens 1 "
                       "to %" PRIu32 ": set a larger range, the same on all nodes.",
                       token_id, net->bits4, broadcast - 1);
    address = htonl(net->network4 + (uint32_t)token_id);
    return inet_ntop(AF_INET, &address, out, DP_TUNNEL_ADDRESS_SIZE) != NULL ? DP_OK : DP_EINVAL;
}

static void write6(char out[static DP_TUNNEL_ADDRESS_SIZE], const struct dp_tunnel_net *net,
                   enum dp_tunnel_subnet subnet, uint64_t token_id)
{
    uint8_t address[16] = {0};
    const char *text;

    memcpy(address, net->prefix6, sizeof(net->prefix6));
    address[7] = (uint8_t)subnet;
    for (size_t i = 0; i < 8; i++)
        address[8 + i] = (uint8_t)(token_id >> (8 * (7 - i)));
    text = inet_ntop(AF_INET6, address, out, DP_TUNNEL_ADDRESS_SIZE);
    assert(text != NULL);
    (void)text;
}

enum dp_err dp_tunnel_address6(char out[static DP_TUNNEL_ADDRESS_SIZE],
                               const struct dp_tunnel_net *net, enum dp_tunnel_subnet subnet,
                               uint64_t token_id, struct dp_detail *detail)
{
    out[0] = '\0';
    /* It would be that of the subnet's routers (RFC 4291). */
    if (token_id == 0)
        return dp_fail(detail, DP_ETOOBIG, "range", "token 0 has no address.");
    write6(out, net, subnet, token_id);
    return DP_OK;
}

void dp_tunnel_subnet6(char out[static DP_TUNNEL_PREFIX_SIZE], const struct dp_tunnel_net *net,
                       enum dp_tunnel_subnet subnet)
{
    write6(out, net, subnet, 0);
    memcpy(out + strlen(out), "/64", sizeof("/64"));
}

bool dp_tunnel_overlaps(const struct dp_tunnel_net *net, const char *prefix)
{
    const uint32_t network = htonl(net->network4);
    uint8_t own[4];
    struct prefix other;

    if (!read_prefix(&other, prefix) || other.bits == 0)
        return false;
    memcpy(own, &network, sizeof(own));
    if (other.family == AF_INET)
        return share_bits(own, other.address, other.bits < net->bits4 ? other.bits : net->bits4);
    return share_bits(net->prefix6, other.address,
                      other.bits < PREFIX6_BITS ? other.bits : PREFIX6_BITS);
}
