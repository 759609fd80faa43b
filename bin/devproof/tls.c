/* tls.c - devproof tls: the certificate that nginx serves HTTPS with. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/hex.h"
#include "base/json.h"
#include "devproof/command.h"
#include "devproof/tls.h"

#define FIRST_WAIT_MS 5000

static const char help[] =
    "Usage: devproof tls show [--json]\n"
    "       devproof tls renew [--if-missing | --watch]\n"
    "       devproof tls csr [--name NAME[,NAME...]]\n"
    "       devproof tls install CHAIN.pem [--name NAME[,NAME...]] [--roots FILE]\n\n"
    "show     what is served: from where (guest, ca or operator), for whom, until when\n"
    "renew    a new key and certificate now, without dropping a connection\n"
    "  --if-missing  only where there is none yet; waits up to 5 s for the guest agent\n"
    "  --watch       and then again each time when two thirds of its time are over\n"
    "csr      a signing request for a certificate authority, over a key made inside\n"
    "install  the certificate that the authority gave for that request; it is refused if the key "
    "is\n"
    "         another one, if it is not for the names, has expired, or leads to no trusted root\n\n"
    "  --name NAMES  host names and IPv4 addresses (TLS_NAME)\n"
    "  --roots FILE  trust these certificates (those of this machine)\n"
    "  --json        print the answer as JSON\n"
    "  --help\n\n"
    "Takes DATA_DIR, RUN_DIR, TLS_NAME, TLS_CERT, TLS_KEY and DSTACK_SIMULATOR_ENDPOINT from the\n"
    "environment, as devproof-serve does.\n";

static const char *const custody[] = {
    [TLS_GUEST] = "made inside, new at each renewal; nobody outside has it",
    [TLS_CA] = "made inside, the same for each version of the app that was ever allowed",
    [TLS_OPERATOR] = "given by the operator: whoever has that file can read all that passes",
};

struct options {
    bool if_missing, watch;
    const char *name, *roots;
};

/* --- show --- */

static const char *iso(char out[static 32], int64_t seconds)
{
    time_t time = (time_t)seconds;

    strftime(out, 32, "%Y-%m-%dT%H:%M:%SZ", gmtime(&time));
    return out;
}

static void add_time(struct json_object *out, const char *name, int64_t seconds)
{
    char text[32];

    if (seconds == 0)
        dp_json_add(out, name, NULL);
    else
        dp_json_add_text(out, name, iso(text, seconds));
}

static void print_json(const struct tls *tls, const struct tls_served *served,
                       const struct dp_cert_facts *facts)
{
    struct json_object *out = json_object_new_object();
    char hash[2 * DP_CERT_HASH_LEN + 1], spki[2 * DP_CERT_HASH_LEN + 1];

    dp_hex_encode(hash, facts->hash, DP_CERT_HASH_LEN);
    dp_hex_encode(spki, facts->spki, DP_CERT_HASH_LEN);
    dp_json_add_text(out, "source", tls_source_name(served->source));
    dp_json_add_text(out, "key", custody[served->source]);
    dp_json_add_text(out, "subject", facts->subject);
    dp_json_add_text(out, "issuer", facts->issuer);
    add_time(out, "notBefore", facts->not_before);
    add_time(out, "notAfter", facts->not_after);
    add_time(out, "renewAt", tls_due(tls, served));
    dp_json_add_text(out, "sha256", hash);
    dp_json_add_text(out, "spkiSha256", spki);
    printf("%s\n", json_object_to_json_string_ext(out, JSON_C_TO_STRING_PLAIN |
                                                           JSON_C_TO_STRING_NOSLASHESCAPE));
    json_object_put(out);
}

static void print_text(const struct tls *tls, const struct tls_served *served,
                       const struct dp_cert_facts *facts)
{
    char hash[2 * DP_CERT_HASH_LEN + 1], spki[2 * DP_CERT_HASH_LEN + 1], from[32], to[32], at[32];
    int64_t due = tls_due(tls, served);

    dp_hex_encode(hash, facts->hash, DP_CERT_HASH_LEN);
    dp_hex_encode(spki, facts->spki, DP_CERT_HASH_LEN);
    printf("source      %s\nkey         %s\nsubject     %s\nissuer      %s\n"
           "valid       %s to %s\nrenewed     %s\ncertificate %s\npublic key  %s\n",
           tls_source_name(served->source), custody[served->source], facts->subject, facts->issuer,
           iso(from, facts->not_before), iso(to, facts->not_after),
           due != 0 ? iso(at, due) : "not by itself", hash, spki);
}

