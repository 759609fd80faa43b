/* app_compose_fields.h - the fields that dstack knows in an app-compose.json, and their types. */
#ifndef DP_DSTACK_APP_COMPOSE_FIELDS_H
#define DP_DSTACK_APP_COMPOSE_FIELDS_H

#include "base/tree.h"

enum dp_field_type {
    DP_FIELD_BOOL,
    DP_FIELD_TEXT,
    DP_FIELD_NAME,     /* a text that is not empty */
    DP_FIELD_TEXTS,    /* a list of texts */
    DP_FIELD_SCRIPT,   /* a text, or a list of texts */
    DP_FIELD_VERSION,  /* 1 or 2 as a number, "3" as a text */
    DP_FIELD_NUMBER,   /* a whole number, not negative */
    DP_FIELD_SIZE,     /* such a number, or a text such as "2G" */
    DP_FIELD_HEX,      /* a text of hex digits, maybe empty */
    DP_FIELD_PROVIDER, /* "none", "kms", "local", "tpm" */
    DP_FIELD_OBJECT,
    DP_FIELD_LIST,
};

struct dp_app_field {
    const char *name;
    enum dp_field_type type;
};

/* NULL for a name that dstack does not know. */
const struct dp_app_field *dp_app_field_find(struct dp_slice name);

/* Returns: NULL where the node is of the field's type, else what the type is, as "true or false" */
const char *dp_app_field_fault(const struct dp_app_field *field, const struct dp_tree *tree,
                               uint32_t node);

#endif
