/* raw.c - what the machine gives without us: libsecp256k1, Keccak and durable commits, one thread.
 */
#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <secp256k1.h>
#include <secp256k1_recovery.h>
#include <sqlite3.h>

#include "base/clock.h"
#include "crypto/keccak.h"
#include "ethereum/eip712.h"
#include "store/token.h"

#define PAIRS 64        /* signatures made beforehand, so that no two in a row are the same */
#define BATCH 16        /* calls between two looks at the clock */
#define PIECE (1 << 16) /* bytes hashed at a time */
#define DIR_MAX 4000    /* bytes of a folder's path */

static const char mail_json[] =
    "{\"types\":{\"EIP712Domain\":[{\"name\":\"name\",\"type\":\"string\"},"
    "{\"name\":\"version\",\"type\":\"string\"},{\"name\":\"chainId\",\"type\":\"uint256\"},"
    "{\"name\":\"verifyingContract\",\"type\":\"address\"}],"
    "\"Person\":[{\"name\":\"name\",\"type\":\"string\"},{\"name\":\"wallet\",\"type\":\"address\"}"
    "],"
    "\"Mail\":[{\"name\":\"from\",\"type\":\"Person\"},{\"name\":\"to\",\"type\":\"Person\"},"
    "{\"name\":\"contents\",\"type\":\"string\"}]},\"primaryType\":\"Mail\","
    "\"domain\":{\"name\":\"Ether Mail\",\"version\":\"1\",\"chainId\":1,"
    "\"verifyingContract\":\"0xCcCCccccCCCCcCCCCCCcCcCccCcCCCcCcccccccC\"},"
    "\"message\":{\"from\":{\"name\":\"Cow\","
    "\"wallet\":\"0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826\"},\"to\":{\"name\":\"Bob\","
    "\"wallet\":\"0xbBbBBBBbbBBBbbbBbbBbbbbBBbBbbbbBbBbbBBbB\"},\"contents\":\"Hello, Bob!\"}}";

struct pair {
    uint8_t digest[DP_KECCAK_LEN];
    secp256k1_ecdsa_recoverable_signature recoverable;
    secp256k1_ecdsa_signature signature;
};

struct bench {
    secp256k1_context *context;
    secp256k1_pubkey public_key;
    uint8_t key[32];
    struct pair pairs[PAIRS];
    sqlite3 *db;
    sqlite3_stmt *insert;
    struct dp_store *store;
    uint8_t piece[PIECE];
    struct json_object *mail;
};

/* Each does its work once and says whether it went well. */
typedef bool work_fn(struct bench *b, unsigned long long n);

static bool sign(struct bench *b, unsigned long long n)
{
    secp256k1_ecdsa_recoverable_signature made;

    return secp256k1_ecdsa_sign_recoverable(b->context, &made, b->pairs[n % PAIRS].digest, b->key,
                                            NULL, NULL);
}

static bool verify(struct bench *b, unsigned long long n)
{
    const struct pair *pair = &b->pairs[n % PAIRS];

    return secp256k1_ecdsa_verify(b->context, &pair->signature, pair->digest, &b->public_key);
}

static bool recover(struct bench *b, unsigned long long n)
{
    const struct pair *pair = &b->pairs[n % PAIRS];
    secp256k1_pubkey point;

    return secp256k1_ecdsa_recover(b->context, &point, &pair->recoverable, pair->digest);
}

static bool hash(struct bench *b, unsigned long long n)
{
    uint8_t digest[DP_KECCAK_LEN];

    dp_keccak256(digest, b->piece, sizeof(b->piece));
    b->piece[n % PIECE] = digest[0];
    return true;
}

/* The example of EIP-712 itself: encode and hash, the JSON being parsed already. */
static bool mail(struct bench *b, unsigned long long n)
{
    struct dp_eip712 hashed;

    (void)n;
    return dp_eip712_hash(&hashed, b->mail, NULL) == DP_OK;
}

