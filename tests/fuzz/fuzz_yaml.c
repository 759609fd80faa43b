/* fuzz_yaml.c - any bytes as a compose file: read or refused, and checked without a fault. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/yaml.h"
#include "dstack/compose_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Each node but the root stands after its parent, and every text ends with a NUL. */
static void check_tree(const struct dp_tree *tree)
{
    if (tree->len == 0 || tree->nodes[DP_NODE_ROOT].parent != DP_NODE_NONE)
        abort();
    for (uint32_t i = 1; i < tree->len; i++) {
        const struct dp_node *node = &tree->nodes[i];

        if (node->parent >= i || (node->kind >= DP_NODE_TEXT && node->text.data[node->text.len]))
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct dp_slice name = {"ADMIN_TOKEN", 11};
    const struct dp_allowed allowed = {&name, 1};
    struct dp_findings findings = {.list = NULL};
    struct dp_detail detail = {"", ""};
    struct dp_tree tree;

    if (dp_yaml_parse(&tree, (const char *)data, size, &detail) != DP_OK) {
        if (detail.text[0] == '\0' || tree.nodes != NULL)
            abort();
        return 0;
    }
    check_tree(&tree);
    dp_compose_file_check(&findings, &tree, &allowed);
    if (findings.err != DP_OK || findings.len > DP_FINDINGS_MAX)
        abort();
    dp_findings_free(&findings);
    dp_tree_free(&tree);
    return 0;
}
