/* wireguard.c - the peers of a WireGuard interface, kept as they are wanted. */
#include "cluster/wireguard.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/run.h"

#define WG_MS 10000
#define SHOW_MAX (256 * 1024) /* bytes: a line of each peer */
#define ARGS_HEAD 3           /* wg set NAME */
#define ARGS_PEER 8 /* peer KEY endpoint ADDRESS persistent-keepalive S allowed-ips LIST */
#define LOCAL "127.0.0.1:"
#define STRING(number) #number
#define TEXT(number) STRING(number)

/* --- lists --- */

static int compare(const void *a, const void *b)
{
    const struct dp_wireguard_peer *one = a, *other = b;

    return memcmp(one->key, other->key, sizeof(one->key));
}

static struct dp_wireguard_peer *copy_sorted(const struct dp_wireguard_peer *list, size_t count)
{
    struct dp_wireguard_peer *copy = calloc(count + 1, sizeof(*copy));

    if (copy == NULL)
        return NULL;
    if (count > 0)
        memcpy(copy, list, count * sizeof(*copy));
    qsort(copy, count, sizeof(*copy), compare);
    return copy;
}

/* --- the call --- */

struct call {
    const char **argv;
    size_t count;
    char (*keys)[DP_TUNNEL_KEY_TEXT_SIZE];
    size_t key_count;
};

static bool call_open(struct call *call, const char *name, size_t peers)
{
    call->argv = calloc(ARGS_HEAD + ARGS_PEER * peers + 1, sizeof(*call->argv));
    call->keys = calloc(peers + 1, sizeof(*call->keys));
    if (call->argv == NULL || call->keys == NULL)
        return false;
    call->argv[0] = "wg";
    call->argv[1] = "set";
    call->argv[2] = name;
    call->count = ARGS_HEAD;
    return true;
}

static void call_close(struct call *call)
{
    free(call->argv);
    free(call->keys);
}

static void add(struct call *call, const char *word, const char *value)
{
    call->argv[call->count++] = word;
    if (value != NULL)
        call->argv[call->count++] = value;
}

static void name_peer(struct call *call, const struct dp_wireguard_peer *peer)
{
    char *text = call->keys[call->key_count++];

    dp_tunnel_key_text(text, peer->key);
    add(call, "peer", text);
}

/* In: was  NULL for a new one */
static void set_peer(struct call *call, const struct dp_wireguard_peer *peer,
                     const struct dp_wireguard_peer *was)
{
    const bool moved =
        peer->endpoint[0] != '\0' && (was == NULL || strcmp(peer->endpoint, was->endpoint) != 0);
    const bool allowed = was == NULL || strcmp(peer->allowed, was->allowed) != 0;

    if (!moved && !allowed)
        return;
    name_peer(call, peer);
    if (moved) {
        add(call, "endpoint", peer->endpoint);
        add(call, "persistent-keepalive", TEXT(DP_WIREGUARD_KEEPALIVE_S));
    }
    if (allowed)
        add(call, "allowed-ips", peer->allowed);
}

/* Who goes is named first: an address may pass from one peer to another in the same call. */
static void add_removals(struct call *call, const struct dp_wireguard *wireguard,
                         const struct dp_wireguard_peer *wanted, size_t count)
{
    for (size_t i = 0; i < wireguard->count; i++) {
        const struct dp_wireguard_peer *peer = &wireguard->applied[i];

        if (bsearch(peer, wanted, count, sizeof(*wanted), compare) != NULL)
            continue;
        name_peer(call, peer);
        add(call, "remove", NULL);
    }
}

static void add_settings(struct call *call, const struct dp_wireguard *wireguard,
                         const struct dp_wireguard_peer *wanted, size_t count)
{
    for (size_t i = 0; i < count; i++)
        set_peer(call, &wanted[i],
                 wireguard->count > 0 ? bsearch(&wanted[i], wireguard->applied, wireguard->count,
                                                sizeof(*wanted), compare)
                                      : NULL);
}

/* In: wanted  sorted */
static enum dp_err apply(struct dp_wireguard *wireguard, const struct dp_wireguard_peer *wanted,
                         size_t count, struct dp_detail *detail)
{
    struct call call = {.argv = NULL};
    enum dp_err err = DP_OK;

    if (!call_open(&call, wireguard->device.name, wireguard->count + count)) {
        call_close(&call);
        return DP_ENOMEM;
    }
    add_removals(&call, wireguard, wanted, count);
    add_settings(&call, wireguard, wanted, count);
    if (call.count > ARGS_HEAD)
        err = dp_run(&(struct dp_run){.argv = call.argv, .within_ms = WG_MS}, detail);
    call_close(&call);
    return err;
}

/* --- what the interface has --- */

/* In: what  peers, endpoints, latest-handshakes; never dump, which begins with the private key */
static enum dp_err show(const struct dp_wireguard *wireguard, struct dp_buf *out, const char *what,
                        struct dp_detail *detail)
{
    const char *const argv[] = {"wg", "show", wireguard->device.name, what, NULL};

    return dp_run(&(struct dp_run){.argv = argv, .out = out, .within_ms = WG_MS}, detail);
}

static void take_list(struct dp_wireguard *wireguard, struct dp_wireguard_peer *list, size_t count)
{
    free(wireguard->applied);
    wireguard->applied = list;
    wireguard->count = count;
}

