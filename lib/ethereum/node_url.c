/* node_url.c - URLs of Ethereum nodes, as options and settings name them. */
#include "ethereum/node_url.h"

#include <stdio.h>
#include <string.h>

#define SHOWN_MAX 200

void dp_node_url_show(char out[static DP_NODE_NAME_SIZE], const char *url)
{
    const char *host = strstr(url, "://"), *user;
    size_t len;

    host = host != NULL ? host + 3 : url;
    len = strcspn(host, "/?#");
    user = memrchr(host, '@', len);
    if (user != NULL) {
        len -= (size_t)(user + 1 - host);
        host = user + 1;
    }
    snprintf(out, DP_NODE_NAME_SIZE, "%.*s", (int)(len < SHOWN_MAX ? len : SHOWN_MAX), host);
}
