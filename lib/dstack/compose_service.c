/* compose_service.c - the rules for one service of a compose file. */
#include "dstack/compose_service.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "dstack/compose_words.h"

#define DIGEST_LEN 64

struct check {
    struct dp_findings *findings;
    const struct dp_tree *tree;
    const struct dp_allowed *allowed;
};

static struct dp_slice text_of(const struct check *c, uint32_t node)
{
    struct dp_slice text = {"", 0};

    if (node != DP_NODE_NONE && c->tree->nodes[node].text.data != NULL)
        text = c->tree->nodes[node].text;
    return text;
}

static int shown(struct dp_slice text)
{
    return (int)(text.len < 80 ? text.len : 80);
}

/* --- image --- */

static bool has_zero_digest(struct dp_slice image)
{
    return image.len > DIGEST_LEN && strspn(image.data + image.len - DIGEST_LEN, "0") == DIGEST_LEN;
}

static bool has_digest(struct dp_slice image)
{
    static const char mark[] = "@sha256:";
    const size_t tail = sizeof(mark) - 1 + DIGEST_LEN;

    return image.len > tail && memcmp(image.data + image.len - tail, mark, sizeof(mark) - 1) == 0 &&
           strspn(image.data + image.len - DIGEST_LEN, "0123456789abcdef") == DIGEST_LEN;
}

bool dp_compose_image_is_fixed(struct dp_slice image)
{
    return has_digest(image) && !has_zero_digest(image) &&
           memchr(image.data, '$', image.len) == NULL;
}

static void check_image(const struct check *c, uint32_t node)
{
    struct dp_slice image = text_of(c, node);

    if (dp_words_contains(image, "dstack-sim"))
        dp_findings_node(c->findings, DP_RISK_DEBUG, c->tree, node,
                         "A simulator's keys are published, so everybody could sign; use the "
                         "guest agent of the CVM.");
    if (memchr(image.data, '$', image.len) != NULL || dp_compose_image_is_fixed(image))
        return; /* a variable is told of elsewhere */
    /* Nothing runs by that name, so it is a gap and no door. */
    if (has_digest(image))
        dp_findings_node(c->findings, DP_RISK_LOOSE, c->tree, node,
                         "The digest is all zeros, which stands for one that is not known yet; "
                         "put in that of the image you built.");
    else
        dp_findings_node(c->findings, DP_RISK_UNFIXED, c->tree, node,
                         "%.*s can be another image tomorrow; name it by its digest: "
                         "NAME@sha256:64 hex digits.",
                         shown(image), image.data);
}

/* --- environment --- */

static bool is_allowed(const struct dp_allowed *allowed, struct dp_slice name)
{
    for (size_t i = 0; i < allowed->count; i++) {
        if (dp_slice_compare(allowed->names[i], name) == 0)
            return true;
    }
    return false;
}

static void check_variables(const struct check *c, uint32_t node, struct dp_slice value)
{
    struct dp_slice name;
    size_t at = 0;

    while (c->allowed != NULL && dp_words_next_variable(&name, value, &at)) {
        if (!is_allowed(c->allowed, name))
            dp_findings_node(c->findings, DP_RISK_UNFIXED, c->tree, node,
                             "${%.*s} is put in from outside, and %.*s is not in allowed_envs.",
                             shown(name), name.data, shown(name), name.data);
    }
}

/* Settings of devproof that production must not have. */
static void check_setting(const struct check *c, uint32_t node, struct dp_slice name,
                          struct dp_slice value)
{
    if (dp_slice_is(name, "AUTH") && !dp_slice_is(value, "token"))
        dp_findings_node(c->findings, DP_RISK_DEBUG, c->tree, node,
                         "Without AUTH=token anyone signs as anyone; leave AUTH out.");
    else if (dp_slice_is(name, "DSTACK_SIMULATOR_ENDPOINT"))
        dp_findings_node(c->findings, DP_RISK_DEBUG, c->tree, node,
                         "This can name a simulator, whose keys are published; leave it out and "
                         "mount /var/run/dstack.sock.");
    else if (dp_words_is_ssh(name))
        dp_findings_node(c->findings, DP_RISK_DEBUG, c->tree, node,
                         "This is a setting of an SSH server; production has none.");
}

