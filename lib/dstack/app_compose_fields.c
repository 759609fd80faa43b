/* app_compose_fields.c - the fields that dstack knows in an app-compose.json, and their types. */
#include "dstack/app_compose_fields.h"

#include <string.h>

static const struct dp_app_field fields[] = {
    {"allowed_envs", DP_FIELD_TEXTS},       {"bash_script", DP_FIELD_TEXT},
    {"docker_compose_file", DP_FIELD_TEXT}, {"docker_config", DP_FIELD_OBJECT},
    {"event_log_version", DP_FIELD_NUMBER}, {"features", DP_FIELD_TEXTS},
    {"gateway_enabled", DP_FIELD_BOOL},     {"init_script", DP_FIELD_SCRIPT},
    {"key_provider", DP_FIELD_PROVIDER},    {"key_provider_id", DP_FIELD_HEX},
    {"kms_enabled", DP_FIELD_BOOL},         {"local_key_provider_enabled", DP_FIELD_BOOL},
    {"manifest_version", DP_FIELD_VERSION}, {"name", DP_FIELD_NAME},
    {"no_instance_id", DP_FIELD_BOOL},      {"port_policy", DP_FIELD_OBJECT},
    {"pre_launch_script", DP_FIELD_TEXT},   {"public_logs", DP_FIELD_BOOL},
    {"public_sysinfo", DP_FIELD_BOOL},      {"public_tcbinfo", DP_FIELD_BOOL},
    {"requirements", DP_FIELD_OBJECT},      {"runner", DP_FIELD_NAME},
    {"secure_time", DP_FIELD_BOOL},         {"storage_fs", DP_FIELD_NAME},
    {"swap_size", DP_FIELD_SIZE},           {"tproxy_enabled", DP_FIELD_BOOL},
    {"verity_volumes", DP_FIELD_LIST},
};

static const char *const type_names[] = {
    [DP_FIELD_BOOL] = "true or false",
    [DP_FIELD_TEXT] = "a text",
    [DP_FIELD_NAME] = "a text that is not empty",
    [DP_FIELD_TEXTS] = "a list of texts",
    [DP_FIELD_SCRIPT] = "a text or a list of texts",
    [DP_FIELD_VERSION] = "1 or 2, or \"3\" as a text",
    [DP_FIELD_NUMBER] = "a whole number",
    [DP_FIELD_SIZE] = "a whole number or a text such as \"2G\"",
    [DP_FIELD_HEX] = "a text of hex digits",
    [DP_FIELD_PROVIDER] = "\"none\", \"kms\", \"local\" or \"tpm\"",
    [DP_FIELD_OBJECT] = "an object",
    [DP_FIELD_LIST] = "a list",
};

const struct dp_app_field *dp_app_field_find(struct dp_slice name)
{
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        if (dp_slice_is(name, fields[i].name))
            return &fields[i];
    }
    return NULL;
}

static bool is_text(const struct dp_node *node)
{
    return node->kind == DP_NODE_TEXT;
}

static bool is_one_of(const struct dp_node *node, const char *const *list)
{
    for (; *list != NULL; list++) {
        if (dp_slice_is(node->text, *list))
            return true;
    }
    return false;
}

static bool is_number(const struct dp_node *node)
{
    return node->kind == DP_NODE_PLAIN && node->text.len > 0 &&
           strspn(node->text.data, "0123456789") == node->text.len;
}

static bool is_list_of_texts(const struct dp_tree *tree, const struct dp_node *node)
{
    if (node->kind != DP_NODE_LIST)
        return false;
    for (uint32_t i = node->first; i != DP_NODE_NONE; i = tree->nodes[i].next) {
        if (!is_text(&tree->nodes[i]))
            return false;
    }
    return true;
}

static bool is_version(const struct dp_node *node)
{
    static const char *const numbers[] = {"1", "2", NULL}, *const texts[] = {"3", NULL};

    return (node->kind == DP_NODE_PLAIN && is_one_of(node, numbers)) ||
           (is_text(node) && is_one_of(node, texts));
}

static bool has_type(enum dp_field_type type, const struct dp_tree *tree,
                     const struct dp_node *node)
{
    static const char *const booleans[] = {"true", "false", NULL};
    static const char *const providers[] = {"none", "kms", "local", "tpm", NULL};

    switch (type) {
    case DP_FIELD_BOOL:
        return node->kind == DP_NODE_PLAIN && is_one_of(node, booleans);
    case DP_FIELD_TEXT:
        return is_text(node);
    case DP_FIELD_NAME:
        return is_text(node) && node->text.len > 0;
    case DP_FIELD_TEXTS:
        return is_list_of_texts(tree, node);
    case DP_FIELD_SCRIPT:
        return is_text(node) || is_list_of_texts(tree, node);
    case DP_FIELD_VERSION:
        return is_version(node);
    case DP_FIELD_NUMBER:
        return is_number(node);
    case DP_FIELD_SIZE:
        return is_number(node) || (is_text(node) && node->text.len > 0);
    case DP_FIELD_HEX:
        return is_text(node) && strspn(node->text.data, "0123456789abcdefABCDEF") == node->text.len;
    case DP_FIELD_PROVIDER:
        return is_text(node) && is_one_of(node, providers);
    case DP_FIELD_OBJECT:
        return node->kind == DP_NODE_OBJECT;
    case DP_FIELD_LIST:
        return node->kind == DP_NODE_LIST;
    }
    return false;
}

const char *dp_app_field_fault(const struct dp_app_field *field, const struct dp_tree *tree,
                               uint32_t node)
{
    return has_type(field->type, tree, &tree->nodes[node]) ? NULL : type_names[field->type];
}
