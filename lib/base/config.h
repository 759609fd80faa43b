/* config.h - the service's settings, read once from the environment. May hold a secret. */
#ifndef DP_BASE_CONFIG_H
#define DP_BASE_CONFIG_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/log.h"

#define DP_NAMESPACE_SIZE 64 /* of KEY_NAMESPACE, with its NUL */

/* How the digest that is signed comes out of what is to be signed. */
enum dp_scheme { DP_SCHEME_RAW, DP_SCHEME_EIP191, DP_SCHEME_EIP712 };

/* Read a scheme's name of len characters. Returns: DP_OK, DP_ESCHEME */
DP_MUST_CHECK
enum dp_err dp_scheme_parse(enum dp_scheme *out, const char *name, size_t len);

/* raw, eip191 or eip712. Static. */
const char *dp_scheme_name(enum dp_scheme scheme);

/* Strings are the environment's own, or static. */
struct dp_config {
    const char *database_url;    /* DATABASE_URL, "sqlite:PATH"; default sqlite:devproof.db */
    const char *key_namespace;   /* KEY_NAMESPACE; default wallet/ethereum */
    const char *admin_token;     /* ADMIN_TOKEN, or NULL: then the database knows it */
    const char *metrics_file;    /* METRICS_FILE, or NULL: each process counts for itself */
    const char *run_dir;         /* RUN_DIR, or NULL */
    const char *data_dir;        /* DATA_DIR, or NULL */
    const char *guest_socket;    /* DSTACK_SIMULATOR_ENDPOINT, or NULL: the usual places */
    enum dp_log_level log_level; /* LOG_LEVEL; default info */
    enum dp_scheme sign_scheme;  /* SIGN_SCHEME, where a request names none; default raw */
    unsigned key_cache_seconds;  /* KEY_CACHE_SECONDS, 0 to 3600; default 0: keep no key */
    bool auth_open;              /* AUTH is "open", not "token", the default */
    bool require_sandbox;        /* REQUIRE_SANDBOX is "true", not "false", the default */
    bool expose_info;            /* EXPOSE_INFO is "true", not "false", the default */
};

/**
 * Read every setting. An empty variable counts as not set.
 *
 * Returns: DP_OK, DP_ECONFIG (detail is a sentence that names the variable)
 */
DP_MUST_CHECK
enum dp_err dp_config_load(struct dp_config *config, struct dp_detail *detail);

#endif