static int show(const struct tls *tls)
{
    struct dp_detail detail = {"", ""};
    struct dp_cert_facts facts;
    struct tls_served served;
    int code = EXIT_SUCCESS;

    if (!tls_served(tls, &served))
        return client_fail(&tls->client, EXIT_FAILURE,
                           "nothing is served over HTTPS here: is TLS_PORT set, and DATA_DIR or "
                           "RUN_DIR that of the service?");
    dp_cert_facts(&facts, served.chain);
    if (tls->client.json)
        print_json(tls, &served, &facts);
    else
        print_text(tls, &served, &facts);
    if (dp_cert_check_time(served.chain, time(NULL), &detail) != DP_OK)
        code = client_fail(&tls->client, EXIT_FAILURE, "%s", detail.text);
    dp_cert_free(served.chain);
    return code;
}

/* --- csr and install --- */

static int derive(const struct tls *tls, struct dp_tls_key *key)
{
    struct dp_guest *guest = tls_open_guest(tls);
    enum dp_err err;

    if (guest == NULL)
        return EXIT_FAILURE;
    err = dp_tls_key_derive(guest, key);
    dp_guest_close(guest);
    return err == DP_OK
               ? EXIT_SUCCESS
               : client_fail(&tls->client, EXIT_FAILURE,
                             "the key cannot be had from the guest agent: %s.", dp_err_text(err));
}

static int csr(const struct tls *tls)
{
    struct dp_buf pem = DP_BUF_INIT(64 * 1024);
    struct dp_tls_key key = {0};
    int code = derive(tls, &key);

    if (code == EXIT_SUCCESS && dp_tls_key_csr(&key, &pem, tls->names, tls->name_count) != DP_OK)
        code = client_fail(&tls->client, EXIT_FAILURE, "the request cannot be made.");
    if (code == EXIT_SUCCESS)
        fputs(pem.data, stdout);
    dp_tls_key_free(&key);
    dp_buf_free(&pem);
    return code;
}

static int check_install(const struct tls *tls, const struct dp_cert_chain *chain,
                         const struct dp_tls_key *key, const char *roots)
{
    struct dp_detail detail = {"", ""};
    int64_t now = time(NULL);

    if (!dp_cert_has_key(chain, key->spki, key->spki_len))
        return client_fail(&tls->client, EXIT_FAILURE,
                           "the certificate is for another key than this app's, so nothing was "
                           "changed: ask for one with the request of devproof tls csr.");
    if (dp_cert_check_time(chain, now, &detail) != DP_OK ||
        dp_cert_verify(chain, roots, now, &detail) != DP_OK)
        return client_fail(&tls->client, EXIT_FAILURE, "nothing was changed: %s", detail.text);
    for (size_t i = 0; i < tls->name_count; i++)
        if (!dp_cert_is_for(chain, tls->names[i]))
            return client_fail(&tls->client, EXIT_FAILURE,
                               "nothing was changed: the certificate is not for %s.",
                               tls->names[i]);
    return EXIT_SUCCESS;
}

/* It is public; only what it replaces must never be half of it. */
static int keep(const struct tls *tls, const struct dp_cert_chain *chain)
{
    struct dp_buf pem = DP_BUF_INIT(DP_TLS_CHAIN_MAX);
    char temporary[PATH_MAX + 8];
    FILE *file = NULL;
    bool done;

    dp_cert_write(&pem, chain);
    snprintf(temporary, sizeof(temporary), "%s.new", tls->chain);
    done = pem.err == DP_OK && (mkdir(tls->chain_dir, 0700) == 0 || errno == EEXIST) &&
           (file = fopen(temporary, "w")) != NULL &&
           fwrite(pem.data, 1, pem.len, file) == pem.len && fflush(file) == 0 &&
           fsync(fileno(file)) == 0;
    if (file != NULL && fclose(file) != 0)
        done = false;
    done = done && rename(temporary, tls->chain) == 0;
    dp_buf_free(&pem);
    return done ? EXIT_SUCCESS
                : client_fail(&tls->client, EXIT_FAILURE, "%s cannot be written: %s.", tls->chain,
                              strerror(errno));
}