static void check_setting_value(const struct check *c, uint32_t node, struct dp_slice name,
                                struct dp_slice value)
{
    const char *secret = dp_words_secret_value(value);

    check_variables(c, node, value);
    check_setting(c, node, name, value);
    if (dp_words_secret_name(name) && !dp_words_only_variable(value))
        secret = "a secret, by its name";
    if (secret != NULL)
        dp_findings_node(c->findings, DP_RISK_SECRET, c->tree, node,
                         "%.*s holds %s, and everybody may read this file; write ${%.*s} and list "
                         "it in allowed_envs.",
                         shown(name), name.data, secret, shown(name), name.data);
}

/* A name without a value takes that of the variable outside. */
static void check_bare_name(const struct check *c, uint32_t node, struct dp_slice name)
{
    check_setting(c, node, name, (struct dp_slice){"", 0});
    if (c->allowed != NULL && !is_allowed(c->allowed, name))
        dp_findings_node(c->findings, DP_RISK_UNFIXED, c->tree, node,
                         "%.*s takes its value from outside, and is not in allowed_envs.",
                         shown(name), name.data);
}

static void check_list_entry(const struct check *c, uint32_t node)
{
    struct dp_slice text = text_of(c, node), name = text;
    const char *equals = memchr(text.data, '=', text.len);

    if (equals == NULL) {
        check_bare_name(c, node, text);
        return;
    }
    name.len = (size_t)(equals - text.data);
    check_setting_value(c, node, name, (struct dp_slice){equals + 1, text.len - name.len - 1});
}

static bool is_null(const struct dp_node *node)
{
    return node->kind == DP_NODE_PLAIN &&
           (node->text.len == 0 || dp_slice_is(node->text, "~") || dp_slice_is(node->text, "null"));
}

static void check_environment(const struct check *c, uint32_t list)
{
    bool mapping = c->tree->nodes[list].kind == DP_NODE_OBJECT;

    for (uint32_t i = c->tree->nodes[list].first; i != DP_NODE_NONE; i = c->tree->nodes[i].next) {
        if (c->tree->nodes[i].kind < DP_NODE_TEXT)
            dp_findings_node(c->findings, DP_RISK_UNFIXED, c->tree, i,
                             "A variable's value is a text.");
        else if (!mapping)
            check_list_entry(c, i);
        else if (is_null(&c->tree->nodes[i]))
            check_bare_name(c, i, c->tree->nodes[i].key);
        else
            check_setting_value(c, i, c->tree->nodes[i].key, text_of(c, i));
    }
}

/* --- volumes --- */

static bool is_engine_socket(struct dp_slice path)
{
    static const char *const names[] = {"docker.sock", "containerd.sock", "podman.sock",
                                        "crio.sock", "docker_engine"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (dp_words_contains(path, names[i]))
            return true;
    }
    return false;
}

static bool is_guest_agent(struct dp_slice path)
{
    static const char *const sockets[] = {"/var/run/dstack.sock", "/run/dstack.sock",
                                          "/var/run/dstack/dstack.sock", "/run/dstack/dstack.sock",
                                          "/var/run/tappd.sock"};

    for (size_t i = 0; i < sizeof(sockets) / sizeof(sockets[0]); i++) {
        if (dp_slice_is(path, sockets[i]))
            return true;
    }
    return false;
}

static void check_source(const struct check *c, uint32_t node, struct dp_slice source)
{
    if (is_engine_socket(source))
        dp_findings_node(c->findings, DP_RISK_HOST, c->tree, node,
                         "Whoever has the container engine's socket is root of the whole CVM; do "
                         "not mount it.");
    else if (is_guest_agent(source) || source.len == 0)
        return;
    else if (source.data[0] == '/')
        dp_findings_node(c->findings, DP_RISK_HOST, c->tree, node,
                         "%.*s is a path of the machine; use a named volume. Of the machine only "
                         "the guest agent's socket may be mounted.",
                         shown(source), source.data);
    else if (source.data[0] == '.' || source.data[0] == '~' || source.data[0] == '\\')
        dp_findings_node(c->findings, DP_RISK_UNFIXED, c->tree, node,
                         "%.*s lies beside this file and is not in the CVM, nor in the hash; put "
                         "it into the image or a config with content.",
                         shown(source), source.data);
}

