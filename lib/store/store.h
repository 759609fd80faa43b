/* store.h - users, public keys and token hashes, in a database that outlives every worker. */
#ifndef DP_STORE_STORE_H
#define DP_STORE_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "crypto/secp.h"

#define DP_EMAIL_SIZE 255    /* 254 bytes (RFC 5321, 4.5.3.1.3) and a NUL */
#define DP_USER_ID_SIZE 65   /* 64 characters and a NUL */
#define DP_TOKEN_HASH_LEN 32 /* SHA-256 */
#define DP_LIST_MAX 10000    /* users that one listing gives at most */

struct dp_store;

enum dp_store_mode { DP_STORE_READ, DP_STORE_WRITE };

/**
 * Open a database. In write mode missing schema versions are applied first, in order.
 *
 * In:  url  "sqlite:PATH"
 * Returns: DP_OK
 *          DP_ECONFIG  the URL is of no known kind; detail says which are known
 *          DP_ESTORE   cannot be opened, or its schema is newer than this program; detail says why
 *          DP_ENOMEM
 */
DP_MUST_CHECK
enum dp_err dp_store_open(struct dp_store **out, const char *url, enum dp_store_mode mode,
                          struct dp_detail *detail);

/* No call may be under way. Takes NULL. */
void dp_store_close(struct dp_store *store);

/* Is the database answering? Returns: DP_OK, DP_ESTORE */
DP_MUST_CHECK
enum dp_err dp_store_ping(struct dp_store *store);

/* A user and the key in force. All text is as it goes out: hex with 0x, EIP-55, UTF-8. */
struct dp_user {
    int64_t id, created_ms;
    char email[DP_EMAIL_SIZE];
    char user_id[DP_USER_ID_SIZE];
    char key_namespace[64];
    char pub_key_hex[2 * DP_SECP_PUB_LEN + 3];
    char address[43];
    char app_id[43];
    char signature_chain[2 * (2 * DP_SECP_SIG_LEN + 5) + 3]; /* JSON array */
};

struct dp_token {
    uint8_t hash[DP_TOKEN_HASH_LEN];
    int64_t created_ms;
    int64_t expires_ms; /* 0: never */
    bool session;       /* a cookie's, not a bearer token */
    bool admin;
    char user_id[DP_USER_ID_SIZE]; /* "" for the admin */
};

/**
 * Add a user with a key and some tokens, all or nothing, durable on return. Adds that come at the
 * same time share one commit.
 *
 * In-out: user  id is set; everything else must be filled
 * In:     tokens  count of them; their user_id is not looked at
 * Returns: DP_OK, DP_EUSEREXISTS, DP_EEMAILEXISTS, DP_ESTORE, DP_ESELFTEST (another user has this
 *          very key: the guest agent does not keep users apart)
 */
DP_MUST_CHECK
enum dp_err dp_store_add_user(struct dp_store *store, struct dp_user *user,
                              const struct dp_token *tokens, size_t count);

/* Find a user by user id. Returns: DP_OK, DP_EUNKNOWNUSER, DP_ESTORE */
DP_MUST_CHECK
enum dp_err dp_store_find_user(struct dp_store *store, struct dp_user *user, const char *user_id);

/* Called for each user of a listing; anything but DP_OK ends it. */
typedef enum dp_err dp_store_user_fn(const struct dp_user *user, void *arg);

/**
 * List users by ascending id.
 *
 * In:  after_id  only greater ids
 *      limit     1 to DP_LIST_MAX
 *      query     text to be found in email, user id or address, ASCII case ignored; "" for all
 * Returns: DP_OK, DP_ESTORE, or what each returned. signature_chain and app_id are not filled.
 */
DP_MUST_CHECK
enum dp_err dp_store_list_users(struct dp_store *store, int64_t after_id, int limit,
                                const char *query, dp_store_user_fn *each, void *arg);

/* Find a token that is neither revoked nor expired at now_ms. Returns: DP_OK, DP_EUNAUTHORIZED,
 * DP_ESTORE */
DP_MUST_CHECK
enum dp_err dp_store_find_token(struct dp_store *store, struct dp_token *token,
                                const uint8_t hash[static DP_TOKEN_HASH_LEN], int64_t now_ms);

/* Add a token for its user_id, or for the admin. Returns: DP_OK, DP_EUNKNOWNUSER, DP_ESTORE */
DP_MUST_CHECK
enum dp_err dp_store_add_token(struct dp_store *store, const struct dp_token *token);

/* Add a token for the admin unless there is a bearer token in force. Returns: DP_OK,
 * DP_EUSEREXISTS (there is one), DP_ESTORE */
DP_MUST_CHECK
enum dp_err dp_store_add_first_admin_token(struct dp_store *store, const struct dp_token *token);

/* Revoke a token; one that does not exist is revoked already. Returns: DP_OK, DP_ESTORE */
DP_MUST_CHECK
enum dp_err dp_store_revoke_token(struct dp_store *store,
                                  const uint8_t hash[static DP_TOKEN_HASH_LEN], int64_t now_ms);

#endif
