/* tunnel_dial.c - a peer that a stream reaches: where WireGuard sends to, and when it is dialled.
 */
#include "cluster/tunnel_dial.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SECOND_US INT64_C(1000000)
#define PAUSE_US (10 * SECOND_US) /* WireGuard begins anew every 5 seconds where nobody answers */
#define RETRY_DOUBLINGS 4
#define RETRY_MOST_US (15 * SECOND_US)
#define DROPS 64 /* datagrams that are dropped at a time */

static socklen_t read_address(struct sockaddr_storage *out, const char *text)
{
    struct sockaddr_in four = {.sin_family = AF_INET};
    struct sockaddr_in6 six = {.sin6_family = AF_INET6};
    struct dp_tunnel_endpoint endpoint;

    if (text[0] == '\0' || dp_tunnel_endpoint_read(&endpoint, text, NULL) != DP_OK)
        return 0;
    four.sin_port = six.sin6_port = htons(endpoint.port);
    if (inet_pton(AF_INET, endpoint.host, &four.sin_addr) == 1) {
        memcpy(out, &four, sizeof(four));
        return sizeof(four);
    }
    if (inet_pton(AF_INET6, endpoint.host, &six.sin6_addr) == 1) {
        memcpy(out, &six, sizeof(six));
        return sizeof(six);
    }
    return 0;
}

enum dp_err dp_tunnel_dial_make(struct dp_tunnel_dial **out, const struct dp_tunnel_target *target,
                                uint16_t wireguard)
{
    struct dp_tunnel_dial *dial = calloc(1, sizeof(*dial));

    *out = NULL;
    if (dial == NULL)
        return DP_ENOMEM;
    dial->udp = dp_tunnel_stream_socket(wireguard, &dial->port);
    if (dial->udp < 0) {
        free(dial);
        return DP_EIO;
    }
    dial->udp_slot = -1;
    dp_tunnel_dial_change(dial, target);
    *out = dial;
    return DP_OK;
}

bool dp_tunnel_dial_is(const struct dp_tunnel_dial *dial, const struct dp_tunnel_target *target)
{
    return memcmp(dial->target.key, target->key, sizeof(target->key)) == 0 &&
           strcmp(dial->target.name, target->name) == 0;
}

void dp_tunnel_dial_change(struct dp_tunnel_dial *dial, const struct dp_tunnel_target *target)
{
    dial->target = *target;
    dial->to_len = read_address(&dial->to, target->address);
}

/* --- what is wanted --- */

static void want(struct dp_tunnel_dial *dial, int64_t now_us)
{
    if (now_us - dial->sent_us > PAUSE_US)
        dial->first_us = now_us;
    dial->sent_us = now_us;
    if (!dial->target.holds_back || now_us - dial->first_us > DP_TUNNEL_DIAL_HOLD_S * SECOND_US)
        dial->wanted_until_us = now_us + DP_TUNNEL_DIAL_WANTED_S * SECOND_US;
}

/* Without a stream there is no way for them. WireGuard sends what matters again. */
static bool drop(const struct dp_tunnel_dial *dial)
{
    uint8_t byte;
    int dropped = 0;

    while (dropped < DROPS && recv(dial->udp, &byte, sizeof(byte), 0) >= 0)
        dropped++;
    return dropped > 0;
}

void dp_tunnel_dial_on_udp(struct dp_tunnel_dial *dial, int64_t now_us)
{
    if (dial->stream != NULL)
        dp_tunnel_stream_on_udp(dial->stream);
    else if (drop(dial))
        want(dial, now_us);
}

/* --- dialling --- */

static void wait_again(struct dp_tunnel_dial *dial, int64_t now_us)
{
    const unsigned doublings = dial->failures < RETRY_DOUBLINGS ? dial->failures : RETRY_DOUBLINGS;
    const int64_t wait = SECOND_US << doublings;

    dial->failures++;
    dial->not_before_us = now_us + (wait < RETRY_MOST_US ? wait : RETRY_MOST_US);
}

/* One that has carried something is missed, also where WireGuard is silent just now. */
static void leave(struct dp_tunnel_dial *dial, int64_t now_us)
{
    if (dial->stream->heard_us != 0) {
        dial->failures = 0;
        dial->wanted_until_us = now_us + DP_TUNNEL_DIAL_WANTED_S * SECOND_US;
    }
    dp_tunnel_stream_close(dial->stream);
    dial->stream = NULL;
    wait_again(dial, now_us);
}

void dp_tunnel_dial_step(struct dp_tunnel_dial *dial, SSL_CTX *tls, int64_t now_us)
{
    if (dial->stream != NULL && dp_tunnel_stream_is_over(dial->stream, now_us))
        leave(dial, now_us);
    if (dial->stream != NULL || dial->to_len == 0 || now_us >= dial->wanted_until_us ||
        now_us < dial->not_before_us)
        return;
    if (dp_tunnel_stream_dial(&dial->stream, tls, dial->target.name, (struct sockaddr *)&dial->to,
                              dial->to_len, dial->udp) != DP_OK)
        wait_again(dial, now_us);
}

void dp_tunnel_dial_close(struct dp_tunnel_dial *dial)
{
    if (dial == NULL)
        return;
    dp_tunnel_stream_close(dial->stream);
    close(dial->udp);
    free(dial);
}