static bool commit(struct bench *b, unsigned long long n)
{
    sqlite3_bind_int64(b->insert, 1, (sqlite3_int64)n);
    return sqlite3_step(b->insert) == SQLITE_DONE && sqlite3_reset(b->insert) == SQLITE_OK;
}

/* One user as signup adds them: four rows and their indexes, with texts of the usual length. */
static bool add_user(struct bench *b, unsigned long long n)
{
    struct dp_user user = {.created_ms = 1, .key_namespace = "wallet/ethereum"};
    struct dp_token tokens[2];
    char text[DP_TOKEN_TEXT_SIZE];

    snprintf(user.email, sizeof(user.email), "user%llu@example.com", n);
    snprintf(user.user_id, sizeof(user.user_id), "user%llu", n);
    memset(user.pub_key_hex, '0', sizeof(user.pub_key_hex) - 1);
    snprintf(user.address, sizeof(user.address), "0x%040llx", n);
    memset(user.app_id, '0', sizeof(user.app_id) - 1);
    memset(user.signature_chain, '0', sizeof(user.signature_chain) - 1);
    return dp_token_make(&tokens[0], text, false) == DP_OK &&
           dp_token_make(&tokens[1], text, true) == DP_OK &&
           dp_store_add_user(b->store, &user, tokens, 2) == DP_OK;
}

/* How often a second it can be done; negative where it failed. */
static double rate_of(struct bench *b, work_fn *work, double seconds, unsigned batch)
{
    int64_t start = dp_clock_mono_us(), now, end = start + (int64_t)(seconds * 1e6);
    unsigned long long n = 0;

    do {
        for (unsigned i = 0; i < batch; i++) {
            if (!work(b, n++))
                return -1;
        }
        now = dp_clock_mono_us();
    } while (now < end);
    return (double)n * 1e6 / (double)(now - start);
}

static bool prepare_pairs(struct bench *b)
{
    b->context = secp256k1_context_create(SECP256K1_CONTEXT_NONE);
    dp_keccak256(b->key, "bench", 5);
    if (b->context == NULL || !secp256k1_context_randomize(b->context, b->key) ||
        !secp256k1_ec_pubkey_create(b->context, &b->public_key, b->key))
        return false;
    for (size_t i = 0; i < PAIRS; i++) {
        struct pair *pair = &b->pairs[i];

        dp_keccak256(pair->digest, &i, sizeof(i));
        if (!secp256k1_ecdsa_sign_recoverable(b->context, &pair->recoverable, pair->digest, b->key,
                                              NULL, NULL))
            return false;
        secp256k1_ecdsa_recoverable_signature_convert(b->context, &pair->signature,
                                                      &pair->recoverable);
    }
    return true;
}

/* The store's pragmas, and the smallest row: what a commit alone costs. */
static bool open_database(struct bench *b, const char *path)
{
    return sqlite3_open(path, &b->db) == SQLITE_OK &&
           sqlite3_exec(b->db,
                        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                        "CREATE TABLE numbers (n INTEGER);",
                        NULL, NULL, NULL) == SQLITE_OK &&
           sqlite3_prepare_v2(b->db, "INSERT INTO numbers VALUES (?)", -1, &b->insert, NULL) ==
               SQLITE_OK;
}

static double measure_commits(struct bench *b, const char *path, double seconds)
{
    double rate = open_database(b, path) ? rate_of(b, commit, seconds, 1) : -1;

    if (rate < 0)
        fprintf(stderr, "raw: %s: %s.\n", path, sqlite3_errmsg(b->db));
    sqlite3_finalize(b->insert);
    sqlite3_close(b->db);
    return rate;
}

static double measure_users(struct bench *b, const char *path, double seconds)
{
    struct dp_detail detail = {"", ""};
    char url[DIR_MAX + 64];
    double rate = -1;

    snprintf(url, sizeof(url), "sqlite:%s", path);
    if (dp_store_open(&b->store, url, DP_STORE_WRITE, &detail) == DP_OK)
        rate = rate_of(b, add_user, seconds, 1);
    else
        fprintf(stderr, "raw: %s\n", detail.text);
    dp_store_close(b->store);
    return rate;
}

