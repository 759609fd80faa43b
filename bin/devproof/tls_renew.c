/* tls_renew.c - get the key of HTTPS and its certificate, write them, and have nginx load them. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "devproof/command.h"
#include "devproof/tls.h"

#define SKEW_SECONDS 3600 /* clients whose clock is behind take a new certificate, too */
#define LOOK_SECONDS 60   /* the longest that the watch sleeps */
#define WARN_SECONDS (24 * 3600)

/* --- where key and chain come from; each says why not --- */

static int get_from_guest(const struct tls *tls, struct dp_guest *guest, struct dp_tls_key *key,
                          struct dp_buf *pem, int wait_ms)
{
    int64_t now = time(NULL), end = dp_clock_mono_us() + (int64_t)wait_ms * 1000;
    struct dp_tls_ask ask = {tls->names, tls->name_count, now - SKEW_SECONDS, now + tls->valid};
    enum dp_err err;

    while ((err = dp_guest_get_tls_key(guest, key, pem, &ask)) == DP_EGUEST &&
           dp_clock_mono_us() < end) {
        dp_tls_key_free(key);
        dp_buf_reset(pem);
        usleep(20000);
    }
    if (err == DP_EGUEST)
        return client_fail(&tls->client, EXIT_FAILURE,
                           "the guest agent gives no key for HTTPS: start it, or point "
                           "DSTACK_SIMULATOR_ENDPOINT at its socket.");
    return err == DP_OK ? EXIT_SUCCESS
                        : client_fail(&tls->client, EXIT_FAILURE, "%s.", dp_err_text(err));
}

static int get_derived(const struct tls *tls, struct dp_guest *guest, struct dp_tls_key *key,
                       int wait_ms)
{
    int64_t end = dp_clock_mono_us() + (int64_t)wait_ms * 1000;
    enum dp_err err;

    while ((err = dp_tls_key_derive(guest, key)) == DP_EGUEST && dp_clock_mono_us() < end) {
        dp_tls_key_free(key);
        usleep(20000);
    }
    return err == DP_OK
               ? EXIT_SUCCESS
               : client_fail(&tls->client, EXIT_FAILURE,
                             "the key for a CA's certificate cannot be had: %s.", dp_err_text(err));
}

static int get_any(const struct tls *tls, enum tls_source source, struct dp_guest *guest,
                   struct dp_tls_key *key, struct dp_buf *pem, int wait_ms)
{
    struct dp_detail detail = {"", ""};
    const char *file = source == TLS_CA ? tls->chain : tls->cert;
    int code;

    if (source == TLS_GUEST)
        return get_from_guest(tls, guest, key, pem, wait_ms);
    if (!client_read_file(&tls->client, pem, file))
        return EXIT_FAILURE;
    if (source == TLS_CA) {
        code = get_derived(tls, guest, key, wait_ms);
    } else {
        code = dp_tls_key_read(key, tls->key, &detail) == DP_OK
                   ? EXIT_SUCCESS
                   : client_fail(&tls->client, EXIT_FAILURE, "TLS_KEY: %s", detail.text);
    }
    return code;
}

/* --- is it good to serve? --- */

static int check(const struct tls *tls, enum tls_source source, const struct dp_tls_key *key,
                 const struct dp_cert_chain *chain)
{
    struct dp_detail detail = {"", ""};
    bool expired = dp_cert_check_time(chain, time(NULL), &detail) != DP_OK;

    if (!dp_cert_has_key(chain, key->spki, key->spki_len))
        return client_fail(
            &tls->client, EXIT_FAILURE, "%s",
            source == TLS_CA
                ? "the certificate in DATA_DIR/tls/chain.pem is for another key than this app's: "
                  "remove it, or install one for the request of devproof tls csr."
                : "TLS_CERT is not the certificate of TLS_KEY: its first one must be.");
    if (expired && source == TLS_OPERATOR)
        return client_fail(&tls->client, EXIT_FAILURE, "TLS_CERT: %s", detail.text);
    /* A CA's is served all the same, or the service would be gone with it. */
    if (expired)
        client_fail(&tls->client, EXIT_FAILURE, "%s Clients will refuse it.", detail.text);
    for (size_t i = 0; i < tls->name_count; i++)
        if (!dp_cert_is_for(chain, tls->names[i]))
            client_fail(&tls->client, EXIT_FAILURE, "the certificate is not for %s of TLS_NAME.",
                        tls->names[i]);
    return EXIT_SUCCESS;
}

