/* guest.h - client of the dstack guest agent (dstack 0.4.2 and later). May hold a secret. */
#ifndef DP_DSTACK_GUEST_H
#define DP_DSTACK_GUEST_H

#include <stdint.h>

#include <json-c/json.h>

#include "base/buf.h"
#include "base/err.h"
#include "crypto/pubmemo.h"
#include "crypto/secp.h"
#include "dstack/chain.h"

struct dp_guest;

/**
 * A client of the agent. Connects when first used, so the agent need not be there yet.
 *
 * In:  socket  path, or NULL for the first that exists of /var/run/dstack.sock, /run/dstack.sock,
 *              /var/run/dstack/dstack.sock, /run/dstack/dstack.sock
 * Returns: DP_OK, DP_EINVAL (the path is too long), DP_ENOMEM
 */
DP_MUST_CHECK
enum dp_err dp_guest_open(struct dp_guest **out, const char *socket);

/* The same with another deadline than 2 s for each call, for what an agent takes long over. */
DP_MUST_CHECK
enum dp_err dp_guest_open_within(struct dp_guest **out, const char *socket, unsigned within_ms);

/* No call may be under way. Takes NULL. */
void dp_guest_close(struct dp_guest *guest);

/*
 * A derived key on loan. It is wiped by dp_guest_key_free, which every path must reach. Whoever
 * carries one cannot read it: its bytes have no type outside lib/dstack. dp_wallet_sign uses it.
 */
struct dp_key_bytes;
struct dp_guest_key {
    const struct dp_key_bytes *key;         /* DP_SECP_KEY_LEN bytes of locked memory, or NULL */
    uint8_t public_key[DP_SECP_PUB_LEN];    /* of key */
    uint8_t app_signature[DP_SECP_SIG_LEN]; /* signature_chain[0] */
    uint8_t kms_signature[DP_SECP_SIG_LEN]; /* signature_chain[1] */
};

/**
 * GetKey: the secp256k1 key of a path. Any thread may call at any time; one deadline.
 *
 * Out: out  to be freed by dp_guest_key_free, also after an error
 * Returns: DP_OK
 *          DP_EGUEST  no connection, no answer in time, or not a key and two signatures in it
 *          DP_ENOMEM  more calls at a time than there is locked memory for
 */
DP_MUST_CHECK
enum dp_err dp_guest_get_key(struct dp_guest *guest, struct dp_guest_key *out, const char *path,
                             const char *purpose);

/* The same for who asks for a key again and again: what is the public key of a key that was seen
 * before is looked up, not derived. The key itself comes from the agent each time. */
DP_MUST_CHECK
enum dp_err dp_guest_get_key_again(struct dp_guest *guest, struct dp_guest_key *out,
                                   const char *path, const char *purpose, struct dp_pub_memo *memo);

/* Wipe and give back. Takes a key that was never filled, if it is all zero. */
void dp_guest_key_free(struct dp_guest_key *key);

/**
 * Info: what the agent says of this CVM, with tcb_info decoded to an object.
 *
 * Out: out  to be freed by json_object_put; NULL unless DP_OK
 * Returns: DP_OK, DP_EGUEST, DP_ENOMEM
 */
DP_MUST_CHECK
enum dp_err dp_guest_info(struct dp_guest *guest, struct json_object **out);

/**
 * Any method, for those of this folder: POST and read the answer of a 200.
 *
 * Out: body  inside mem
 *      mem   cap bytes of the caller's, for headers and body together
 * In:  method  "/GetKey"
 * Returns: DP_OK, DP_EGUEST
 */
DP_MUST_CHECK
enum dp_err dp_guest_call(struct dp_guest *guest, struct dp_slice *body, char *mem, size_t cap,
                          const char *method, const char *json, size_t len);

/* Only the app id out of Info. Returns: DP_OK, DP_EGUEST, DP_ENOMEM */
DP_MUST_CHECK
enum dp_err dp_guest_app_id(struct dp_guest *guest, uint8_t out[static DP_APP_ID_LEN]);

#endif