static void remove_database(const char *path)
{
    static const char *const endings[] = {"", "-wal", "-shm"};
    char name[DIR_MAX + 64];

    for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
        snprintf(name, sizeof(name), "%s%s", path, endings[i]);
        unlink(name);
    }
}

/* In a new database, which is gone afterwards. */
static double measure_database(struct bench *b, const char *dir, double seconds, bool users)
{
    char path[DIR_MAX + 32];
    double rate;

    snprintf(path, sizeof(path), "%.*s/raw-%ld.db", DIR_MAX, dir, (long)getpid());
    rate = users ? measure_users(b, path, seconds) : measure_commits(b, path, seconds);
    remove_database(path);
    return rate;
}

static const struct {
    const char *name, *unit;
    work_fn *work;
    double scale;
    unsigned batch;
} measures[] = {
    {"sign", "/s", sign, 1, BATCH},       {"verify", "/s", verify, 1, BATCH},
    {"recover", "/s", recover, 1, BATCH}, {"keccak", " MB/s", hash, PIECE / 1e6, 1},
    {"mail", "/s", mail, 1, BATCH},
};

static int usage(FILE *to)
{
    fputs("Usage: raw [--seconds S] [--dir DIR] [--json] WHAT...\n"
          "\n"
          "Each WHAT for S seconds (1), one after the other, by one thread:\n"
          "\n"
          "  sign, verify, recover   libsecp256k1, times a second\n"
          "  keccak                  MB/s\n"
          "  mail                    EIP-712's Mail example, encoded and hashed, times a second\n"
          "  commit                  durable commits a second of one SQLite writer, one small row\n"
          "                          each, in a new database in DIR (.)\n"
          "  user                    the same with the rows of a signup, through the store\n",
          to);
    return to == stdout ? EXIT_SUCCESS : 2;
}

/* What a word asks for; -1 where it failed, or is unknown. */
static double measure(struct bench *b, const char *what, const char **unit, const char *dir,
                      double seconds)
{
    *unit = "/s";
    for (size_t i = 0; i < sizeof(measures) / sizeof(measures[0]); i++) {
        if (strcmp(what, measures[i].name) != 0)
            continue;
        *unit = measures[i].unit;
        return rate_of(b, measures[i].work, seconds, measures[i].batch) * measures[i].scale;
    }
    if (strcmp(what, "commit") == 0 || strcmp(what, "user") == 0)
        return measure_database(b, dir, seconds, strcmp(what, "user") == 0);
    fprintf(stderr, "raw: %s is not something to measure.\n", what);
    return -1;
}

static int measure_all(struct bench *b, char **words, int count, const char *dir, double seconds,
                       bool json)
{
    for (int i = 0; i < count; i++) {
        const char *unit;
        double rate = measure(b, words[i], &unit, dir, seconds);

        if (rate < 0)
            return EXIT_FAILURE;
        if (json)
            printf("%s\"%s\":%.1f%s", i == 0 ? "{" : "", words[i], rate,
                   i < count - 1 ? "," : "}\n");
        else
            printf("%-8s %10.1f%s\n", words[i], rate, unit);
    }
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    static const struct option known[] = {
        {"seconds", required_argument, NULL, 's'},
        {"dir", required_argument, NULL, 'd'},
        {"json", no_argument, NULL, 'j'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    static struct bench bench;
    const char *dir = ".";
    double seconds = 1;
    bool json = false;
    int option, code;

    while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
        if (option == 's')
            seconds = strtod(optarg, NULL);
        else if (option == 'd')
            dir = optarg;
        else if (option == 'j')
            json = true;
        else
            return usage(option == 'h' ? stdout : stderr);
    }
    if (optind == argc || seconds <= 0)
        return usage(stderr);
    bench.mail = json_tokener_parse(mail_json);
    if (bench.mail == NULL || !prepare_pairs(&bench))
        return EXIT_FAILURE;
    code = measure_all(&bench, argv + optind, argc - optind, dir, seconds, json);
    secp256k1_context_destroy(bench.context);
    json_object_put(bench.mail);
    return code;
}
