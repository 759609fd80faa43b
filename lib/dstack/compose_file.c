/* compose_file.c - what a docker compose file must not say where its hash is to mean something. */
#include "dstack/compose_file.h"

#include <string.h>
#include <strings.h>

#include "dstack/compose_service.h"
#include "dstack/compose_words.h"

/* --- values anywhere in the file --- */

/* Below services.NAME.environment a value may come from outside; the service's rules look there. */
static bool in_environment(const struct dp_tree *tree, uint32_t node)
{
    uint32_t chain[4]; /* the four uppermost ancestors, the root first */
    size_t depth = 0;

    for (uint32_t i = node; i != DP_NODE_NONE; i = tree->nodes[i].parent)
        depth++;
    if (depth < 5)
        return false;
    for (uint32_t i = node; i != DP_NODE_NONE; i = tree->nodes[i].parent) {
        depth--;
        if (depth < 4)
            chain[depth] = i;
    }
    return dp_slice_is(tree->nodes[chain[1]].key, "services") &&
           dp_slice_is(tree->nodes[chain[3]].key, "environment");
}

static void check_values(struct dp_findings *findings, const struct dp_tree *tree)
{
    for (uint32_t i = 0; i < tree->len; i++) {
        const struct dp_node *node = &tree->nodes[i];
        struct dp_slice name;
        const char *secret;
        size_t at = 0;

        if (node->kind < DP_NODE_TEXT || node->text.data == NULL || in_environment(tree, i))
            continue;
        if (dp_words_next_variable(&name, node->text, &at))
            dp_findings_node(findings, DP_RISK_UNFIXED, tree, i,
                             "${%.*s} is put in from outside, so the hash does not fix what runs; "
                             "write the value, or $$ for a dollar sign.",
                             (int)(name.len < 60 ? name.len : 60), name.data);
        secret = dp_words_secret_value(node->text);
        if (secret != NULL)
            dp_findings_node(findings, DP_RISK_SECRET, tree, i,
                             "This holds %s, and everybody may read this file; give it as a "
                             "variable of allowed_envs.",
                             secret);
    }
}

/* --- the top level --- */

static void check_resource(struct dp_findings *findings, const struct dp_tree *tree, uint32_t node)
{
    static const char *const outside[] = {"external", "file", "environment", NULL};

    for (const char *const *key = outside; *key != NULL; key++) {
        uint32_t member = dp_tree_find(tree, node, *key);

        if (member != DP_NODE_NONE && !dp_slice_is(tree->nodes[member].text, "false"))
            dp_findings_node(findings, DP_RISK_UNFIXED, tree, member,
                             "%s takes it from outside of this file, so the hash does not fix it; "
                             "write it here.",
                             *key);
    }
}

static void check_resources(struct dp_findings *findings, const struct dp_tree *tree, uint32_t list)
{
    for (uint32_t i = tree->nodes[list].first; i != DP_NODE_NONE; i = tree->nodes[i].next)
        check_resource(findings, tree, i);
}

/* A driver with options can mount any folder of the machine under a volume's name. */
static void check_drivers(struct dp_findings *findings, const struct dp_tree *tree, uint32_t list,
                          const char *plain)
{
    for (uint32_t i = tree->nodes[list].first; i != DP_NODE_NONE; i = tree->nodes[i].next) {
        uint32_t driver = dp_tree_find(tree, i, "driver");
        uint32_t options = dp_tree_find(tree, i, "driver_opts");

        if (driver != DP_NODE_NONE && !dp_slice_is(tree->nodes[driver].text, plain))
            dp_findings_node(findings, DP_RISK_HOST, tree, driver,
                             "Only the driver %s keeps it inside; leave the driver out.", plain);
        if (options != DP_NODE_NONE)
            dp_findings_node(findings, DP_RISK_HOST, tree, options,
                             "Driver options can reach folders and networks of the machine; leave "
                             "them out.");
    }
}

static void check_networks(struct dp_findings *findings, const struct dp_tree *tree, uint32_t list)
{
    for (uint32_t i = tree->nodes[list].first; i != DP_NODE_NONE; i = tree->nodes[i].next) {
        uint32_t name = dp_tree_find(tree, i, "name");

        if (name != DP_NODE_NONE && dp_slice_is(tree->nodes[name].text, "host"))
            dp_findings_node(findings, DP_RISK_HOST, tree, name,
                             "This is the network of the machine itself; use one of its own.");
    }
}

static void check_services(struct dp_findings *findings, const struct dp_tree *tree, uint32_t list,
                           const struct dp_allowed *allowed)
{
    if (tree->nodes[list].kind != DP_NODE_OBJECT || tree->nodes[list].count == 0) {
        dp_findings_node(findings, DP_RISK_UNFIXED, tree, list,
                         "services is empty or no mapping; name at least one.");
        return;
    }
    for (uint32_t i = tree->nodes[list].first; i != DP_NODE_NONE; i = tree->nodes[i].next) {
        if (tree->nodes[i].kind == DP_NODE_OBJECT)
            dp_compose_service_check(findings, tree, i, allowed);
        else
            dp_findings_node(findings, DP_RISK_UNFIXED, tree, i, "A service is a mapping.");
    }
}

static void check_member(struct dp_findings *findings, const struct dp_tree *tree, uint32_t member,
                         const struct dp_allowed *allowed)
{
    struct dp_slice key = tree->nodes[member].key;

    if (dp_slice_is(key, "services")) {
        check_services(findings, tree, member, allowed);
    } else if (dp_slice_is(key, "volumes")) {
        check_resources(findings, tree, member);
        check_drivers(findings, tree, member, "local");
    } else if (dp_slice_is(key, "networks")) {
        check_resources(findings, tree, member);
        check_drivers(findings, tree, member, "bridge");
        check_networks(findings, tree, member);
    } else if (dp_slice_is(key, "configs") || dp_slice_is(key, "secrets")) {
        check_resources(findings, tree, member);
    } else if (dp_slice_is(key, "include")) {
        dp_findings_node(findings, DP_RISK_UNFIXED, tree, member,
                         "Another file is included, which the hash does not cover; write it here.");
    } else if (!dp_slice_is(key, "version") && !dp_slice_is(key, "name") &&
               strncmp(key.data, "x-", 2) != 0) {
        dp_findings_node(findings, DP_RISK_UNFIXED, tree, member,
                         "%.60s is no field of a compose file.", key.data);
    }
}

void dp_compose_file_check(struct dp_findings *findings, const struct dp_tree *tree,
                           const struct dp_allowed *allowed)
{
    const struct dp_node *root = &tree->nodes[DP_NODE_ROOT];

    if (root->kind != DP_NODE_OBJECT ||
        dp_tree_find(tree, DP_NODE_ROOT, "services") == DP_NODE_NONE) {
        dp_findings_add(findings, DP_RISK_UNFIXED, root->line, "",
                        "It has no services, so it is no compose file.");
        return;
    }
    for (uint32_t i = root->first; i != DP_NODE_NONE; i = tree->nodes[i].next)
        check_member(findings, tree, i, allowed);
    check_values(findings, tree);
}
