/* peers_answer.h - the list of peers that the cluster's daemon keeps in a file, as it is answered.
 */
#ifndef DP_CLUSTER_PEERS_ANSWER_H
#define DP_CLUSTER_PEERS_ANSWER_H

#include <stdint.h>

#include <json-c/json.h>

#include "base/buf.h"
#include "base/err.h"

#define DP_PEERS_SCHEMA "devproof.peers/1"
#define DP_PEERS_FILE "peers.json"
#define DP_PEERS_FILE_MAX (1024 * 1024) /* bytes; 1024 peers take less than half */
#define DP_PEERS_WRITTEN_MS 30000       /* a daemon that lives writes within this time */

/**
 * Read the file's text, of schema devproof.peers/1, and add what only the reader knows: `ageMs`,
 * the time since the list was read, null where it never was; and `error` with the code "daemon"
 * where nothing was written for longer than DP_PEERS_WRITTEN_MS, or only in the future. The list
 * stays in it: a fault is no empty list.
 *
 * In:  now_ms  Unix milliseconds
 * Out: out     to be freed by json_object_put; NULL unless DP_OK
 *      detail  says what is wrong; may be NULL
 * Returns: DP_OK, DP_EPEERS (not such a document), DP_ENOMEM
 */
DP_MUST_CHECK
enum dp_err dp_peers_answer(struct json_object **out, struct dp_slice text, int64_t now_ms,
                            struct dp_detail *detail);

#endif
