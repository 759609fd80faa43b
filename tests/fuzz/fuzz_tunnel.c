/* fuzz_tunnel.c - an endpoint that is taken is written as it was read, with nothing in it that a
 * program could take for anything else; ranges, routes and proofs of any bytes end in an error. */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cluster/tunnel_address.h"
#include "cluster/tunnel_endpoint.h"
#include "cluster/tunnel_proof.h"
#include "cluster/tunnel_routes.h"

#define CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.:-"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void endpoint(const char *text)
{
    struct dp_tunnel_endpoint got;
    char again[DP_PEER_ENDPOINT_MAX + 16], shorter[DP_PEER_ENDPOINT_MAX + 16];
    const char *scheme = strncmp(text, "https://", 8) == 0 ? "https://" : "";

    if (dp_tunnel_endpoint_read(&got, text, NULL) != DP_OK)
        return;
    snprintf(again, sizeof(again), strchr(got.host, ':') != NULL ? "%s[%s]:%u" : "%s%s:%u", scheme,
             got.host, got.port);
    snprintf(shorter, sizeof(shorter), "%s%s", scheme, got.host);
    if (got.is_stream != (scheme[0] != '\0') ||
        (strcmp(again, text) != 0 && !(got.is_stream && strcmp(shorter, text) == 0)) ||
        got.host[0] == '-' || got.host[0] == '\0' || got.port == 0 ||
        got.host[strspn(got.host, CHARACTERS)] != '\0')
        abort();
}

static void others(const char *text, size_t size)
{
    static const uint8_t contract[DP_ADDRESS_LEN];
    struct dp_tunnel_net net;
    struct dp_tunnel_proof proof;

    if (dp_tunnel_net_make(&net, text, contract, 1, NULL) != DP_OK &&
        dp_tunnel_net_make(&net, NULL, contract, 1, NULL) != DP_OK)
        abort();
    (void)dp_tunnel_overlaps(&net, text);
    (void)!dp_tunnel_routes_judge(&net, "wg0", (struct dp_slice){text, size}, NULL);
    (void)!dp_tunnel_proof_read(&proof, (struct dp_slice){text, size}, NULL);
    dp_tunnel_proof_free(&proof);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);

    if (text == NULL)
        return 0;
    if (size > 0)
        memcpy(text, data, size);
    text[size] = '\0';
    endpoint(text);
    others(text, size);
    free(text);
    return 0;
}
