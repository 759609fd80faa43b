/* names.h - what a user id, an email address and a token's name look like. */
#ifndef DP_STORE_NAMES_H
#define DP_STORE_NAMES_H

#include <stdbool.h>
#include <stddef.h>

#define DP_EMAIL_SIZE 255    /* 254 bytes (RFC 5321, 4.5.3.1.3) and a NUL */
#define DP_USER_ID_SIZE 65   /* 64 characters and a NUL */
#define DP_TOKEN_NAME_MAX 64 /* characters */
#define DP_TOKEN_NAME_SIZE (4 * DP_TOKEN_NAME_MAX + 1) /* as UTF-8, and a NUL */

/* [A-Za-z0-9][A-Za-z0-9._-]{0,63}: no slash, so that no user id spells another key's path. */
bool dp_user_id_valid(const char *text, size_t len);

/* local@domain, 3 to 254 bytes, one "@", no space or control character; no claim to RFC 5322. */
bool dp_email_valid(const char *text, size_t len);

/* 1 to DP_TOKEN_NAME_MAX characters, none of them a control character. text is valid UTF-8. */
bool dp_token_name_valid(const char *text, size_t len);

#endif
