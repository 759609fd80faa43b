/* contracts.h - what the files of devproof contracts share. */
#ifndef DEVPROOF_CONTRACTS_H
#define DEVPROOF_CONTRACTS_H

#include <limits.h>
#include <stdbool.h>

#include <json-c/json.h>

#include "base/buf.h"
#include "crypto/keccak.h"
#include "devproof/client.h"
#include "ethereum/abi.h"
#include "ethereum/address.h"
#include "ethereum/node.h"
#include "ethereum/node_url.h"

#define CODE_MAX (1024 * 1024) /* bytes of init code, arguments included, and of runtime code */
#define INIT_CODE_MAX 49152    /* that the chain takes (EIP-3860) */

/* Where no option says otherwise. */
#define CONTRACTS_FOLDER "contracts"
#define CONTRACTS_DEPLOYMENTS "deployments"
#define CONTRACTS_TIMEOUT_S 180

struct contracts {
    struct client client; /* for its messages, and --json */
    const char *url, *folder, *deployments;
    const char *key_file, *unlocked, *label;
    unsigned timeout_s;
    bool no_build, replace;
    struct dp_rpc rpc;
    uint64_t chain_id;
    char node[DP_NODE_NAME_SIZE];
};

/* Make rpc and node of url and timeout_s. Returns: an exit code, after complaining */
int contracts_open(struct contracts *contracts);

/* What the node failed at, in one line. Returns: EXIT_FAILURE */
int contracts_node_failed(const struct contracts *contracts, const struct dp_detail *detail,
                          enum dp_err err);

/* Ask the node which chain it is on. Returns: an exit code, after complaining */
int contracts_connect(struct contracts *contracts);

/* --- artifacts: contracts_artifact.c --- */

/* What the compiler made of one contract. */
struct artifact {
    const char *name;
    struct json_object *json;
    struct dp_abi *parameters;       /* of the constructor */
    struct dp_buf creation, runtime; /* immutables are zero in runtime */
    struct json_object *immutables;  /* borrowed from json; may be NULL */
};

/* Run forge in the folder of contracts, its words on standard error. In: into  a folder for all
 * that it writes, or NULL: the usual ones. Returns: an exit code, after complaining */
int artifact_build(const struct contracts *contracts, const char *into);

/* Read OUT/ANY.sol/NAME.json. Returns: an exit code, after complaining; artifact_free in any case
 */
int artifact_load(const struct contracts *contracts, struct artifact *artifact, const char *out,
                  const char *name);
void artifact_free(struct artifact *artifact);

/* The values that the constructor is given, from words of the command line. NULL after complaining.
 */
struct json_object *artifact_values(const struct contracts *contracts,
                                    const struct artifact *artifact, char **words, int count);

/* Init code: the compiler's, and the encoded values. Returns: an exit code, after complaining */
int artifact_init_code(const struct contracts *contracts, const struct artifact *artifact,
                       struct dp_buf *out, struct json_object *values);

/* The first byte outside immutables in which the code is not the compiler's; -1 if there is none.
 */
long artifact_difference(const struct artifact *artifact, const struct dp_buf *code);

/* What a contract said on reverting: its error by name, or "". */
void artifact_explain(const struct artifact *artifact, struct dp_buf *out,
                      const struct dp_buf *revert);

/* --- deployments/CHAIN.json: contracts_record.c --- */

/* One contract that was deployed. */
struct record {
    const char *contract;       /* borrowed from the file's JSON, or from a caller */
    struct json_object *values; /* of the constructor; the same */
    uint8_t address[DP_ADDRESS_LEN], from[DP_ADDRESS_LEN];
    uint8_t transaction[DP_KECCAK_LEN];
    uint8_t init_hash[DP_KECCAK_LEN], runtime_hash[DP_KECCAK_LEN];
    uint64_t nonce, block;
    bool pending; /* sent, and not yet seen in a block: block and runtime_hash are not known */
};

struct records {
    char path[PATH_MAX];
    struct json_object *json;
    int lock; /* the open folder, or -1 */
};

/**
 * Read the file of the chain; one that is not there has no records.
 *
 * In: for_writing  make the folder, and keep others out until records_close
 * Returns: an exit code, after complaining; records_close in any case
 */
int records_open(const struct contracts *contracts, struct records *records, bool for_writing);
void records_close(struct records *records);

/* All, by label: an object. */
struct json_object *records_all(const struct records *records);

/* Returns: false where it is none */
bool record_read(struct record *record, struct json_object *json);

/* To be freed by json_object_put. */
struct json_object *record_write(const struct record *record);

/* Put a record in place of the one under the label, and the file in place of the old one at once.
 * Returns: an exit code, after complaining */
int records_put(const struct contracts *contracts, struct records *records, const char *label,
                const struct record *record);

/* --- the actions --- */

int contracts_deploy(struct contracts *contracts, char **words, int count);
int contracts_verify(struct contracts *contracts, char **labels, int count);

#endif
