/* app_compose.h - dstack's app-compose.json: its fields, a check for production, and making one. */
#ifndef DP_DSTACK_APP_COMPOSE_H
#define DP_DSTACK_APP_COMPOSE_H

#include "dstack/compose_hash.h"
#include "dstack/findings.h"

/* What to make an app-compose.json of. Texts are borrowed; NULL where an option is not given. */
struct dp_app_compose {
    struct dp_slice compose_file;  /* the docker compose file, byte for byte */
    const char *name;              /* NULL: the compose file's own name */
    const struct dp_slice *fields; /* each FIELD=VALUE, VALUE as JSON, or as it is where it must be
                                      a text */
    size_t fields_count;
    struct dp_slice template_json; /* fields to start from, as one JSON object */
};

/**
 * Make an app-compose.json in canonical form, so that dstack's hash of it is the SDKs' too.
 *
 * Fields that nothing names: manifest_version 2, runner docker-compose, kms_enabled,
 * gateway_enabled, public_tcbinfo and secure_time true, the other switches false, allowed_envs
 * empty.
 *
 * Out: out     added to; DP_COMPOSE_CANONICAL_MAX is always enough
 *      detail  one sentence
 * Returns: DP_OK
 *          DP_EFORMAT   the compose file cannot be read, or has no name where none is given
 *          DP_EJSON     the template is not one JSON object
 *          DP_EPARAM    an unknown field; detail->field names it
 *          DP_ETYPE     a field of the wrong type
 *          DP_EDUPLICATE  a field named twice
 *          DP_ETOOBIG   over DP_COMPOSE_MAX bytes
 *          DP_ENOMEM
 * What the compose file says is not judged here: see dp_app_compose_check.
 */
DP_MUST_CHECK
enum dp_err dp_app_compose_build(struct dp_buf *out, const struct dp_app_compose *options,
                                 struct dp_detail *detail);

/**
 * Check an app-compose.json, and the compose file in it, by the rules of docs/operations.md.
 *
 * Out: findings  added to
 *      detail    one sentence
 * Returns: DP_OK, however many findings
 *          DP_EJSON, DP_EDUPLICATE, DP_ETOOBIG, DP_ENOMEM  it cannot be read at all
 */
DP_MUST_CHECK
enum dp_err dp_app_compose_check(struct dp_findings *findings, const char *text, size_t len,
                                 struct dp_detail *detail);

/* The same for a compose file alone. Returns: DP_OK, or what dp_yaml_parse says */
DP_MUST_CHECK
enum dp_err dp_app_compose_check_file(struct dp_findings *findings, const char *text, size_t len,
                                      struct dp_detail *detail);

#endif