static void check_long_volume(const struct check *c, uint32_t node)
{
    struct dp_slice type = text_of(c, dp_tree_find(c->tree, node, "type"));

    if (!dp_slice_is(type, "volume") && !dp_slice_is(type, "bind") && !dp_slice_is(type, "tmpfs"))
        dp_findings_node(c->findings, DP_RISK_HOST, c->tree, node,
                         "A mount is of type volume, bind or tmpfs.");
    check_source(c, node, text_of(c, dp_tree_find(c->tree, node, "source")));
}

static void check_volumes(const struct check *c, uint32_t list)
{
    for (uint32_t i = c->tree->nodes[list].first; i != DP_NODE_NONE; i = c->tree->nodes[i].next) {
        struct dp_slice source = text_of(c, i);
        const char *colon = memchr(source.data, ':', source.len);

        if (c->tree->nodes[i].kind == DP_NODE_OBJECT) {
            check_long_volume(c, i);
            continue;
        }
        /* A path without a colon is a place inside, with a volume that has no name. */
        source.len = colon != NULL ? (size_t)(colon - source.data) : 0;
        check_source(c, i, source);
    }
}

/* --- what opens the container --- */

static void check_privileged(const struct check *c, uint32_t node)
{
    if (!dp_slice_is(text_of(c, node), "false"))
        dp_findings_node(c->findings, DP_RISK_HOST, c->tree, node,
                         "A privileged container is root of the whole CVM; leave it out.");
}

static void check_namespace(const struct check *c, uint32_t node)
{
    struct dp_slice mode = text_of(c, node);

    if (dp_slice_is(mode, "none") || dp_slice_is(mode, "bridge") || dp_slice_is(mode, "private") ||
        dp_slice_is(mode, "shareable"))
        return;
    if (strncmp(mode.data, "service:", 8) == 0 || strncmp(mode.data, "container:", 10) == 0)
        dp_findings_node(c->findings, DP_RISK_DEBUG, c->tree, node,
                         "%.*s lets one container look into another; in production each is alone.",
                         shown(mode), mode.data);
    else
        dp_findings_node(c->findings, DP_RISK_HOST, c->tree, node,
                         "%.*s shares the machine's own with the container; leave it out.",
                         shown(mode), mode.data);
}

static void check_added_capabilities(const struct check *c, uint32_t list)
{
    static const char *const harmless[] = {"NET_BIND_SERVICE", "CHOWN", "SETUID",
                                           "SETGID",           "KILL",  NULL};

    for (uint32_t i = c->tree->nodes[list].first; i != DP_NODE_NONE; i = c->tree->nodes[i].next) {
        struct dp_slice name = text_of(c, i);
        const char *bare = strncasecmp(name.data, "CAP_", 4) == 0 ? name.data + 4 : name.data;
        bool found = false;

        for (const char *const *known = harmless; *known != NULL; known++)
            found = found || strcasecmp(bare, *known) == 0;
        if (!found)
            dp_findings_node(c->findings,
                             strcasecmp(bare, "SYS_PTRACE") == 0 ? DP_RISK_DEBUG : DP_RISK_HOST,
                             c->tree, i, "The capability %.*s reaches beyond its container.",
                             shown(name), name.data);
    }
}

static void check_security(const struct check *c, uint32_t list)
{
    for (uint32_t i = c->tree->nodes[list].first; i != DP_NODE_NONE; i = c->tree->nodes[i].next) {
        struct dp_slice option = text_of(c, i);

        if (strncmp(option.data, "no-new-privileges", 17) != 0)
            dp_findings_node(c->findings, DP_RISK_HOST, c->tree, i,
                             "%.*s changes what the engine confines a container to; of these only "
                             "no-new-privileges:true belongs here.",
                             shown(option), option.data);
    }
}

