/* compose_words.h - what a name or a value in a compose file looks like: secret, URL, image. */
#ifndef DP_DSTACK_COMPOSE_WORDS_H
#define DP_DSTACK_COMPOSE_WORDS_H

#include <stdbool.h>

#include "base/buf.h"

/* A name made of [A-Za-z_][A-Za-z0-9_]*, as variables have. */
bool dp_words_is_variable(struct dp_slice name);

/* One of the words of a name (parts between "_", "-" and "."), in any case, is in the list, which
 * ends with NULL. */
bool dp_words_has(struct dp_slice name, const char *const *list);

/* Does this variable's name say that its value is a secret? PASSWORD, ADMIN_TOKEN, API_KEY; not
 * PUBLIC_KEY, KEY_NAMESPACE, TOKEN_TTL or PASSWORD_FILE. */
bool dp_words_secret_name(struct dp_slice name);

/**
 * Does a text hold something that is a secret by its form? A PEM private key, a URL with a
 * password, 64 hex digits in a row that are no sha256: digest, a token of a known issuer, or, by
 * its name, NAME=VALUE or --NAME=VALUE between spaces.
 *
 * Returns: NULL, or what it is: "a private key"; static
 */
const char *dp_words_secret_value(struct dp_slice text);

/* Is the value taken from outside, and nothing of it written here: ${NAME}, $NAME, ${NAME:-},
 * ${NAME:?message}, or empty? */
bool dp_words_only_variable(struct dp_slice value);

/**
 * The next variable that compose would put in: $NAME, ${NAME} or ${NAME:-...}, not $$.
 *
 * In/out: at  where to look from; then behind it
 * Out:    name
 * Returns: false where there is no more
 */
bool dp_words_next_variable(struct dp_slice *name, struct dp_slice text, size_t *at);

/* How a service by which people log in looks: ssh, sshd, dropbear, openssh-server. */
bool dp_words_is_ssh(struct dp_slice text);

/* Letters of needle, in any case, somewhere in text. */
bool dp_words_contains(struct dp_slice text, const char *needle);

#endif