/* The key that a line begins with; *at goes to the next line. */
static enum dp_err read_key(uint8_t key[static DP_TUNNEL_KEY_LEN], char **at, char **rest)
{
    char *line = *at, *end = line + strcspn(line, "\n");

    *at = *end != '\0' ? end + 1 : end;
    *end = '\0';
    *rest = line + strcspn(line, "\t");
    if (**rest == '\t')
        *(*rest)++ = '\0';
    return dp_tunnel_key_read(key, line);
}

/* With neither endpoint nor addresses, so that all that is wanted is set again. */
static enum dp_err read_peers(struct dp_wireguard *wireguard, char *text)
{
    const size_t most = strlen(text) / (DP_TUNNEL_KEY_TEXT_SIZE - 1);
    struct dp_wireguard_peer *list = calloc(most + 1, sizeof(*list));
    size_t count = 0;
    enum dp_err err = DP_OK;
    char *rest;

    if (list == NULL)
        return DP_ENOMEM;
    while (*text != '\0' && count < most && err == DP_OK)
        err = read_key(list[count++].key, &text, &rest);
    qsort(list, count, sizeof(*list), compare);
    if (err == DP_OK)
        take_list(wireguard, list, count);
    else
        free(list);
    return err;
}

static enum dp_err ask_peers(struct dp_wireguard *wireguard, struct dp_detail *detail)
{
    struct dp_buf out = DP_BUF_INIT(SHOW_MAX);
    enum dp_err err = show(wireguard, &out, "peers", detail);

    if (err == DP_OK)
        err = read_peers(wireguard, out.data != NULL ? out.data : (char[]){""});
    wireguard->unsure = err != DP_OK;
    dp_buf_free(&out);
    return err;
}

/* --- calls --- */

enum dp_err dp_wireguard_update(struct dp_wireguard *wireguard,
                                const struct dp_wireguard_peer *wanted, size_t count,
                                struct dp_detail *detail)
{
    struct dp_wireguard_peer *sorted;
    enum dp_err err = DP_OK;

    if (wireguard->unsure)
        err = ask_peers(wireguard, detail);
    if (err != DP_OK)
        return err;
    sorted = copy_sorted(wanted, count);
    if (sorted == NULL)
        return DP_ENOMEM;
    err = apply(wireguard, sorted, count, detail);
    wireguard->unsure = err != DP_OK;
    if (err == DP_OK)
        take_list(wireguard, sorted, count);
    else
        free(sorted);
    return err;
}

/* Returns: 0 where the endpoint is elsewhere */
static uint16_t local_port(const char *endpoint)
{
    const size_t len = strlen(LOCAL);

    return strncmp(endpoint, LOCAL, len) == 0 ? (uint16_t)strtoul(endpoint + len, NULL, 10) : 0;
}

static enum dp_err unlearn(struct dp_wireguard *wireguard, char *text,
                           dp_wireguard_is_there *is_there, void *arg)
{
    while (*text != '\0') {
        struct dp_wireguard_peer sought = {.endpoint = ""}, *known = NULL;
        uint16_t port;
        char *rest;

        if (read_key(sought.key, &text, &rest) != DP_OK)
            return DP_EFORMAT;
        port = local_port(rest);
        if (port != 0 && wireguard->count > 0 && !is_there(port, arg))
            known = bsearch(&sought, wireguard->applied, wireguard->count, sizeof(sought), compare);
        if (known != NULL)
            known->endpoint[0] = '\0';
    }
    return DP_OK;
}

enum dp_err dp_wireguard_unlearn(struct dp_wireguard *wireguard, dp_wireguard_is_there *is_there,
                                 void *arg, struct dp_detail *detail)
{
    struct dp_buf said = DP_BUF_INIT(SHOW_MAX);
    enum dp_err err = show(wireguard, &said, "endpoints", detail);

    if (err == DP_OK)
        err = unlearn(wireguard, said.data != NULL ? said.data : (char[]){""}, is_there, arg);
    if (err == DP_EFORMAT)
        err = dp_fail(detail, err, "wg", "wg says something else than endpoints.");
    dp_buf_free(&said);
    return err;
}

static enum dp_err read_handshakes(struct dp_wireguard_handshake *out, size_t cap, size_t *count,
                                   char *text)
{
    while (*text != '\0' && *count < cap) {
        struct dp_wireguard_handshake *one = &out[*count];
        char *rest, *end;

        if (read_key(one->key, &text, &rest) != DP_OK)
            return DP_EFORMAT;
        errno = 0;
        one->at = strtoll(rest, &end, 10);
        if (end == rest || *end != '\0' || errno != 0)
            return DP_EFORMAT;
        (*count)++;
    }
    return DP_OK;
}

enum dp_err dp_wireguard_handshakes(const struct dp_wireguard *wireguard,
                                    struct dp_wireguard_handshake *out, size_t cap, size_t *count,
                                    struct dp_detail *detail)
{
    struct dp_buf said = DP_BUF_INIT(SHOW_MAX);
    enum dp_err err = show(wireguard, &said, "latest-handshakes", detail);

    *count = 0;
    if (err == DP_OK)
        err = read_handshakes(out, cap, count, said.data != NULL ? said.data : (char[]){""});
    if (err == DP_EFORMAT)
        err = dp_fail(detail, err, "wg", "wg says something else than handshakes.");
    dp_buf_free(&said);
    return err;
}

void dp_wireguard_close(struct dp_wireguard *wireguard)
{
    take_list(wireguard, NULL, 0);
    dp_wireguard_device_close(&wireguard->device);
}