/* --- files --- */

static bool write_public(const struct tls *tls, const struct dp_buf *head)
{
    char temporary[PATH_MAX + 16];
    FILE *file;
    bool done;

    if (mkdir(tls->public_dir, 0700) != 0 && errno != EEXIST)
        return false;
    snprintf(temporary, sizeof(temporary), "%s.%d", tls->public_file, (int)getpid());
    file = fopen(temporary, "w");
    done = file != NULL && fwrite(head->data, 1, head->len, file) == head->len;
    if (file != NULL && fclose(file) != 0)
        done = false;
    if (!done || rename(temporary, tls->public_file) != 0) {
        unlink(temporary);
        done = false;
    }
    return done;
}

static int store(const struct tls *tls, enum tls_source source, const struct dp_tls_key *key,
                 const struct dp_cert_chain *chain)
{
    struct dp_buf head = DP_BUF_INIT(DP_TLS_CHAIN_MAX);
    struct dp_detail detail = {"", ""};
    int code = EXIT_SUCCESS;

    dp_buf_addf(&head, "# source: %s\n", tls_source_name(source));
    dp_cert_write(&head, chain);
    if (head.err != DP_OK)
        code = client_fail(&tls->client, EXIT_FAILURE, "%s.", dp_err_text(head.err));
    else if (dp_tls_key_store(key, (struct dp_slice){head.data, head.len}, tls->dir, TLS_FILE,
                              &detail) != DP_OK)
        code = client_fail(&tls->client, EXIT_FAILURE, "%s", detail.text);
    else if (!write_public(tls, &head))
        code = client_fail(&tls->client, EXIT_FAILURE, "%s cannot be written: %s.",
                           tls->public_file, strerror(errno));
    dp_buf_free(&head);
    return code;
}

/* nginx, if it runs, loads what was written: it tests its configuration first. */
static int reload(const struct tls *tls)
{
    char *argv[] = {(char *)(uintptr_t)tls->reload, NULL};
    int status = -1;
    pid_t pid;

    if (posix_spawn(&pid, tls->reload, NULL, NULL, argv, environ) != 0 ||
        waitpid(pid, &status, 0) < 0 || status != 0)
        return client_fail(&tls->client, EXIT_FAILURE,
                           "nginx was not reloaded by %s and goes on with what it had.",
                           tls->reload);
    return EXIT_SUCCESS;
}

static void tell(const struct dp_cert_chain *chain, enum tls_source source)
{
    struct dp_cert_facts facts;
    time_t until;
    char date[32];

    dp_cert_facts(&facts, chain);
    until = (time_t)facts.not_after;
    strftime(date, sizeof(date), "%Y-%m-%d %H:%M UTC", gmtime(&until));
    printf("certificate from %s, valid until %s\n", tls_source_name(source), date);
    fflush(stdout);
}

/* Write and reload, one renewal after the other: nginx reads the file twice, for the chain and for
 * the key, and refuses two that do not belong together. */
static int put_in_force(const struct tls *tls, enum tls_source source, struct dp_guest *guest,
                        const struct dp_tls_key *key, const struct dp_cert_chain *chain,
                        bool was_served)
{
    int lock = open(tls->lock, O_RDWR | O_CREAT | O_CLOEXEC, 0600), code;

    if (lock < 0 || flock(lock, LOCK_EX) != 0)
        code = client_fail(&tls->client, EXIT_FAILURE, "%s cannot be locked: %s.", tls->lock,
                           strerror(errno));
    else
        code = store(tls, source, key, chain);
    if (code == EXIT_SUCCESS) {
        tls_write_evidence(tls, guest, chain);
        tell(chain, source);
    }
    if (code == EXIT_SUCCESS && was_served)
        code = reload(tls);
    if (lock >= 0)
        close(lock);
    return code;
}