static int install(const struct tls *tls, const char *file, const char *roots)
{
    struct dp_buf pem = DP_BUF_INIT(DP_TLS_CHAIN_MAX);
    struct dp_detail detail = {"", ""};
    struct dp_cert_chain *chain = NULL;
    struct dp_tls_key key = {0};
    int code = EXIT_FAILURE;

    if (tls->cert != NULL)
        client_fail(&tls->client, code,
                    "TLS_CERT and TLS_KEY are set and would be served instead: "
                    "leave them out.");
    else if (client_read_file(&tls->client, &pem, file))
        code = dp_cert_read(&chain, (struct dp_slice){pem.data, pem.len}, &detail) == DP_OK
                   ? derive(tls, &key)
                   : client_fail(&tls->client, EXIT_FAILURE, "%s: %s", file, detail.text);
    if (code == EXIT_SUCCESS)
        code = check_install(tls, chain, &key, roots);
    if (code == EXIT_SUCCESS)
        code = keep(tls, chain);
    /* Not served yet: the next start takes it. */
    if (code == EXIT_SUCCESS && access(tls->public_file, F_OK) == 0)
        code = tls_renew(tls, 0);
    dp_tls_key_free(&key);
    dp_cert_free(chain);
    dp_buf_free(&pem);
    return code;
}

static int renew(const struct tls *tls, const struct options *options)
{
    struct tls_served served;
    bool is_served;

    if (options->watch)
        return tls_watch(tls);
    if (!options->if_missing)
        return tls_renew(tls, 0);
    is_served = tls_served(tls, &served);
    dp_cert_free(served.chain);
    return is_served ? EXIT_SUCCESS : tls_renew(tls, FIRST_WAIT_MS);
}

/* --- the command line --- */

static int usage(const struct tls *tls)
{
    return client_fail(&tls->client, EXIT_USAGE, "try devproof tls --help.");
}

static int run(struct tls *tls, const struct options *options, int count, char **words)
{
    const char *what = count > 0 ? words[0] : "";
    bool takes_names = strcmp(what, "csr") == 0 || strcmp(what, "install") == 0;

    if (count != (strcmp(what, "install") == 0 ? 2 : 1) ||
        (options->name != NULL && !takes_names) ||
        ((options->if_missing || options->watch) && strcmp(what, "renew") != 0) ||
        (options->if_missing && options->watch))
        return usage(tls);
    if (options->name != NULL && !tls_set_names(tls, options->name))
        return EXIT_USAGE;
    if (takes_names && options->name == NULL && !tls->names_given)
        return client_fail(&tls->client, EXIT_USAGE, "for which name? Give --name or TLS_NAME.");
    if (strcmp(what, "show") == 0)
        return show(tls);
    if (strcmp(what, "renew") == 0)
        return renew(tls, options);
    if (strcmp(what, "csr") == 0)
        return csr(tls);
    return takes_names ? install(tls, words[1], options->roots) : usage(tls);
}

int command_tls(int argc, char **argv)
{
    static const struct option table[] = {{"if-missing", no_argument, NULL, 'm'},
                                          {"watch", no_argument, NULL, 'w'},
                                          {"name", required_argument, NULL, 'n'},
                                          {"roots", required_argument, NULL, 'r'},
                                          {"json", no_argument, NULL, 'j'},
                                          {"help", no_argument, NULL, 'h'},
                                          {NULL, 0, NULL, 0}};
    struct options options = {.if_missing = false};
    struct tls tls = {.cert = NULL};
    int option, code;

    client_init(&tls.client, "tls", help);
    while ((option = getopt_long(argc, argv, "", table, NULL)) != -1) {
        switch (option) {
        case 'm':
            options.if_missing = true;
            break;
        case 'w':
            options.watch = true;
            break;
        case 'n':
            options.name = optarg;
            break;
        case 'r':
            options.roots = optarg;
            break;
        default:
            code = client_option(&tls.client, option, optarg);
            if (code >= 0)
                return code;
        }
    }
    if (!tls_settings(&tls))
        return EXIT_USAGE;
    return run(&tls, &options, argc - optind, argv + optind);
}
