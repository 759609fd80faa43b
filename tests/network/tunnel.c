/* tunnel.c - a node of a cluster as far as its tunnels go: reads a list of peers, says what
 * happens.
 */
/*
 * tunnel CONFIG.json: keeps tunnels to the peers of a file, which it reads again when it is
 * replaced. Each line on standard output is an object with a member "event": ready (with the public
 * key), status (of all peers, when any of them changed), died, error. It ends on SIGTERM.
 * tunnel CONFIG.json COUNT: measures reconfiguring that many peers instead.
 */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <curl/curl.h>

#include "attest/dcap.h"
#include "base/clock.h"
#include "base/hex.h"
#include "base/json.h"
#include "base/secret.h"
#include "cluster/tunnel.h"
#include "cluster/wireguard.h"

#define FILE_MAX (4u << 20)
#define PEERS_MAX 64
#define LONGEST_PAUSE_MS 20 /* until the file is looked at again */

static volatile sig_atomic_t ended;

static void on_end(int number)
{
    (void)number;
    ended = 1;
}

static void __attribute__((noreturn)) give_up(const char *what, const struct dp_detail *detail)
{
    fprintf(stderr, "tunnel: %s: %s\n", what, detail->text);
    exit(EXIT_FAILURE);
}

static void say(struct json_object *object)
{
    puts(json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN));
    fflush(stdout);
    json_object_put(object);
}

static struct json_object *event(const char *name)
{
    struct json_object *object = json_object_new_object();

    dp_json_add_text(object, "event", name);
    return object;
}

/* --- files --- */

static void read_file(struct dp_buf *out, const char *path)
{
    const struct dp_detail failed = {"", "cannot be read"};
    FILE *file = fopen(path, "rb");
    char piece[4096];
    size_t len;

    if (file == NULL)
        give_up(path, &failed);
    while ((len = fread(piece, 1, sizeof(piece), file)) > 0)
        dp_buf_add(out, piece, len);
    fclose(file);
}

static struct json_object *read_json(const char *path)
{
    struct dp_buf text = DP_BUF_INIT(FILE_MAX);
    struct dp_detail detail = {"", ""};
    struct json_object *out = NULL;

    read_file(&text, path);
    if (dp_json_parse(&out, text.data, text.len, &detail) != DP_OK)
        give_up(path, &detail);
    dp_buf_free(&text);
    return out;
}

/* NULL where there is none. */
static const char *text_of(struct json_object *object, const char *name)
{
    return json_object_get_string(json_object_object_get(object, name));
}

static uint64_t number_of(struct json_object *object, const char *name)
{
    return json_object_get_uint64(json_object_object_get(object, name));
}

static void hex_of(uint8_t *out, size_t len, struct json_object *object, const char *name)
{
    const struct dp_detail failed = {"", "is no hex of that length"};
    const char *text = text_of(object, name);

    if (text == NULL || dp_hex_decode_exact(out, len, text) != DP_OK)
        give_up(name, &failed);
}

/* --- what the tunnels ask --- */

struct node {
    struct json_object *config;
    struct dp_tunnel_key key;
    struct dp_tunnel_setup setup;
    struct dp_tunnel *tunnel;
    char *last_status;
    struct timespec read_at; /* of the file of peers */
};

static bool accept_proven(const struct dp_peer *peer, const struct dp_tunnel_proven *proven,
                          void *arg, struct dp_detail *detail)
{
    const struct node *node = arg;
    const char *want = text_of(node->config, "composeHash");
    char hash[2 * DP_TUNNEL_COMPOSE_HASH_LEN + 1];

    (void)peer;
    dp_hex_encode(hash, proven->compose_hash, DP_TUNNEL_COMPOSE_HASH_LEN);
    if (want == NULL || strcmp(want, hash) == 0)
        return true;
    dp_fail(detail, DP_EFORBIDDEN, "compose_hash", "%s is not allowed.", hash);
    return false;
}

static struct dp_collateral *read_collateral(struct json_object *pair)
{
    struct dp_buf root = DP_BUF_INIT(DP_ROOT_MAX), json = DP_BUF_INIT(DP_COLLATERAL_MAX);
    struct dp_detail detail = {"", ""};
    struct dp_collateral *out;

    read_file(&root, text_of(pair, "root"));
    read_file(&json, text_of(pair, "collateral"));
    if (dp_collateral_read(&out, (struct dp_slice){json.data, json.len},
                           (struct dp_slice){root.data, root.len}, &detail) != DP_OK)
        give_up("collateral", &detail);
    dp_buf_free(&root);
    dp_buf_free(&json);
    return out;
}

/* Each simulator has a root of its own: the one under which the quote is valid, or the last. */
static enum dp_err find_collateral(struct dp_collateral **out, struct dp_slice quote, void *arg,
                                   struct dp_detail *detail)
{
    const struct node *node = arg;
    struct json_object *pairs = json_object_object_get(node->config, "platforms");
    const size_t count = dp_json_count(pairs);

