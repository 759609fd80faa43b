/* cluster.h - what the files of devproof cluster share. */
#ifndef DEVPROOF_CLUSTER_H
#define DEVPROOF_CLUSTER_H

#include <stdbool.h>

#include <json-c/json.h>

#include "cluster/peers.h"
#include "devproof/client.h"
#include "dstack_p2p.h"
#include "ethereum/account.h"
#include "ethereum/node.h"
#include "ethereum/witnesses.h"

/* Options, as getopt_long gives them: beyond the letters that all of devproof has. */
enum cluster_option {
    OPTION_AFTER = 128,
    OPTION_APP,
    OPTION_AS,
    OPTION_BLOCK,
    OPTION_CACHE,
    OPTION_CLOUD,
    OPTION_COLLATERAL,
    OPTION_CONTRACT,
    OPTION_CONTRACTS,
    OPTION_DEPLOYMENTS,
    OPTION_ENDPOINT,
    OPTION_ENV_FILE,
    OPTION_GATEWAY,
    OPTION_HOOK,
    OPTION_INSTANCE,
    OPTION_INSTANCE_TYPE,
    OPTION_INTERVAL,
    OPTION_KEY_FILE,
    OPTION_KMS,
    OPTION_KMS_ID,
    OPTION_KMS_ROOT,
    OPTION_LISTEN,
    OPTION_MAX_NODES,
    OPTION_MODE,
    OPTION_NAME,
    OPTION_NETWORK,
    OPTION_NO_BUILD,
    OPTION_NO_REGISTER,
    OPTION_OS_REFERENCE,
    OPTION_PCCS,
    OPTION_PEERS_FILE,
    OPTION_PORT,
    OPTION_PRICE,
    OPTION_REASON,
    OPTION_RELAY,
    OPTION_RENEW,
    OPTION_ROOT,
    OPTION_RPC,
    OPTION_SALE,
    OPTION_TCB,
    OPTION_TIMEOUT,
    OPTION_TO,
    OPTION_TOKEN_FILE,
    OPTION_TUNNEL_INTERFACE,
    OPTION_TUNNEL_RANGE,
    OPTION_END,
};

#define CLUSTER_FILES_MAX 8

/* The values of an option that may be given several times. */
struct cluster_files {
    const char *list[CLUSTER_FILES_MAX];
    size_t count;
};

struct cluster {
    struct client client;                    /* for its messages, and --json */
    char *urls;                              /* of RPC_URL, which nodes borrows; or NULL */
    const char *given[OPTION_END];           /* the last value of each; "" for a flag */
    struct cluster_files roots, collaterals; /* of --root and --collateral */
    const uint8_t *tunnel_key;               /* this process's, public; NULL: it has no tunnel */
    struct dp_witnesses nodes;
    uint8_t contract[DP_ADDRESS_LEN];
    enum dp_witness_tag wanted;
    unsigned timeout_s;        /* 0: what the action thinks right */
    struct dp_account account; /* who pays, from the first transaction on */
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

/* Open who pays, if that is not done yet. Returns: an exit code, after complaining */
int cluster_open_account(struct cluster *cluster);

/**
 * Try, send and wait, by the operator's key, which is open.
 *
 * Out: hash  of the transaction
 * Returns: DP_OK, DP_EFORBIDDEN (the contract refuses, sent or not), what dp_sender_send does;
 *          nothing is printed
 */
DP_MUST_CHECK
enum dp_err cluster_transact(struct cluster *cluster, const uint8_t *to,
                             struct dp_node_receipt *receipt,
                             char hash[static DSTACK_P2P_HASH_SIZE], const struct dp_buf *data,
                             const uint8_t *value, unsigned within_s, struct dp_detail *detail);

/* Try, send and wait, by the operator's key. In: value  a word of wei, or NULL. Returns: an exit
 * code, after complaining */
int cluster_send(struct cluster *cluster, struct dp_node_receipt *receipt,
                 char hash[static DSTACK_P2P_HASH_SIZE], const struct dp_buf *data,
                 const uint8_t *value);

/* The same to another contract. */
int cluster_send_to(struct cluster *cluster, const uint8_t *to, struct dp_node_receipt *receipt,
                    char hash[static DSTACK_P2P_HASH_SIZE], const struct dp_buf *data,
                    const uint8_t *value);

/* A view that answers one word. In: argument  of it, or NULL. Returns: an exit code, after
 * complaining */
int cluster_view(struct cluster *cluster, uint8_t word[static DP_WORD_LEN], const char *name,
                 const char *parameters, const char *argument);

/* The same of another contract. */
int cluster_view_at(struct cluster *cluster, const uint8_t *to, uint8_t word[static DP_WORD_LEN],
                    const char *name, const char *parameters, const char *argument);

/* Ask one node of the list. Returns: DP_OK, DP_EFORMAT (another answer than a word), what
 * dp_node_call does; nothing is printed */
DP_MUST_CHECK
enum dp_err cluster_ask(struct cluster *cluster, size_t node, const uint8_t *to,
                        uint8_t word[static DP_WORD_LEN], const struct dp_buf *data,
                        struct dp_detail *detail);

/* A number that a view answers. Returns: an exit code, after complaining */
int cluster_view_number(struct cluster *cluster, uint64_t *out, const char *name,
                        const char *parameters, const char *argument);

/* What --price says that is paid: a word of wei. Returns: an exit code, after complaining */
int cluster_payment(const struct cluster *cluster, uint8_t value[static DP_WORD_LEN]);

/* Wait until an instance is a peer. Out: peer. Returns: an exit code, after complaining */
int cluster_await(struct cluster *cluster, const uint8_t instance[static DP_ADDRESS_LEN],
                  struct dstack_p2p_peer *peer);

/* --option ADDRESS. Returns: an exit code, after complaining */
int cluster_check_address(const struct cluster *cluster, const char *option, const char *text);

/* --- relays: cluster_relay.c, cluster_relay_server.c --- */

/**
 * Send what a node has signed for this cluster, and pay for it. The key is open.
 *
 * In:  text  JSON, see cluster/relay.h
 * Out: done  what was done, to be freed by json_object_put; NULL unless DP_OK
 * Returns: what dp_json_parse, dp_relay_read and cluster_transact do; DP_ECONFLICT where it is for
 *          another contract or chain
 */
DP_MUST_CHECK
enum dp_err cluster_relay_call(struct cluster *cluster, struct json_object **done,
                               struct dp_slice text, unsigned within_s, struct dp_detail *detail);

/* Take such calls at --listen, until SIGTERM or SIGINT. */
int cluster_relay_serve(struct cluster *cluster);

/* --- the actions: what follows their name; each returns an exit code --- */

int cluster_account(struct cluster *cluster, int argc, char **argv);
int cluster_assign(struct cluster *cluster, int argc, char **argv);
int cluster_config(struct cluster *cluster, int argc, char **argv);
int cluster_deploy(struct cluster *cluster, int argc, char **argv);
int cluster_join(struct cluster *cluster, int argc, char **argv);
int cluster_mint(struct cluster *cluster, int argc, char **argv);
int cluster_relay(struct cluster *cluster, int argc, char **argv);
int cluster_revoke(struct cluster *cluster, int argc, char **argv);
int cluster_run(struct cluster *cluster, int argc, char **argv);
int cluster_status(struct cluster *cluster, int argc, char **argv);
int cluster_verify(struct cluster *cluster, int argc, char **argv);
int cluster_voucher(struct cluster *cluster, int argc, char **argv);
int cluster_wait(struct cluster *cluster, int argc, char **argv);

#endif
