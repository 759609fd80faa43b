/* node_url.h - URLs of Ethereum nodes, as options name them. */
#ifndef DEVPROOF_NODE_URL_H
#define DEVPROOF_NODE_URL_H

#define NODE_NAME_SIZE 256

/* Host and port: what may be shown, as a path or a user in a URL is often a key. */
void node_url_show(char out[static NODE_NAME_SIZE], const char *url);

#endif
