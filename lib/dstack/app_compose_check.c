/* app_compose_check.c - is this app-compose.json, with the compose file in it, fit for production?
 */
#include <stdlib.h>
#include <string.h>

#include "base/json_tree.h"
#include "base/yaml.h"
#include "dstack/app_compose.h"
#include "dstack/app_compose_fields.h"
#include "dstack/compose_file.h"
#include "dstack/compose_words.h"

/* --- allowed_envs --- */

/* Variables that steer the container engine, the loader or devproof past what is measured. */
static const char *const steering[] = {
    "AUTH", "DSTACK_SIMULATOR_ENDPOINT", "LD_PRELOAD", "LD_LIBRARY_PATH", "PATH", "BASH_ENV", NULL};
static const char *const url_words[] = {"URL",    "URI",     "ENDPOINT", "HOST",   "HOSTNAME",
                                        "DOMAIN", "ADDRESS", "ADDR",     "SERVER", "WEBHOOK",
                                        "ORIGIN", "RPC",     NULL};
static const char *const image_words[] = {"IMAGE",      "TAG",      "DIGEST", "REPO",
                                          "REPOSITORY", "REGISTRY", NULL};

static void refuse_name(struct dp_findings *findings, enum dp_risk risk, struct dp_slice name,
                        const char *why)
{
    dp_findings_add(findings, risk, 0, "allowed_envs", "%.*s %s",
                    (int)(name.len < 80 ? name.len : 80), name.data, why);
}

static void check_allowed_name(struct dp_findings *findings, struct dp_slice name)
{
    bool steers = false;

    for (const char *const *word = steering; *word != NULL; word++)
        steers = steers || dp_slice_is(name, *word);
    if (!dp_words_is_variable(name)) {
        if (dp_words_contains(name, "://"))
            refuse_name(findings, DP_RISK_UNFIXED, name, "is a URL; a variable's name is due.");
        else if (memchr(name.data, '@', name.len) != NULL ||
                 memchr(name.data, '/', name.len) != NULL ||
                 memchr(name.data, ':', name.len) != NULL)
            refuse_name(findings, DP_RISK_UNFIXED, name, "is an image; a variable's name is due.");
        else
            refuse_name(findings, DP_RISK_UNFIXED, name, "is not the name of a variable.");
    } else if (steers || strncmp(name.data, "DOCKER_", 7) == 0 ||
               strncmp(name.data, "COMPOSE_", 8) == 0) {
        refuse_name(findings, DP_RISK_UNFIXED, name,
                    "would let the operator change what runs, past the hash; leave it out.");
    } else if (dp_words_has(name, url_words)) {
        refuse_name(findings, DP_RISK_UNFIXED, name,
                    "would let the operator choose whom the app talks to; write the URL into the "
                    "compose file.");
    } else if (dp_words_has(name, image_words)) {
        refuse_name(findings, DP_RISK_UNFIXED, name,
                    "would let the operator choose an image; write it into the compose file, by "
                    "its digest.");
    }
}

/* --- fields --- */

static void check_types(struct dp_findings *findings, const struct dp_tree *tree)
{
    for (uint32_t i = tree->nodes[DP_NODE_ROOT].first; i != DP_NODE_NONE; i = tree->nodes[i].next) {
        struct dp_slice key = tree->nodes[i].key;
        const struct dp_app_field *field = dp_app_field_find(key);
        const char *fault = field != NULL ? dp_app_field_fault(field, tree, i) : NULL;

        if (field == NULL)
            dp_findings_add(findings, DP_RISK_UNFIXED, 0, key.data,
                            "dstack has no field of this name: it is hashed and does nothing.");
        else if (fault != NULL)
            dp_findings_add(findings, DP_RISK_UNFIXED, 0, key.data, "It must be %s.", fault);
    }
}

static bool is(const struct dp_tree *tree, const char *field, const char *value)
{
    uint32_t node = dp_tree_find(tree, DP_NODE_ROOT, field);

    return node != DP_NODE_NONE && tree->nodes[node].text.data != NULL &&
           dp_slice_is(tree->nodes[node].text, value);
}

static void check_switches(struct dp_findings *findings, const struct dp_tree *tree)
{
    if (!is(tree, "runner", "docker-compose"))
        dp_findings_add(findings, DP_RISK_UNFIXED, 0, "runner",
                        "Only docker-compose can be checked: its compose file says what runs.");
    if (is(tree, "public_logs", "true"))
        dp_findings_add(findings, DP_RISK_LOOSE, 0, "public_logs",
                        "Everybody could read the logs, with user ids in them; set it to false.");
    if (is(tree, "secure_time", "false"))
        dp_findings_add(findings, DP_RISK_LOOSE, 0, "secure_time",
                        "The host would set the clock by which tokens and certificates end; set "
                        "it to true.");
    if (!is(tree, "kms_enabled", "true") && !is(tree, "key_provider", "kms"))
        dp_findings_add(findings, DP_RISK_LOOSE, 0, "kms_enabled",
                        "Without a KMS the keys go with the machine; set it to true.");
}

/* --- scripts, which run as root outside of every container --- */

