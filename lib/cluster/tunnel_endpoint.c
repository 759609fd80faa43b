/* tunnel_endpoint.c - where a peer's tunnel is said to be: hostile text, until it is read here. */
#include "cluster/tunnel_endpoint.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/run.h"

#define LABEL_MAX 63
#define ANSWER_MAX 4096
#define SCHEME "https://"
#define DIGITS "0123456789"
#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

/* --- reading --- */

static bool read_port(uint16_t *out, const char *text)
{
    const size_t len = strspn(text, DIGITS);
    unsigned long port;

    if (len == 0 || len > 5 || text[len] != '\0' || text[0] == '0')
        return false;
    port = strtoul(text, NULL, 10);
    *out = (uint16_t)port;
    return port <= UINT16_MAX;
}

static bool is_label(const char *text, size_t len)
{
    return len > 0 && len <= LABEL_MAX && text[0] != '-' && text[len - 1] != '-' &&
           strspn(text, DIGITS LETTERS "-") >= len;
}

static bool is_name(const char *text)
{
    for (;;) {
        const size_t len = strcspn(text, ".");

        if (!is_label(text, len))
            return false;
        if (text[len] == '\0')
            return strchr(DIGITS, text[0]) == NULL;
        text += len + 1;
    }
}

/* Packets to these would go to this machine, to many, or to nobody. */
static bool is_other_machine4(const struct in_addr *address)
{
    const uint32_t first = ntohl(address->s_addr) >> 24;

    return first != 0 && first != 127 && first < 224;
}

static bool is_other_machine6(const struct in6_addr *address)
{
    return !IN6_IS_ADDR_UNSPECIFIED(address) && !IN6_IS_ADDR_LOOPBACK(address) &&
           !IN6_IS_ADDR_MULTICAST(address) && !IN6_IS_ADDR_V4MAPPED(address) &&
           !IN6_IS_ADDR_V4COMPAT(address) && !IN6_IS_ADDR_LINKLOCAL(address);
}

/* Returns: DP_OK, DP_EINVAL, DP_EFORMAT (no address) */
static enum dp_err judge_address(const char *text)
{
    struct in_addr four;
    struct in6_addr six;

    if (inet_pton(AF_INET, text, &four) == 1)
        return is_other_machine4(&four) ? DP_OK : DP_EINVAL;
    if (inet_pton(AF_INET6, text, &six) == 1)
        return is_other_machine6(&six) ? DP_OK : DP_EINVAL;
    return DP_EFORMAT;
}

static bool keep_host(struct dp_tunnel_endpoint *out, const char *text, size_t len)
{
    if (len == 0 || len >= sizeof(out->host))
        return false;
    memcpy(out->host, text, len);
    out->host[len] = '\0';
    return true;
}

/* Cut into host and port; out->host without brackets. */
static bool cut(struct dp_tunnel_endpoint *out, const char *text)
{
    const char *colon = strrchr(text, ':');
    size_t len = colon != NULL ? (size_t)(colon - text) : 0;
    const bool bracketed = len > 2 && text[0] == '[' && text[len - 1] == ']';

    if (colon == NULL || !read_port(&out->port, colon + 1))
        return false;
    if (bracketed) {
        text++;
        len -= 2;
    }
    return keep_host(out, text, len) && (strchr(out->host, ':') != NULL) == bracketed;
}

/* What follows the scheme. A gateway goes by the name, so an address is none. */
static enum dp_err read_stream(struct dp_tunnel_endpoint *out, const char *text)
{
    const size_t len = strcspn(text, ":");

    out->port = DP_TUNNEL_STREAM_PORT;
    out->is_name = out->is_stream = true;
    return keep_host(out, text, len) && is_name(out->host) &&
                   (text[len] == '\0' || read_port(&out->port, text + len + 1))
               ? DP_OK
               : DP_EFORMAT;
}

enum dp_err dp_tunnel_endpoint_read(struct dp_tunnel_endpoint *out, const char *text,
                                    struct dp_detail *detail)
{
    enum dp_err err = DP_EFORMAT;

    *out = (struct dp_tunnel_endpoint){.port = 0};
    if (strncmp(text, SCHEME, strlen(SCHEME)) == 0) {
        err = read_stream(out, text + strlen(SCHEME));
    } else if (strlen(text) <= DP_PEER_ENDPOINT_MAX && cut(out, text)) {
        err = judge_address(out->host);
        out->is_name = err == DP_EFORMAT;
        if (out->is_name && is_name(out->host))
            err = DP_OK;
    }
    if (err == DP_EINVAL)
        return dp_fail(detail, err, "endpoint", "is an address that no other machine has.");
    return err == DP_OK ? DP_OK
                        : dp_fail(detail, err, "endpoint",
                                  "is neither host:port of a tunnel nor https://name of a stream.");
}

/* --- looking up --- */

/* The first word of the first line. */
static enum dp_err take_address(char out[static INET6_ADDRSTRLEN], const struct dp_buf *answer,
                                struct dp_detail *detail)
{
    const char *text = answer->data != NULL ? answer->data : "";
    const size_t len = strcspn(text, " \t\n");

    if (len == 0 || len >= INET6_ADDRSTRLEN)
        return dp_fail(detail, DP_ENOTFOUND, "endpoint", "the name has no address.");
    memcpy(out, text, len);
    out[len] = '\0';
    return judge_address(out) == DP_OK
               ? DP_OK
               : dp_fail(detail, DP_EINVAL, "endpoint",
                         "the name has an address that no other machine has.");
}

/* getaddrinfo(3) itself cannot be ended. */
static enum dp_err look_up(char out[static INET6_ADDRSTRLEN], const char *name,
                           struct dp_detail *detail)
{
    const char *const argv[] = {"getent", "ahosts", name, NULL};
    struct dp_buf answer = DP_BUF_INIT(ANSWER_MAX);
    enum dp_err err = dp_run(
        &(struct dp_run){.argv = argv, .out = &answer, .within_ms = DP_TUNNEL_RESOLVE_MS}, detail);

    if (err == DP_EIO)
        err = dp_fail(detail, DP_ENOTFOUND, "endpoint", "the name has no address.");
    if (err == DP_OK)
        err = take_address(out, &answer, detail);
    dp_buf_free(&answer);
    return err;
}

enum dp_err dp_tunnel_endpoint_resolve(char out[static DP_TUNNEL_ENDPOINT_SIZE],
                                       const struct dp_tunnel_endpoint *endpoint,
                                       struct dp_detail *detail)
{
    char found[INET6_ADDRSTRLEN];
    const char *address = endpoint->is_name ? found : endpoint->host;
    const enum dp_err err = endpoint->is_name ? look_up(found, endpoint->host, detail) : DP_OK;

    out[0] = '\0';
    if (err != DP_OK)
        return err;
    if (snprintf(out, DP_TUNNEL_ENDPOINT_SIZE, strchr(address, ':') != NULL ? "[%s]:%u" : "%s:%u",
                 address, endpoint->port) < DP_TUNNEL_ENDPOINT_SIZE)
        return DP_OK;
    out[0] = '\0';
    return DP_EINVAL;
}