    (void)detail;
    *out = NULL;
    for (size_t i = 0; i < count; i++) {
        struct dp_dcap_result result;

        dp_collateral_free(*out);
        *out = read_collateral(json_object_array_get_idx(pairs, i));
        if (dp_dcap_verify(&result, (const uint8_t *)quote.data, quote.len, *out, time(NULL)) ==
            DP_OK)
            break;
    }
    return *out != NULL ? DP_OK : DP_EIO;
}

/* --- the list --- */

static void read_peer(struct dp_peer *out, struct json_object *object)
{
    const char *key = text_of(object, "wireguardKey"), *network = text_of(object, "network");
    const struct dp_detail failed = {"", "is not of the form"};

    *out = (struct dp_peer){.token_id = number_of(object, "tokenId"),
                            .lease_until = number_of(object, "leaseUntil")};
    out->network = network != NULL && strcmp(network, "wireguard") == 0 ? DP_PEER_WIREGUARD
                                                                        : DP_PEER_TLS_GATEWAY;
    hex_of(out->app_id, DP_ADDRESS_LEN, object, "appId");
    hex_of(out->instance_id, DP_ADDRESS_LEN, object, "instanceId");
    snprintf(out->endpoint, sizeof(out->endpoint), "%s", text_of(object, "endpoint"));
    if (key != NULL && dp_tunnel_key_read(out->wireguard_key, key) != DP_OK)
        give_up("wireguardKey", &failed);
}

/* Replaced by rename, so another time of change is another file. */
static void update(struct node *node)
{
    const char *path = text_of(node->config, "peers");
    struct dp_detail detail = {"", ""};
    struct dp_peer list[PEERS_MAX];
    struct json_object *file, *peers;
    struct stat info;
    size_t count;

    if (stat(path, &info) != 0 || (info.st_mtim.tv_sec == node->read_at.tv_sec &&
                                   info.st_mtim.tv_nsec == node->read_at.tv_nsec))
        return;
    node->read_at = info.st_mtim;
    file = read_json(path);
    peers = json_object_object_get(file, "peers");
    count = dp_json_count(peers);
    for (size_t i = 0; i < count && i < PEERS_MAX; i++)
        read_peer(&list[i], json_object_array_get_idx(peers, i));
    json_object_put(file);
    if (dp_tunnel_update(node->tunnel, list, count, &detail) != DP_OK)
        give_up("update", &detail);
}

static bool was_heard(const struct dp_tunnel_status *status,
                      const struct dp_wireguard_handshake *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (memcmp(list[i].key, status->key, DP_TUNNEL_KEY_LEN) == 0)
            return list[i].at != 0;
    }
    return false;
}

static struct json_object *status_json(const struct dp_tunnel_status *status, bool handshake)
{
    struct json_object *out = json_object_new_object();

    dp_json_add_int(out, "tokenId", (int64_t)status->token_id);
    dp_json_add_text(out, "address", status->address);
    dp_json_add_text(out, "address6", status->address6);
    dp_json_add_bool(out, "verified", status->verified);
    dp_json_add_bool(out, "handshake", handshake);
    dp_json_add_text(out, "detail", status->detail);
    return out;
}

static void say_status(struct node *node)
{
    struct dp_tunnel_status list[PEERS_MAX];
    struct dp_wireguard_handshake heard[PEERS_MAX];
    struct json_object *out = event("status"), *peers = json_object_new_array();
    const size_t count = dp_tunnel_statuses(node->tunnel, list, PEERS_MAX);
    size_t known;

    if (dp_tunnel_handshakes(node->tunnel, heard, PEERS_MAX, &known, NULL) != DP_OK)
        known = 0;
    for (size_t i = 0; i < count; i++)
        json_object_array_add(peers, status_json(&list[i], was_heard(&list[i], heard, known)));
    dp_json_add(out, "peers", peers);
    if (node->last_status != NULL &&
        strcmp(node->last_status, json_object_to_json_string(out)) == 0) {
        json_object_put(out);
        return;
    }
    free(node->last_status);
    node->last_status = strdup(json_object_to_json_string(out));
    say(out);
}

/* --- running --- */

static void read_setup(struct node *node)
{
    struct json_object *config = node->config;
    struct dp_tunnel_setup *setup = &node->setup;

    *setup = (struct dp_tunnel_setup){
        .interface = text_of(config, "interface"),
        .listen_port = (uint16_t)number_of(config, "listenPort"),
        .range = text_of(config, "range"),
        .chain_id = number_of(config, "chainId"),
        .token_id = number_of(config, "tokenId"),
        .guest_socket = text_of(config, "guestSocket"),
        .proof_max_age_s = (unsigned)number_of(config, "proofMaxAgeS"),
        .accept = accept_proven,
        .collateral = find_collateral,
        .arg = node,
    };
    hex_of(setup->contract, DP_ADDRESS_LEN, config, "contract");
    hex_of(setup->instance_id, DP_ADDRESS_LEN, config, "instanceId");
}

