/* names.h - what a user id and an email address look like. */
#ifndef DP_STORE_NAMES_H
#define DP_STORE_NAMES_H

#include <stdbool.h>
#include <stddef.h>

/* [A-Za-z0-9][A-Za-z0-9._-]{0,63}: no slash, so that no user id spells another key's path. */
bool dp_user_id_valid(const char *text, size_t len);

/* local@domain, 3 to 254 bytes, one "@", no space or control character; no claim to RFC 5322. */
bool dp_email_valid(const char *text, size_t len);

#endif
