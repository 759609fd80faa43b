/* tls_settings.c - the settings of HTTPS, and what is served by them. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "devproof/command.h"
#include "devproof/tls.h"

#define VALID_DEFAULT (90 * 24 * 3600)
#define VALID_MAX (3650 * 24 * 3600)
#define GUEST_WITHIN_MS 20000
#define MARK "# source: "

static const char *const source_names[] = {
    [TLS_GUEST] = "guest",
    [TLS_CA] = "ca",
    [TLS_OPERATOR] = "operator",
};

const char *tls_source_name(enum tls_source source)
{
    return source_names[source];
}

static const char *get(const char *name, const char *fallback)
{
    const char *value = getenv(name);

    return value != NULL && value[0] != '\0' ? value : fallback;
}

static bool is_name(const char *text)
{
    size_t len = strlen(text);

    if (strncmp(text, "*.", 2) == 0)
        text += 2;
    return len > 0 && len <= 253 && text[0] != '\0' && strchr(".-", text[0]) == NULL &&
           strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-") ==
               strlen(text);
}

bool tls_set_names(struct tls *tls, const char *text)
{
    char *rest = tls->names_text;

    tls->name_count = 0;
    if (snprintf(tls->names_text, sizeof(tls->names_text), "%s", text) >=
        (int)sizeof(tls->names_text))
        text = "";
    while (rest != NULL) {
        const char *name = strsep(&rest, ",");

        if (!is_name(name) || tls->name_count == TLS_NAMES_MAX) {
            client_fail(&tls->client, EXIT_USAGE,
                        "names must be up to %d host names and IPv4 addresses, not \"%.100s\".",
                        TLS_NAMES_MAX, text);
            return false;
        }
        tls->names[tls->name_count++] = name;
    }
    return true;
}

static bool read_valid(struct tls *tls)
{
    const char *text = get("TLS_VALID_SECONDS", "0");
    unsigned long valid = strlen(text) < 10 ? strtoul(text, NULL, 10) : 0;

    tls->valid = valid == 0 ? VALID_DEFAULT : (unsigned)valid;
    if (strspn(text, "0123456789") == strlen(text) && strlen(text) < 10 && valid != 1 &&
        valid <= VALID_MAX)
        return true;
    client_fail(&tls->client, EXIT_USAGE, "TLS_VALID_SECONDS must be a number from 2 to %d.",
                VALID_MAX);
    return false;
}

/* As devproof-serve has them. */
static bool find_places(struct tls *tls)
{
    const char *data = get("DATA_DIR", "data"), *run = get("RUN_DIR", NULL);
    const char *under = run != NULL ? "" : "/run";
    const struct {
        char *out;
        const char *dir, *under, *name;
    } places[] = {
        {tls->dir, run, under, "/tls"},
        {tls->public_dir, run, under, "/tls/" TLS_PUBLIC_DIR},
        {tls->public_file, run, under, "/tls/" TLS_PUBLIC},
        {tls->reload, run, under, "/reload"},
        {tls->lock, run, under, "/tls.lock"},
        {tls->chain_dir, data, "", "/tls"},
        {tls->chain, data, "", "/tls/chain.pem"},
    };

    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        const char *dir = places[i].dir != NULL ? places[i].dir : data;

        if (snprintf(places[i].out, PATH_MAX, "%s%s%s", dir, places[i].under, places[i].name) >=
            PATH_MAX) {
            client_fail(&tls->client, EXIT_USAGE, "DATA_DIR or RUN_DIR is too long.");
            return false;
        }
    }
    return true;
}

bool tls_settings(struct tls *tls)
{
    tls->cert = get("TLS_CERT", NULL);
    tls->key = get("TLS_KEY", NULL);
    tls->guest_socket = get("DSTACK_SIMULATOR_ENDPOINT", NULL);
    tls->names_given = get("TLS_NAME", NULL) != NULL;
    if ((tls->cert == NULL) != (tls->key == NULL)) {
        client_fail(&tls->client, EXIT_USAGE, "TLS_CERT and TLS_KEY go together.");
        return false;
    }
    return find_places(tls) && read_valid(tls) && tls_set_names(tls, get("TLS_NAME", "localhost"));
}

enum tls_source tls_source(const struct tls *tls)
{
    if (tls->cert != NULL)
        return TLS_OPERATOR;
    return access(tls->chain, F_OK) == 0 ? TLS_CA : TLS_GUEST;
}

struct dp_guest *tls_open_guest(const struct tls *tls)
{
    struct dp_guest *guest = NULL;

    if (dp_secp_init() != DP_OK ||
        dp_guest_open_within(&guest, tls->guest_socket, GUEST_WITHIN_MS) != DP_OK)
        client_fail(&tls->client, EXIT_FAILURE, "the guest agent's socket path is not valid.");
    return guest;
}

/* --- what is served --- */

static enum tls_source source_of(const char *text)
{
    for (size_t i = 0; i < sizeof(source_names) / sizeof(source_names[0]); i++) {
        size_t len = strlen(source_names[i]);

        if (strncmp(text, MARK, sizeof(MARK) - 1) == 0 &&
            strncmp(text + sizeof(MARK) - 1, source_names[i], len) == 0)
            return (enum tls_source)i;
    }
    return TLS_GUEST;
}

bool tls_served(const struct tls *tls, struct tls_served *out)
{
    struct dp_buf text = DP_BUF_INIT(DP_TLS_CHAIN_MAX);
    struct stat st;
    bool found;

    memset(out, 0, sizeof(*out));
    found = stat(tls->public_file, &st) == 0 &&
            client_read_file(&tls->client, &text, tls->public_file) && text.data != NULL &&
            dp_cert_read(&out->chain, (struct dp_slice){text.data, text.len}, NULL) == DP_OK;
    if (found) {
        out->source = source_of(text.data);
        out->since = st.st_mtime;
    }
    dp_buf_free(&text);
    return found;
}

int64_t tls_due(const struct tls *tls, const struct tls_served *served)
{
    struct dp_cert_facts facts;
    int64_t valid;

    if (served->source != TLS_GUEST)
        return 0;
    dp_cert_facts(&facts, served->chain);
    valid = facts.not_after - served->since;
    /* An agent may know nothing of not_after, and certify for ten years. */
    if (valid > tls->valid)
        valid = tls->valid;
    return served->since + valid * 2 / 3;
}
