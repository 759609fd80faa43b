/* auth.c - who is asking: bearer tokens, session cookies, the admin. Sees tokens in the clear. */
#include "web/auth.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <openssl/crypto.h>

#include "base/clock.h"

#define COOKIE "devproof_session"
#define BEARER "Bearer "

/* In: user  NULL, or to be filled with the token's user */
static enum dp_err look_up(struct dp_exchange *x, struct dp_token *token, struct dp_user *user,
                           const char *text)
{
    const char *admin_token = x->service->config.admin_token;
    uint8_t hash[DP_TOKEN_HASH_LEN], admin_hash[DP_TOKEN_HASH_LEN];

    dp_token_hash(hash, text);
    if (admin_token != NULL) {
        dp_token_hash(admin_hash, admin_token);
        if (CRYPTO_memcmp(hash, admin_hash, sizeof(hash)) == 0) {
            *token = (struct dp_token){.admin = true};
            memcpy(token->hash, hash, sizeof(hash));
            return DP_OK;
        }
    }
    if (user == NULL)
        return dp_store_find_token(x->service->store, token, hash, dp_clock_unix_ms());
    return dp_store_find_token_user(x->service->store, token, user, hash, dp_clock_unix_ms());
}

enum dp_err dp_auth_look_up(struct dp_exchange *x, struct dp_token *token, const char *text)
{
    return look_up(x, token, NULL, text);
}

/* The value of our cookie, or false. */
static bool read_cookie(const struct dp_exchange *x, char text[static DP_TOKEN_TEXT_SIZE])
{
    const char *at = dp_request_param(x, "HTTP_COOKIE");
    size_t name_len = sizeof(COOKIE) - 1;

    while (*at != '\0') {
        size_t len = strcspn(at, ";");

        if (len == name_len + DP_TOKEN_TEXT_SIZE && strncmp(at, COOKIE "=", name_len + 1) == 0) {
            memcpy(text, at + name_len + 1, DP_TOKEN_TEXT_SIZE - 1);
            text[DP_TOKEN_TEXT_SIZE - 1] = '\0';
            return true;
        }
        at += len;
        at += strspn(at, "; ");
    }
    return false;
}

static bool is_change(const char *method)
{
    return strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0;
}

/*
 * Browsers send Origin with every request that changes something (Fetch, 3.1). A proxy that ends
 * TLS before this server makes it https where nginx sees http; the reverse would be another site.
 */
static bool same_origin(const struct dp_exchange *x)
{
    const char *origin = dp_request_param(x, "HTTP_ORIGIN");
    const char *host = dp_request_param(x, "HTTP_HOST");
    bool https = strcmp(dp_request_param(x, "HTTPS"), "on") == 0;

    if (strncmp(origin, "https://", 8) == 0)
        return strcasecmp(origin + 8, host) == 0;
    return !https && strncmp(origin, "http://", 7) == 0 && strcasecmp(origin + 7, host) == 0;
}

static enum dp_err identify(struct dp_exchange *x, struct dp_token *token, struct dp_user *user)
{
    const char *header = dp_request_param(x, "HTTP_AUTHORIZATION");
    char text[DP_TOKEN_TEXT_SIZE];
    enum dp_err err;

    if (strncasecmp(header, BEARER, sizeof(BEARER) - 1) == 0)
        return look_up(x, token, user, header + sizeof(BEARER) - 1);
    if (header[0] != '\0' || !read_cookie(x, text))
        return DP_EUNAUTHORIZED;
    if (is_change(x->method) && !same_origin(x))
        return DP_EORIGIN;
    err = look_up(x, token, user, text);
    /* A bearer token in the cookie's place would outlive the session. */
    return err == DP_OK && !token->session ? DP_EUNAUTHORIZED : err;
}

enum dp_err dp_auth_identify(struct dp_exchange *x, struct dp_token *token)
{
    return identify(x, token, NULL);
}

static enum dp_err require(struct dp_exchange *x, struct dp_user *user, const char *user_id)
{
    struct dp_token token;
    enum dp_err err = identify(x, &token, user);

    if (err == DP_OK && (token.admin || strcmp(token.user_id, user_id) != 0))
        err = DP_EFORBIDDEN;
    return err;
}

enum dp_err dp_auth_require_token(struct dp_exchange *x, const char *user_id)
{
    return require(x, NULL, user_id);
}

enum dp_err dp_auth_require_user(struct dp_exchange *x, const char *user_id)
{
    return x->service->config.auth_open ? DP_OK : dp_auth_require_token(x, user_id);
}

enum dp_err dp_auth_require_signer(struct dp_exchange *x, struct dp_user *user, const char *user_id)
{
    enum dp_err err;

    if (x->service->config.auth_open)
        return dp_store_find_user(x->service->store, user, user_id);
    err = require(x, user, user_id);
    return err == DP_OK && user->key_namespace[0] == '\0' ? DP_EUNKNOWNUSER : err;
}

enum dp_actor dp_auth_actor(const struct dp_exchange *x)
{
    return x->service->config.auth_open ? DP_ACTOR_ANYONE : DP_ACTOR_USER;
}

enum dp_err dp_auth_require_admin(struct dp_exchange *x)
{
    struct dp_token token;
    enum dp_err err = dp_auth_identify(x, &token);

    return err == DP_OK && !token.admin ? DP_EFORBIDDEN : err;
}

enum dp_err dp_auth_log_read(struct dp_exchange *x, const char *what)
{
    struct dp_audit_row row;

    dp_audit_begin(&row, DP_ACTOR_ADMIN, "admin_read", "");
    dp_audit_add_text(&row, "what", what);
    return dp_store_append_audit(x->service->store, &row, 1);
}

void dp_auth_set_cookie(struct dp_exchange *x, const char *text)
{
    bool https = strcmp(dp_request_param(x, "HTTPS"), "on") == 0;
    char value[256];

    snprintf(value, sizeof(value), COOKIE "=%s; Path=/; Max-Age=%d; HttpOnly; SameSite=Strict%s",
             text != NULL ? text : "", text != NULL ? (int)(DP_SESSION_MS / 1000) : 0,
             https ? "; Secure" : "");
    dp_reply_header(x, "Set-Cookie", value);
}
