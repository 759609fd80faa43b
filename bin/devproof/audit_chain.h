/* audit_chain.h - what a chain says of who may have the app's keys, for devproof audit. */
#ifndef DEVPROOF_AUDIT_CHAIN_H
#define DEVPROOF_AUDIT_CHAIN_H

#include "devproof/appauth.h"
#include "devproof/audit.h"

#define CHAIN_NOTICE_MIN (7 * 86400) /* seconds, where no other was asked for */

struct chain {
    struct appauth appauth; /* the nodes that were named, if any */
    struct appauth_findings findings;
    struct dp_tape tapes[DP_WITNESSES_MAX];
    struct json_object *kept; /* what the tapes are played from; owned */
    uint64_t notice_min;      /* seconds that are asked for */
    bool has_address;         /* the contract was named; else it is the app id of the event log */
    bool was_asked, was_read; /* was_asked without was_read: appauth.fault says why */
};

void chain_init(struct chain *chain, const struct client *client);
void chain_free(struct chain *chain);

/**
 * Ask the nodes, and keep what they say as chain.json:
 *
 *     {address, tag, nodes: [{name, calls}]}    calls as in ethereum/tape.h
 *
 * In: facts    for the contract's address; nothing is asked where that is not known
 *     hardware its app definition is what is asked about
 */
void chain_ask(struct chain *chain, struct dp_buf *out, const struct facts *facts,
               const struct hardware *hardware);

/* The same from chain.json. at: Unix seconds, for when to judge. Returns: -1, or an exit code after
 * complaining */
int chain_replay(struct chain *chain, const struct dp_buf *kept, const struct hardware *hardware);

/* Add the claims chain.proven and appauth.*, and what owner and guardian can still do. */
void audit_chain(struct dp_claims *claims, const struct chain *chain, const struct facts *facts);

/* What devproof appauth show --json prints, to be freed by json_object_put; NULL where nothing was
 * read. */
struct json_object *chain_document(const struct chain *chain);

#endif
