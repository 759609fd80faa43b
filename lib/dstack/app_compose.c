/* app_compose.c - make dstack's app-compose.json of a docker compose file. */
#include "dstack/app_compose.h"

#include <assert.h>
#include <string.h>

#include "base/json_tree.h"
#include "base/yaml.h"
#include "dstack/app_compose_fields.h"

#define FIELDS_MAX 64 /* more than dstack has */

/* Members are written into out one after the other, and read again in canonical order. */
struct maker {
    struct dp_buf out;
    const struct dp_app_field *given[FIELDS_MAX]; /* by the template or the options */
    size_t given_len;
    struct dp_detail *detail;
};

static void add_key(struct maker *m, struct dp_slice name)
{
    if (m->out.len > 1)
        dp_buf_add_text(&m->out, ",");
    dp_json_tree_string(&m->out, name);
    dp_buf_add_text(&m->out, ":");
}

static struct dp_slice slice(const char *text)
{
    return (struct dp_slice){text, strlen(text)};
}

static bool is_given(const struct maker *m, const char *name)
{
    for (size_t i = 0; i < m->given_len; i++) {
        if (strcmp(m->given[i]->name, name) == 0)
            return true;
    }
    return false;
}

/* A member of the template or of an option: known, of its type, once. */
static enum dp_err add_member(struct maker *m, const struct dp_app_field *field,
                              const struct dp_tree *tree, uint32_t node)
{
    const char *fault = dp_app_field_fault(field, tree, node);

    if (strcmp(field->name, "docker_compose_file") == 0)
        return dp_fail(m->detail, DP_EPARAM, field->name,
                       "docker_compose_file comes from the compose file; leave it out.");
    if (fault != NULL)
        return dp_fail(m->detail, DP_ETYPE, field->name, "%s must be %s.", field->name, fault);
    if (is_given(m, field->name))
        return dp_fail(m->detail, DP_EDUPLICATE, field->name, "%s is given twice.", field->name);
    assert(m->given_len < FIELDS_MAX);
    m->given[m->given_len++] = field;
    add_key(m, slice(field->name));
    dp_compose_write(&m->out, tree, node);
    return m->out.err;
}

static enum dp_err unknown(struct maker *m, struct dp_slice name)
{
    return dp_fail(m->detail, DP_EPARAM, name.data, "dstack has no field %.*s.",
                   (int)(name.len < 80 ? name.len : 80), name.data);
}

static enum dp_err add_template(struct maker *m, struct dp_slice text)
{
    struct dp_tree tree;
    enum dp_err err = dp_json_tree_parse_strict(&tree, text.data, text.len, m->detail);

    if (err != DP_OK)
        return err;
    if (tree.nodes[DP_NODE_ROOT].kind != DP_NODE_OBJECT)
        err = dp_fail(m->detail, DP_EJSON, NULL, "The template is not a JSON object.");
    else
        err = dp_compose_sort(&tree);
    for (uint32_t i = err == DP_OK ? tree.nodes[DP_NODE_ROOT].first : DP_NODE_NONE;
         err == DP_OK && i != DP_NODE_NONE; i = tree.nodes[i].next) {
        const struct dp_app_field *field = dp_app_field_find(tree.nodes[i].key);

        err = field != NULL ? add_member(m, field, &tree, i) : unknown(m, tree.nodes[i].key);
    }
    dp_tree_free(&tree);
    return err;
}

/* Is a value of the command line to be read as JSON, or is it the text itself? */
static bool is_json(enum dp_field_type type, struct dp_slice value)
{
    char first = value.len > 0 ? value.data[0] : '\0';

    switch (type) {
    case DP_FIELD_TEXT:
    case DP_FIELD_NAME:
    case DP_FIELD_HEX:
    case DP_FIELD_PROVIDER:
        return first == '"';
    case DP_FIELD_SCRIPT:
        return first == '"' || first == '[';
    case DP_FIELD_SIZE:
        return first == '"' || strspn(value.data, "0123456789") == value.len;
    default:
        return true;
    }
}

static enum dp_err read_value(struct dp_tree *tree, const struct dp_app_field *field,
                              struct dp_slice value, struct dp_detail *detail)
{
    struct dp_buf quoted = DP_BUF_INIT(DP_COMPOSE_CANONICAL_MAX);
    enum dp_err err = DP_OK;

    if (!is_json(field->type, value)) {
        dp_json_tree_string(&quoted, value);
        value = (struct dp_slice){quoted.data, quoted.len};
        err = quoted.err;
    }
    if (err == DP_OK)
        err = dp_json_tree_parse_strict(tree, value.data, value.len, NULL);
    if (err != DP_OK && err != DP_ENOMEM)
        err = dp_fail(detail, DP_ETYPE, field->name, "The value of %s is not JSON.", field->name);
    dp_buf_free(&quoted);
    return err;
}