static void open_tunnel(struct node *node)
{
    struct dp_detail detail = {"", ""};
    char key[DP_TUNNEL_KEY_TEXT_SIZE];
    struct json_object *out;
    const enum dp_err err = dp_tunnel_open(&node->tunnel, &node->setup, &node->key, &detail);

    if (err != DP_OK) {
        out = event("error");
        dp_json_add_text(out, "error", dp_err_text(err));
        dp_json_add_text(out, "detail", detail.text);
        say(out);
        exit(EXIT_FAILURE);
    }
    node->read_at = (struct timespec){0, 0};
    dp_tunnel_key_text(key, node->key.public_key);
    out = event("ready");
    dp_json_add_text(out, "publicKey", key);
    say(out);
}

static void step(struct node *node)
{
    struct dp_detail detail = {"", ""};
    struct timespec pause = {.tv_sec = 0};
    struct json_object *out;
    unsigned wait_ms;

    if (dp_tunnel_step(node->tunnel, &wait_ms, &detail) != DP_OK) {
        out = event("died");
        dp_json_add_text(out, "detail", detail.text);
        say(out);
        dp_tunnel_close(node->tunnel);
        open_tunnel(node);
        return;
    }
    if (wait_ms > LONGEST_PAUSE_MS)
        wait_ms = LONGEST_PAUSE_MS;
    pause.tv_nsec = (long)wait_ms * 1000000;
    nanosleep(&pause, NULL);
}

static void run(struct node *node)
{
    open_tunnel(node);
    while (!ended) {
        update(node);
        step(node);
        say_status(node);
    }
    dp_tunnel_close(node->tunnel);
    free(node->last_status);
}

/* --- measuring --- */

static double timed_update(struct dp_wireguard *wireguard, const struct dp_wireguard_peer *list,
                           size_t count)
{
    const int64_t begin = dp_clock_mono_us();
    struct dp_detail detail = {"", ""};

    if (dp_wireguard_update(wireguard, list, count, &detail) != DP_OK)
        give_up("update", &detail);
    return (double)(dp_clock_mono_us() - begin) / 1000;
}

static void add_time(struct json_object *out, const char *name, double ms)
{
    dp_json_add(out, name, json_object_new_double(ms));
}

static void measure(const struct node *node, size_t count)
{
    struct dp_wireguard_peer *list = calloc(count, sizeof(*list));
    struct dp_wireguard wireguard = {.applied = NULL};
    struct json_object *out = event("measured");
    struct dp_detail detail = {"", ""};

    if (list == NULL ||
        dp_wireguard_device_open(&wireguard.device, node->setup.interface, &detail) != DP_OK)
        give_up("interface", &detail);
    /* No route leads to these: what is sent there is refused at once, and not waited for. */
    for (size_t i = 0; i < count; i++) {
        memcpy(list[i].key, &i, sizeof(i));
        list[i].key[31] = 1;
        snprintf(list[i].endpoint, sizeof(list[i].endpoint), "198.51.100.%zu:51820", i % 250 + 1);
        snprintf(list[i].allowed, sizeof(list[i].allowed), "fd00:0:0:2::%zx/128", i + 1);
    }
    add_time(out, "addMs", timed_update(&wireguard, list, count));
    for (size_t i = 0; i < count; i++)
        snprintf(list[i].allowed, sizeof(list[i].allowed),
                 "fd00:0:0:2::%zx/128,fd00:0:0:1::%zx/128,10.1.%zu.%zu/32", i + 1, i + 1, i / 256,
                 i % 256);
    add_time(out, "changeMs", timed_update(&wireguard, list, count));
    add_time(out, "sameMs", timed_update(&wireguard, list, count));
    add_time(out, "removeMs", timed_update(&wireguard, NULL, 0));
    say(out);
    dp_wireguard_close(&wireguard);
    free(list);
}

int main(int argc, char **argv)
{
    const struct dp_detail failed = {"", "no locked memory, or no key"};
    struct node node = {.config = NULL};

    if (argc < 2 || argc > 3)
        return EXIT_FAILURE;
    signal(SIGTERM, on_end);
    signal(SIGPIPE, SIG_IGN);
    node.config = read_json(argv[1]);
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK || dp_secret_init() != DP_OK ||
        dp_tunnel_key_make(&node.key) != DP_OK)
        give_up("start", &failed);
    read_setup(&node);
    if (argc == 3)
        measure(&node, strtoul(argv[2], NULL, 10));
    else
        run(&node);
    dp_tunnel_key_free(&node.key);
    json_object_put(node.config);
    return EXIT_SUCCESS;
}
