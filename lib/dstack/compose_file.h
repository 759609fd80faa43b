/* compose_file.h - what a docker compose file must not say where its hash is to mean something. */
#ifndef DP_DSTACK_COMPOSE_FILE_H
#define DP_DSTACK_COMPOSE_FILE_H

#include "dstack/findings.h"

/* The variables that an app-compose.json lets the operator set. */
struct dp_allowed {
    const struct dp_slice *names;
    size_t count;
};

/**
 * Check a docker compose file by the rules of docs/operations.md, "Compose files".
 *
 * Out: findings  added to
 *      detail    where it cannot be read: one sentence
 * In:  tree      of dp_yaml_parse
 *      allowed   variables that may be put in; NULL where they are not known
 */
void dp_compose_file_check(struct dp_findings *findings, const struct dp_tree *tree,
                           const struct dp_allowed *allowed);

/* Is this the reference of an image by its digest, and not by one of zeros? */
bool dp_compose_image_is_fixed(struct dp_slice image);

#endif