static void check_script(struct dp_findings *findings, const char *field, struct dp_slice script)
{
    static const char *const fetching[] = {"curl", "wget", "docker", "apt",   "pip",    "npm",
                                           "git",  "nc",   "ncat",   "socat", "podman", NULL};
    const char *secret = dp_words_secret_value(script);

    if (secret != NULL)
        dp_findings_add(findings, DP_RISK_SECRET, 0, field,
                        "This holds %s, and everybody may read this file; give it as a variable "
                        "of allowed_envs.",
                        secret);
    if (dp_words_is_ssh(script) || dp_words_contains(script, "openssh"))
        dp_findings_add(findings, DP_RISK_DEBUG, 0, field,
                        "It sets up an SSH server: whoever has its key reads the memory of the "
                        "wallet.");
    if (dp_words_contains(script, "privileged"))
        dp_findings_add(findings, DP_RISK_HOST, 0, field,
                        "It runs a privileged container, which is root of the whole CVM.");
    if (dp_words_has(script, fetching))
        dp_findings_add(findings, DP_RISK_UNFIXED, 0, field,
                        "It fetches or runs what the hash does not cover; put that into an image "
                        "named by its digest.");
}

static void check_scripts(struct dp_findings *findings, const struct dp_tree *tree)
{
    static const char *const scripts[] = {"pre_launch_script", "init_script", "bash_script"};

    for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
        uint32_t node = dp_tree_find(tree, DP_NODE_ROOT, scripts[i]);
        uint32_t line = node != DP_NODE_NONE ? tree->nodes[node].first : DP_NODE_NONE;

        if (node != DP_NODE_NONE && tree->nodes[node].kind == DP_NODE_TEXT)
            check_script(findings, scripts[i], tree->nodes[node].text);
        for (; line != DP_NODE_NONE; line = tree->nodes[line].next) {
            if (tree->nodes[line].kind == DP_NODE_TEXT)
                check_script(findings, scripts[i], tree->nodes[line].text);
        }
    }
}

/* --- the compose file inside --- */

static enum dp_err check_file(struct dp_findings *findings, struct dp_slice text,
                              const struct dp_allowed *allowed, struct dp_detail *detail)
{
    struct dp_tree tree;
    enum dp_err err = dp_yaml_parse(&tree, text.data, text.len, detail);

    if (err != DP_OK)
        return err;
    dp_compose_file_check(findings, &tree, allowed);
    dp_tree_free(&tree);
    return findings->err;
}

/* The names are borrowed from the tree. */
static struct dp_slice *read_allowed(struct dp_allowed *allowed, struct dp_findings *findings,
                                     const struct dp_tree *tree)
{
    uint32_t list = dp_tree_find(tree, DP_NODE_ROOT, "allowed_envs");
    struct dp_slice *names = calloc(tree->len, sizeof(*names));

    *allowed = (struct dp_allowed){names, 0};
    if (names == NULL || list == DP_NODE_NONE)
        return names;
    for (uint32_t i = tree->nodes[list].first; i != DP_NODE_NONE; i = tree->nodes[i].next) {
        if (tree->nodes[i].kind != DP_NODE_TEXT)
            continue;
        names[allowed->count++] = tree->nodes[i].text;
        check_allowed_name(findings, tree->nodes[i].text);
    }
    return names;
}

static enum dp_err check_inner(struct dp_findings *findings, const struct dp_tree *tree)
{
    uint32_t node = dp_tree_find(tree, DP_NODE_ROOT, "docker_compose_file");
    struct dp_detail detail = {"", ""};
    struct dp_allowed allowed;
    struct dp_slice *names = read_allowed(&allowed, findings, tree);
    enum dp_err err = DP_OK;

    if (names == NULL)
        return DP_ENOMEM;
    if (node == DP_NODE_NONE) {
        dp_findings_add(findings, DP_RISK_UNFIXED, 0, "docker_compose_file",
                        "It is missing: nothing says what runs.");
    } else if (tree->nodes[node].kind == DP_NODE_TEXT) {
        err = check_file(findings, tree->nodes[node].text, &allowed, &detail);
        if (err != DP_OK && err != DP_ENOMEM) {
            dp_findings_add(findings, DP_RISK_UNFIXED, 0, "docker_compose_file", "%s", detail.text);
            err = DP_OK;
        }
    }
    free(names);
    return err;
}

static void check_docker_config(struct dp_findings *findings, const struct dp_tree *tree)
{
    uint32_t node = dp_tree_find(tree, DP_NODE_ROOT, "docker_config");

    if (node != DP_NODE_NONE && tree->nodes[node].count > 0)
        dp_findings_add(findings, DP_RISK_SECRET, 0, "docker_config",
                        "A registry's access data stands here, and everybody may read this file; "
                        "leave it empty.");
}

enum dp_err dp_app_compose_check(struct dp_findings *findings, const char *text, size_t len,
                                 struct dp_detail *detail)
{
    struct dp_tree tree;
    enum dp_err err;

    if (len > DP_COMPOSE_MAX)
        return dp_fail(detail, DP_ETOOBIG, NULL, "It has more than %d bytes, which dstack refuses.",
                       DP_COMPOSE_MAX);
    /* What dstack's own reader might take in another way than the check does is refused. */
    err = dp_json_tree_parse_strict(&tree, text, len, detail);
    if (err != DP_OK)
        return err;
    if (tree.nodes[DP_NODE_ROOT].kind != DP_NODE_OBJECT) {
        err = dp_fail(detail, DP_EJSON, NULL, "It is not a JSON object.");
    } else {
        check_types(findings, &tree);
        check_switches(findings, &tree);
        check_scripts(findings, &tree);
        check_docker_config(findings, &tree);
        err = check_inner(findings, &tree);
    }
    dp_tree_free(&tree);
    return err != DP_OK ? err : findings->err;
}

enum dp_err dp_app_compose_check_file(struct dp_findings *findings, const char *text, size_t len,
                                      struct dp_detail *detail)
{
    return check_file(findings, (struct dp_slice){text, len}, NULL, detail);
}