static void check_logging(const struct check *c, uint32_t node)
{
    static const char *const here[] = {"none", "local", "json-file", "journald", NULL};
    uint32_t driver = dp_tree_find(c->tree, node, "driver");
    struct dp_slice name = text_of(c, driver);
    bool found = driver == DP_NODE_NONE;

    for (const char *const *known = here; *known != NULL; known++)
        found = found || dp_slice_is(name, *known);
    if (!found)
        dp_findings_node(c->findings, DP_RISK_LOOSE, c->tree, driver,
                         "%.*s sends the logs, with user ids, to another machine; use json-file, "
                         "local or none.",
                         shown(name), name.data);
}

static void check_pull_policy(const struct check *c, uint32_t node)
{
    if (dp_slice_is(text_of(c, node), "build"))
        dp_findings_node(c->findings, DP_RISK_UNFIXED, c->tree, node,
                         "An image is named by its digest, not built in the CVM.");
}

/* Is the port of the container, or one of its range, one of SSH's? "2222:22/tcp", "20-30" */
static bool is_login_port(struct dp_slice port)
{
    const char *inner = port.data;
    unsigned long from, to;
    char *end;

    for (const char *p = port.data; *p != '\0'; p++)
        inner = *p == ':' ? p + 1 : inner;
    from = to = strtoul(inner, &end, 10);
    if (*end == '-')
        to = strtoul(end + 1, NULL, 10);
    return (from <= 22 && to >= 22) || (from <= 2222 && to >= 2222);
}

static void check_ports(const struct check *c, uint32_t list)
{
    for (uint32_t i = c->tree->nodes[list].first; i != DP_NODE_NONE; i = c->tree->nodes[i].next) {
        uint32_t port =
            c->tree->nodes[i].kind == DP_NODE_OBJECT ? dp_tree_find(c->tree, i, "target") : i;

        if (is_login_port(text_of(c, port)))
            dp_findings_node(c->findings, DP_RISK_DEBUG, c->tree, i,
                             "Ports 22 and 2222 are those of SSH; production has no login.");
    }
}

/* --- fields --- */

static void no_check(const struct check *c, uint32_t node)
{
    (void)c;
    (void)node;
}

static const struct {
    const char *name;
    void (*check)(const struct check *c, uint32_t node); /* NULL: refused for this reason */
    const char *why;
    enum dp_risk risk;
} fields[] = {
    {"image", check_image, NULL, 0},
    {"environment", check_environment, NULL, 0},
    {"volumes", check_volumes, NULL, 0},
    {"privileged", check_privileged, NULL, 0},
    {"network_mode", check_namespace, NULL, 0},
    {"pid", check_namespace, NULL, 0},
    {"ipc", check_namespace, NULL, 0},
    {"uts", check_namespace, NULL, 0},
    {"userns_mode", check_namespace, NULL, 0},
    {"cgroup", check_namespace, NULL, 0},
    {"cap_add", check_added_capabilities, NULL, 0},
    {"security_opt", check_security, NULL, 0},
    {"logging", check_logging, NULL, 0},
    {"pull_policy", check_pull_policy, NULL, 0},
    {"ports", check_ports, NULL, 0},
    {"expose", check_ports, NULL, 0},
    {"build", NULL, "What is built in the CVM is not in the hash; name an image by its digest.",
     DP_RISK_UNFIXED},
    {"env_file", NULL, "The file is not in the hash; write its variables here.", DP_RISK_UNFIXED},
    {"label_file", NULL, "The file is not in the hash; write its labels here.", DP_RISK_UNFIXED},
    {"extends", NULL, "What it extends may lie outside of the hash; write it here.",
     DP_RISK_UNFIXED},
    {"external_links", NULL, "It reaches containers that this file does not name.",
     DP_RISK_UNFIXED},
    {"develop", NULL, "It replaces what the image holds while it runs.", DP_RISK_UNFIXED},
    {"provider", NULL, "A provider runs a program of the machine.", DP_RISK_HOST},
    {"volumes_from", NULL, "It takes over another container's mounts; name the volumes.",
     DP_RISK_HOST},
    {"cgroup_parent", NULL, "It takes the container out of its limits.", DP_RISK_HOST},
    {"devices", NULL, "A device of the machine is beyond the container's walls.", DP_RISK_HOST},
    {"device_cgroup_rules", NULL, "They open devices of the machine.", DP_RISK_HOST},
    {"credential_spec", NULL, "It is for Windows, which no CVM runs.", DP_RISK_UNFIXED},
    {"runtime", NULL, "Another runtime confines in another way; leave it out.", DP_RISK_HOST},
    {"gpus", NULL, "A device of the machine is beyond the container's walls.", DP_RISK_HOST},
    {"use_api_socket", NULL, "Whoever has the container engine's socket is root of the whole CVM.",
     DP_RISK_HOST},
    {"post_start", NULL, "Hooks run as another user than the service; use the image's entry point.",
     DP_RISK_HOST},
    {"pre_stop", NULL, "Hooks run as another user than the service; use the image's entry point.",
     DP_RISK_HOST},
};

