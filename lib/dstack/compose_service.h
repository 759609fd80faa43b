/* compose_service.h - the rules for one service of a compose file. */
#ifndef DP_DSTACK_COMPOSE_SERVICE_H
#define DP_DSTACK_COMPOSE_SERVICE_H

#include "dstack/compose_file.h"

/* Check services.NAME, a mapping; the arguments are those of dp_compose_file_check. */
void dp_compose_service_check(struct dp_findings *findings, const struct dp_tree *tree,
                              uint32_t service, const struct dp_allowed *allowed);

#endif
