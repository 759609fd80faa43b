/* node_url.h - URLs of Ethereum nodes, as options and settings name them. */
#ifndef DP_ETHEREUM_NODE_URL_H
#define DP_ETHEREUM_NODE_URL_H

#define DP_NODE_NAME_SIZE 256

/* Host and port: what may be shown, as a path or a user in a URL is often a key. */
void dp_node_url_show(char out[static DP_NODE_NAME_SIZE], const char *url);

#endif