static enum dp_err add_value(struct maker *m, const struct dp_app_field *field,
                             struct dp_slice value)
{
    struct dp_tree tree = {.nodes = NULL};
    enum dp_err err = read_value(&tree, field, value, m->detail);

    if (err == DP_OK)
        err = dp_compose_sort(&tree);
    if (err == DP_OK)
        err = add_member(m, field, &tree, DP_NODE_ROOT);
    dp_tree_free(&tree);
    return err;
}

static enum dp_err add_option(struct maker *m, struct dp_slice option)
{
    const char *equals = memchr(option.data, '=', option.len);
    struct dp_slice name = option;
    const struct dp_app_field *field;

    if (equals == NULL)
        return dp_fail(m->detail, DP_EPARAM, NULL, "%s is not FIELD=VALUE.", option.data);
    name.len = (size_t)(equals - option.data);
    field = dp_app_field_find(name);
    if (field == NULL)
        return unknown(m, name);
    return add_value(m, field, (struct dp_slice){equals + 1, option.len - name.len - 1});
}

/* The compose file must be YAML, so that what is in the JSON can run at all. */
static enum dp_err add_compose_file(struct maker *m, const struct dp_app_compose *options)
{
    struct dp_slice text = options->compose_file, name = {NULL, 0};
    struct dp_tree tree;
    enum dp_err err = dp_yaml_parse(&tree, text.data, text.len, m->detail);
    uint32_t node;

    if (err != DP_OK)
        return err;
    node = dp_tree_find(&tree, DP_NODE_ROOT, "name");
    if (options->name != NULL)
        name = slice(options->name);
    else if (node != DP_NODE_NONE)
        name = tree.nodes[node].text;
    if (is_given(m, "name") && options->name != NULL)
        err = dp_fail(m->detail, DP_EDUPLICATE, "name", "name is given twice.");
    else if (!is_given(m, "name") && name.len == 0)
        err = dp_fail(m->detail, DP_EFORMAT, "name",
                      "The app has no name; give one, or write \"name:\" into the compose file.");
    if (err == DP_OK && !is_given(m, "name")) {
        add_key(m, slice("name"));
        dp_json_tree_string(&m->out, name);
    }
    add_key(m, slice("docker_compose_file"));
    dp_json_tree_string(&m->out, text);
    dp_tree_free(&tree);
    return err != DP_OK ? err : m->out.err;
}

static enum dp_err add_defaults(struct maker *m)
{
    static const struct {
        const char *name, *value;
    } defaults[] = {
        {"allowed_envs", "[]"},
        {"gateway_enabled", "true"},
        {"key_provider_id", "\"\""},
        {"kms_enabled", "true"},
        {"local_key_provider_enabled", "false"},
        {"manifest_version", "2"},
        {"no_instance_id", "false"},
        {"public_logs", "false"},
        {"public_sysinfo", "false"},
        {"public_tcbinfo", "true"},
        {"runner", "\"docker-compose\""},
        {"secure_time", "true"},
    };

    for (size_t i = 0; i < sizeof(defaults) / sizeof(defaults[0]); i++) {
        if (is_given(m, defaults[i].name))
            continue;
        add_key(m, slice(defaults[i].name));
        dp_buf_add_text(&m->out, defaults[i].value);
    }
    return m->out.err;
}

static enum dp_err add_all(struct maker *m, const struct dp_app_compose *options)
{
    enum dp_err err = DP_OK;

    dp_buf_add_text(&m->out, "{");
    if (options->template_json.data != NULL)
        err = add_template(m, options->template_json);
    for (size_t i = 0; err == DP_OK && i < options->fields_count; i++)
        err = add_option(m, options->fields[i]);
    if (err == DP_OK)
        err = add_compose_file(m, options);
    if (err == DP_OK)
        err = add_defaults(m);
    dp_buf_add_text(&m->out, "}");
    return err != DP_OK ? err : m->out.err;
}

enum dp_err dp_app_compose_build(struct dp_buf *out, const struct dp_app_compose *options,
                                 struct dp_detail *detail)
{
    struct maker m = {.out = DP_BUF_INIT(DP_COMPOSE_CANONICAL_MAX), .detail = detail};
    enum dp_err err = add_all(&m, options);

    if (err == DP_OK)
        err = dp_compose_canonical(out, m.out.data, m.out.len, false, detail);
    if (err == DP_OK && out->len > DP_COMPOSE_MAX)
        err = DP_ETOOBIG;
    if (err == DP_ETOOBIG)
        err = dp_fail(detail, err, NULL,
                      "The app-compose.json would have more than %d bytes, "
                      "which dstack refuses.",
                      DP_COMPOSE_MAX);
    dp_buf_free(&m.out);
    return err;
}
