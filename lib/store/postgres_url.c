/* postgres_url.c - what a connection to PostgreSQL is made with. Sees the database's password. */
#include <stdlib.h>
#include <string.h>

#include "store/postgres.h"

/* What a URL does not say. Every wait of libpq's own ends; the rest are postgres_link.c's. */
static const struct {
    const char *name, *value;
} defaults[] = {
    {"connect_timeout", "2"}, /* seconds, for each address */
    {"keepalives_idle", "10"},
    {"keepalives_interval", "5"},
    {"keepalives_count", "3"},
    {"tcp_user_timeout", "4000"}, /* milliseconds */
    /* After a failover: the one that takes writes, which alone has what was written last. */
    {"target_session_attrs", "read-write"},
    {"client_encoding", "UTF8"},
    {"application_name", "devproof"},
    {"gssencmode", "disable"}, /* else it looks for Kerberos' files, which the sandbox hides */
};
#define DEFAULT_COUNT (sizeof(defaults) / sizeof(defaults[0]))

static const char *parsed_value(const PQconninfoOption *parsed, const char *name)
{
    for (; parsed->keyword != NULL; parsed++) {
        if (strcmp(parsed->keyword, name) == 0)
            return parsed->val;
    }
    return NULL;
}

const char *dp_pg_option(const struct dp_pg_options *options, const char *name)
{
    for (size_t i = 0; options->names[i] != NULL; i++) {
        if (strcmp(options->names[i], name) == 0)
            return options->values[i];
    }
    return NULL;
}

static void add(struct dp_pg_options *options, size_t *count, const char *name, const char *value)
{
    if (value == NULL || value[0] == '\0' || *count >= DP_PG_OPTIONS_MAX)
        return;
    options->names[*count] = name;
    options->values[(*count)++] = value;
}

static void list(struct dp_pg_options *options, bool with_defaults)
{
    size_t count = 0;

    for (const PQconninfoOption *o = options->parsed; o->keyword != NULL; o++)
        add(options, &count, o->keyword, o->val);
    for (size_t i = 0; with_defaults && i < DEFAULT_COUNT; i++) {
        if (parsed_value(options->parsed, defaults[i].name) == NULL)
            add(options, &count, defaults[i].name, defaults[i].value);
    }
    options->names[count] = options->values[count] = NULL;
}

static bool lacks(const char *value, const char *characters)
{
    return value == NULL || strpbrk(value, characters) == NULL;
}

/* A '@' or '/' in a password that is not percent-encoded cuts the URL at the wrong places, and a
 * piece of the password then looks like a host, a port or a database, which messages name. */
static bool is_cut_right(const struct dp_pg_options *options)
{
    const char *port = dp_pg_option(options, "port");

    return lacks(dp_pg_option(options, "host"), "@") &&
           lacks(dp_pg_option(options, "dbname"), "@/:") &&
           (port == NULL || strspn(port, "0123456789,") == strlen(port));
}

enum dp_err dp_pg_options_parse(struct dp_pg_options *options, const char *url,
                                struct dp_detail *detail)
{
    /* libpq's own message may quote the URL, so it is not asked for. */
    options->parsed = PQconninfoParse(url, NULL);
    if (options->parsed != NULL)
        list(options, true);
    if (options->parsed != NULL && is_cut_right(options))
        return DP_OK;
    dp_pg_options_free(options);
    return dp_fail(detail, DP_ECONFIG, "DATABASE_URL",
                   "DATABASE_URL is no URL that libpq takes: write it as "
                   "postgresql://USER:PASSWORD@HOST:PORT/DATABASE, with any of @ : / ? # %% in "
                   "USER and PASSWORD as %%40 %%3A %%2F %%3F %%23 %%25.");
}

enum dp_err dp_pg_options_of(struct dp_pg_options *options, PGconn *conn)
{
    PQconninfoOption *parsed = PQconninfo(conn);

    if (parsed == NULL)
        return DP_ENOMEM;
    dp_pg_options_free(options);
    options->parsed = parsed;
    list(options, true);
    return DP_OK;
}

void dp_pg_options_free(struct dp_pg_options *options)
{
    PQconninfoFree(options->parsed);
    memset(options, 0, sizeof(*options));
}

/* --- the sandbox --- */

static void reach_file(struct dp_sandbox *sandbox, const char *path)
{
    if (path != NULL && path[0] == '/' && sandbox->file_count < DP_SANDBOX_MAX)
        sandbox->files[sandbox->file_count++] = path;
}

/* In: host  of the list that it begins, up to the comma */
static bool is_local(const char *host)
{
    return host[0] == '/' || host[0] == '@' || host[0] == ',' || host[0] == '\0';
}

static bool is_address(const char *host)
{
    size_t len = strcspn(host, ",");

    return strspn(host, "0123456789.") >= len || memchr(host, ':', len) != NULL;
}

/* Returns: is one of them not on this machine? */
static bool reach_hosts(struct dp_sandbox *sandbox, const char *host, bool resolved)
{
    bool far = false;

    for (; host != NULL; host = strchr(host, ',') != NULL ? strchr(host, ',') + 1 : NULL) {
        if (is_local(host))
            sandbox->connect = true;
        else if (!resolved && !is_address(host))
            sandbox->resolve = true;
        far = far || !is_local(host);
    }
    return far;
}

static void reach_ports(struct dp_sandbox *sandbox, const char *port)
{
    for (; port != NULL; port = strchr(port, ',') != NULL ? strchr(port, ',') + 1 : NULL) {
        long number = strtol(port, NULL, 10);

        if (sandbox->port_count < DP_SANDBOX_MAX)
            sandbox->ports[sandbox->port_count++] = (uint16_t)(number > 0 ? number : 5432);
    }
}

void dp_pg_options_reach(const struct dp_pg_options *options, struct dp_sandbox *sandbox)
{
    static const char *const files[] = {"passfile", "sslrootcert", "sslcert",
                                        "sslkey",   "sslcrl",      "sslcrldir"};
    const char *address = dp_pg_option(options, "hostaddr");
    const char *host = address != NULL ? address : dp_pg_option(options, "host");
    const char *port = dp_pg_option(options, "port");

    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
        reach_file(sandbox, dp_pg_option(options, files[i]));
    if (reach_hosts(sandbox, host != NULL ? host : "", address != NULL))
        reach_ports(sandbox, port != NULL ? port : "5432");
}