int tls_renew(const struct tls *tls, int wait_ms)
{
    struct dp_buf pem = DP_BUF_INIT(DP_TLS_CHAIN_MAX);
    enum tls_source source = tls_source(tls);
    struct dp_cert_chain *chain = NULL;
    struct dp_tls_key key = {0};
    struct dp_detail detail = {"", ""};
    struct dp_guest *guest = tls_open_guest(tls);
    bool was_served = access(tls->public_file, F_OK) == 0;
    int code = EXIT_FAILURE;

    if (guest != NULL)
        code = get_any(tls, source, guest, &key, &pem, wait_ms);
    if (code == EXIT_SUCCESS &&
        dp_cert_read(&chain, (struct dp_slice){pem.data, pem.len}, &detail) != DP_OK)
        code = client_fail(&tls->client, EXIT_FAILURE, "the certificate is of no use: %s",
                           detail.text);
    if (code == EXIT_SUCCESS)
        code = check(tls, source, &key, chain);
    if (code == EXIT_SUCCESS)
        code = put_in_force(tls, source, guest, &key, chain, was_served);
    dp_cert_free(chain);
    dp_tls_key_free(&key);
    dp_guest_close(guest);
    dp_buf_free(&pem);
    return code;
}

/* --- the watch --- */

static bool is_newer(const char *path, int64_t than)
{
    struct stat st;

    return stat(path, &st) == 0 && st.st_mtime > than;
}

/* What the operator or devproof tls install put there since counts as much as the time. */
static bool is_due(const struct tls *tls, const struct tls_served *served)
{
    enum tls_source source = tls_source(tls);

    if (source != served->source)
        return true;
    if (source == TLS_CA)
        return is_newer(tls->chain, served->since);
    if (source == TLS_OPERATOR)
        return is_newer(tls->cert, served->since) || is_newer(tls->key, served->since);
    return time(NULL) >= tls_due(tls, served);
}

/* Once a day in its last third, that somebody has to act. */
static void warn(const struct tls *tls, const struct tls_served *served)
{
    static int64_t warned;
    struct dp_cert_facts facts;
    int64_t now = time(NULL);

    dp_cert_facts(&facts, served->chain);
    if (served->source == TLS_GUEST || now - warned < WARN_SECONDS ||
        now < facts.not_after - (facts.not_after - facts.not_before) / 3)
        return;
    warned = now;
    client_fail(&tls->client, EXIT_FAILURE,
                "the certificate of HTTPS ends in %lld days and is not renewed by itself.",
                (long long)(facts.not_after - now) / (24 * 3600));
}

/* In a process of its own, so that nothing of a key is left behind in one that lives for years. */
static bool renew_apart(const struct tls *tls)
{
    int status = -1;
    pid_t pid = fork();

    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        exit(tls_renew(tls, 0));
    }
    return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

/* Seconds until there may be something to do: a tenth of what is left, so that a renewal that
 * failed is tried again in time. */
static unsigned next_look(const struct tls *tls, const struct tls_served *served)
{
    struct dp_cert_facts facts;
    int64_t due = tls_due(tls, served), now = time(NULL), wait;

    dp_cert_facts(&facts, served->chain);
    wait = due > now ? due - now : (facts.not_after - now) / 10;
    return wait < 1 ? 1 : wait > LOOK_SECONDS ? LOOK_SECONDS : (unsigned)wait;
}

int tls_watch(const struct tls *tls)
{
    for (;;) {
        struct tls_served served;
        unsigned wait = 1;

        /* Until there is a first one nginx is still getting it. */
        if (tls_served(tls, &served)) {
            if (is_due(tls, &served) && renew_apart(tls)) {
                dp_cert_free(served.chain);
                continue;
            }
            warn(tls, &served);
            wait = next_look(tls, &served);
        }
        dp_cert_free(served.chain);
        sleep(wait);
    }
}