/* Fields that no rule is about. */
static const char *const plain_fields[] = {"annotations",
                                           "attach",
                                           "blkio_config",
                                           "cap_drop",
                                           "command",
                                           "configs",
                                           "container_name",
                                           "cpu_count",
                                           "cpu_percent",
                                           "cpu_period",
                                           "cpu_quota",
                                           "cpu_rt_period",
                                           "cpu_rt_runtime",
                                           "cpu_shares",
                                           "cpus",
                                           "cpuset",
                                           "depends_on",
                                           "deploy",
                                           "dns",
                                           "dns_opt",
                                           "dns_search",
                                           "domainname",
                                           "entrypoint",
                                           "extra_hosts",
                                           "group_add",
                                           "healthcheck",
                                           "hostname",
                                           "init",
                                           "isolation",
                                           "labels",
                                           "links",
                                           "mac_address",
                                           "mem_limit",
                                           "mem_reservation",
                                           "mem_swappiness",
                                           "memswap_limit",
                                           "networks",
                                           "oom_kill_disable",
                                           "oom_score_adj",
                                           "pids_limit",
                                           "platform",
                                           "profiles",
                                           "read_only",
                                           "restart",
                                           "scale",
                                           "secrets",
                                           "shm_size",
                                           "stdin_open",
                                           "stop_grace_period",
                                           "stop_signal",
                                           "storage_opt",
                                           "sysctls",
                                           "tmpfs",
                                           "tty",
                                           "ulimits",
                                           "user",
                                           "working_dir"};

static void (*find_check(size_t *at, struct dp_slice key))(const struct check *, uint32_t)
{
    for (*at = 0; *at < sizeof(fields) / sizeof(fields[0]); (*at)++) {
        if (dp_slice_is(key, fields[*at].name))
            return fields[*at].check;
    }
    for (size_t i = 0; i < sizeof(plain_fields) / sizeof(plain_fields[0]); i++) {
        if (dp_slice_is(key, plain_fields[i]))
            return no_check;
    }
    return key.len > 2 && strncmp(key.data, "x-", 2) == 0 ? no_check : NULL;
}

static void check_field(const struct check *c, uint32_t node)
{
    struct dp_slice key = c->tree->nodes[node].key;
    size_t at;
    void (*check)(const struct check *, uint32_t) = find_check(&at, key);

    if (check != NULL)
        check(c, node);
    else if (at < sizeof(fields) / sizeof(fields[0]))
        dp_findings_node(c->findings, fields[at].risk, c->tree, node, "%s", fields[at].why);
    else
        dp_findings_node(c->findings, DP_RISK_UNFIXED, c->tree, node,
                         "%.*s is no field of a service.", shown(key), key.data);
}

/* --- the service as a whole --- */

static bool list_has(const struct check *c, uint32_t service, const char *field, const char *want)
{
    uint32_t list = dp_tree_find(c->tree, service, field);

    if (list == DP_NODE_NONE)
        return false;
    for (uint32_t i = c->tree->nodes[list].first; i != DP_NODE_NONE; i = c->tree->nodes[i].next) {
        if (strcasecmp(text_of(c, i).data, want) == 0)
            return true;
    }
    return false;
}

static bool has_limit(const struct check *c, uint32_t service, const char *old, const char *name)
{
    uint32_t at = dp_tree_find(c->tree, service, "deploy");

    at = dp_tree_find(c->tree, at, "resources");
    at = dp_tree_find(c->tree, at, "limits");
    return dp_tree_find(c->tree, at, name) != DP_NODE_NONE ||
           dp_tree_find(c->tree, service, old) != DP_NODE_NONE;
}

