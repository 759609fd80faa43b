/* auth.h - who is asking: bearer tokens, session cookies, the admin. Sees tokens in the clear. */
#ifndef DP_WEB_AUTH_H
#define DP_WEB_AUTH_H

#include "store/token.h"
#include "web/web.h"

/**
 * Who sent this request? A bearer token counts before the cookie.
 *
 * Returns: DP_OK
 *          DP_EUNAUTHORIZED  nobody that is known
 *          DP_EORIGIN        the cookie alone asks for a change, from another site
 *          DP_ESTORE
 */
DP_MUST_CHECK
enum dp_err dp_auth_identify(struct dp_exchange *x, struct dp_token *token);

/* Whose token is this text? Returns: DP_OK, DP_EUNAUTHORIZED, DP_ESTORE */
DP_MUST_CHECK
enum dp_err dp_auth_look_up(struct dp_exchange *x, struct dp_token *token, const char *text);

/* Only this user may pass; with AUTH=open anyone. Returns: DP_OK, DP_EFORBIDDEN, or as
 * dp_auth_identify */
DP_MUST_CHECK
enum dp_err dp_auth_require_user(struct dp_exchange *x, const char *user_id);

/**
 * The same, and in one read the user with the key in force, for those who act by it.
 *
 * Out: user  not to be looked at unless DP_OK
 * Returns: as dp_auth_require_user, or DP_EUNKNOWNUSER
 */
DP_MUST_CHECK
enum dp_err dp_auth_require_signer(struct dp_exchange *x, struct dp_user *user,
                                   const char *user_id);

/* Only who has a token of this user may pass, also with AUTH=open. Returns: as
 * dp_auth_require_user */
DP_MUST_CHECK
enum dp_err dp_auth_require_token(struct dp_exchange *x, const char *user_id);

/* Who acts, for the log, where dp_auth_require_user let somebody pass. */
enum dp_actor dp_auth_actor(const struct dp_exchange *x);

/* Only the admin may pass. Returns: as dp_auth_require_user */
DP_MUST_CHECK
enum dp_err dp_auth_require_admin(struct dp_exchange *x);

/* Write into the log that the admin reads something, named by a word of ours. Returns: DP_OK,
 * DP_ESTORE */
DP_MUST_CHECK
enum dp_err dp_auth_log_read(struct dp_exchange *x, const char *what);

/* Give the browser a session's cookie; text NULL takes it back. */
void dp_auth_set_cookie(struct dp_exchange *x, const char *text);

#endif
