/* cluster.h - what the files of devproof cluster share. */
#ifndef DEVPROOF_CLUSTER_H
#define DEVPROOF_CLUSTER_H

#include <stdbool.h>

#include <json-c/json.h>

#include "cluster/peers.h"
#include "devproof/client.h"
#include "dstack_p2p.h"
#include "ethereum/node.h"
#include "ethereum/witnesses.h"

/* Options, by the letter that getopt_long gives. */
enum cluster_option {
    OPTION_AFTER = 'A',
    OPTION_BLOCK = 'b',
    OPTION_CACHE = 'C',
    OPTION_COLLATERAL = 'L',
    OPTION_CONTRACT = 'c',
    OPTION_ENDPOINT = 'e',
    OPTION_GATEWAY = 'g',
    OPTION_HOOK = 'k',
    OPTION_INSTANCE = 'i',
    OPTION_INTERVAL = 'v',
    OPTION_KEY_FILE = 'K',
    OPTION_MAX_NODES = 'n',
    OPTION_MODE = 'd',
    OPTION_NETWORK = 'N',
    OPTION_NO_REGISTER = 'G',
    OPTION_PCCS = 'q',
    OPTION_PEERS_FILE = 'f',
    OPTION_PORT = 'P',
    OPTION_PRICE = 'p',
    OPTION_REASON = 'R',
    OPTION_RELAY = 'y',
    OPTION_RENEW = 'W',
    OPTION_ROOT = 'o',
    OPTION_RPC = 'r',
    OPTION_SALE = 's',
    OPTION_TCB = 'u',
    OPTION_TIMEOUT = 'w',
    OPTION_TO = 't',
    OPTION_TUNNEL_INTERFACE = 'X',
    OPTION_TUNNEL_RANGE = 'U',
};

#define CLUSTER_FILES_MAX 8

/* The values of an option that may be given several times. */
struct cluster_files {
    const char *list[CLUSTER_FILES_MAX];
    size_t count;
};

struct cluster {
    struct client client;   /* for its messages, and --json */
    char *urls;             /* of RPC_URL, which nodes borrows; or NULL */
    const char *given[128]; /* by enum cluster_option: the last value of each; "" for a flag */
    struct cluster_files roots, collaterals; /* of --root and --collateral */
    const uint8_t *tunnel_key;               /* this process's, public; NULL: it has no tunnel */
    struct dp_witnesses nodes;
    uint8_t contract[DP_ADDRESS_LEN];
    enum dp_witness_tag wanted;
    unsigned timeout_s; /* 0: what the action thinks right */
};

/* A sentence on standard error. Returns: EXIT_FAILURE */
int cluster_failed(const struct cluster *cluster, enum dp_err err, const struct dp_detail *detail);

/* A number of an option. Out: as it was where the option is not given. Returns: an exit code, after
 * complaining */
int cluster_number(const struct cluster *cluster, enum cluster_option option, unsigned least,
                   unsigned most, unsigned *out);

/* dp_peers_read, with the options' nodes, contract and block. */
DP_MUST_CHECK
enum dp_err cluster_read(struct cluster *cluster, struct dp_peers *out, unsigned within_s,
                         struct dp_detail *detail);

/* As the peers file has them, see docs/cluster.md: a peer, and the block of a list. In: own  this
 * node's instance id as hex, or "" */
struct json_object *cluster_peer_json(const struct dstack_p2p_peer *peer, const char *own);
struct json_object *cluster_block_json(uint64_t number, const char *hash, uint64_t time,
                                       enum dp_witness_tag tag);

/* The instance of --instance, or of this node, if it is one. Returns: an exit code, after
 * complaining */
int cluster_instance(struct cluster *cluster, uint8_t out[static DP_ADDRESS_LEN]);

/* --- the node that this runs in: cluster_node.c --- */

/* Open the library as the options say, for a node of tunnels where there is tunnel_key; to be
 * closed by dstack_p2p_close. Returns: an exit code, after complaining */
int cluster_open(struct cluster *cluster, struct dstack_p2p **out);
int cluster_p2p_failed(const struct cluster *cluster, enum dstack_p2p_error error,
                       const char *message);

/* What a fault is called in JSON: "node", "lie" and so on. Static. */
const char *cluster_code(enum dstack_p2p_error error);

/* --- the operator's transactions: cluster_send.c --- */

/* Values for a call, as texts: an array. */
struct json_object *cluster_values(const char *const *words, int count);

/* A call of the contract, encoded. In: values  freed by this call. Returns: an exit code, after
 * complaining */
int cluster_call(const struct cluster *cluster, struct dp_buf *out, const char *name,
                 const char *parameters, struct json_object *values);

/* Try, send and wait, by the operator's key. In: value  a word of wei, or NULL. Returns: an exit
 * code, after complaining */
int cluster_send(struct cluster *cluster, struct dp_node_receipt *receipt,
                 char hash[static DSTACK_P2P_HASH_SIZE], const struct dp_buf *data,
                 const uint8_t *value);

/* A view that answers one word. In: argument  of it, or NULL. Returns: an exit code, after
 * complaining */
int cluster_view(struct cluster *cluster, uint8_t word[static DP_WORD_LEN], const char *name,
                 const char *parameters, const char *argument);

/* --- the actions: what follows their name; each returns an exit code --- */

int cluster_account(struct cluster *cluster, int argc, char **argv);
int cluster_assign(struct cluster *cluster, int argc, char **argv);
int cluster_config(struct cluster *cluster, int argc, char **argv);
int cluster_mint(struct cluster *cluster, int argc, char **argv);
int cluster_relay(struct cluster *cluster, int argc, char **argv);
int cluster_revoke(struct cluster *cluster, int argc, char **argv);
int cluster_run(struct cluster *cluster, int argc, char **argv);
int cluster_status(struct cluster *cluster, int argc, char **argv);
int cluster_voucher(struct cluster *cluster, int argc, char **argv);
int cluster_wait(struct cluster *cluster, int argc, char **argv);

#endif