static void loose(const struct check *c, uint32_t service, bool good, const char *text)
{
    if (!good)
        dp_findings_node(c->findings, DP_RISK_LOOSE, c->tree, service, "%s", text);
}

static void check_hardening(const struct check *c, uint32_t service)
{
    struct dp_slice user = text_of(c, dp_tree_find(c->tree, service, "user"));

    loose(c, service,
          list_has(c, service, "security_opt", "no-new-privileges:true") ||
              list_has(c, service, "security_opt", "no-new-privileges"),
          "It may gain privileges; add security_opt: [\"no-new-privileges:true\"].");
    loose(c, service, list_has(c, service, "cap_drop", "ALL"),
          "It keeps the engine's default capabilities; add cap_drop: [ALL].");
    loose(c, service, dp_slice_is(text_of(c, dp_tree_find(c->tree, service, "read_only")), "true"),
          "Its root file system can be written; add read_only: true, and tmpfs where it must "
          "write.");
    loose(c, service, has_limit(c, service, "mem_limit", "memory"),
          "It may take all memory; add deploy.resources.limits.memory.");
    loose(c, service, has_limit(c, service, "cpus", "cpus"),
          "It may take all processors; add deploy.resources.limits.cpus.");
    loose(c, service,
          !dp_slice_is(user, "root") && strncmp(user.data, "root:", 5) != 0 &&
              !dp_slice_is(user, "0") && strncmp(user.data, "0:", 2) != 0,
          "It runs as root; let it run as the image's user.");
}

/* A name in the image, in what it is called, or in what it runs. */
static void check_ssh(const struct check *c, uint32_t service)
{
    static const char *const places[] = {"image",      "container_name", "hostname", "command",
                                         "entrypoint", "volumes",        NULL};
    bool found = dp_words_is_ssh(c->tree->nodes[service].key);

    for (const char *const *place = places; *place != NULL; place++) {
        uint32_t node = dp_tree_find(c->tree, service, *place);

        found = found || dp_words_is_ssh(text_of(c, node));
        if (node == DP_NODE_NONE)
            continue;
        for (uint32_t i = c->tree->nodes[node].first; i != DP_NODE_NONE; i = c->tree->nodes[i].next)
            found = found || dp_words_is_ssh(text_of(c, i));
    }
    if (found)
        dp_findings_node(c->findings, DP_RISK_DEBUG, c->tree, service,
                         "This is an SSH server: whoever has its key reads the memory of the "
                         "wallet; it is for staging alone.");
}

static void check_simulator(const struct check *c, uint32_t service)
{
    static const char *const places[] = {"command", "entrypoint", NULL};

    for (const char *const *place = places; *place != NULL; place++) {
        uint32_t node = dp_tree_find(c->tree, service, *place);
        bool found = dp_words_contains(text_of(c, node), "dstack-sim");

        for (uint32_t i = node != DP_NODE_NONE ? c->tree->nodes[node].first : DP_NODE_NONE;
             i != DP_NODE_NONE; i = c->tree->nodes[i].next)
            found = found || dp_words_contains(text_of(c, i), "dstack-sim");
        if (found)
            dp_findings_node(c->findings, DP_RISK_DEBUG, c->tree, node,
                             "A simulator's keys are published, so everybody could sign; use the "
                             "guest agent of the CVM.");
    }
}

void dp_compose_service_check(struct dp_findings *findings, const struct dp_tree *tree,
                              uint32_t service, const struct dp_allowed *allowed)
{
    struct check c = {findings, tree, allowed};

    if (dp_tree_find(tree, service, "image") == DP_NODE_NONE)
        dp_findings_node(findings, DP_RISK_UNFIXED, tree, service,
                         "It has no image; name one by its digest.");
    for (uint32_t i = tree->nodes[service].first; i != DP_NODE_NONE; i = tree->nodes[i].next)
        check_field(&c, i);
    check_ssh(&c, service);
    check_simulator(&c, service);
    check_hardening(&c, service);
}
