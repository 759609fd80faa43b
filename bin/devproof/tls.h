/* tls.h - what the commands of devproof tls share: settings, files, and where a certificate is
 * from. */
#ifndef DEVPROOF_TLS_H
#define DEVPROOF_TLS_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "crypto/cert.h"
#include "devproof/client.h"
#include "dstack/tls_key.h"

#define TLS_NAMES_MAX 20
#define TLS_NAMES_SIZE 4096
#define TLS_FILE "server.pem"   /* in tls.dir, for nginx: chain and key */
#define TLS_PUBLIC_DIR "public" /* below tls.dir, for other programs: nothing in it is secret */
#define TLS_PUBLIC                                                                                 \
    TLS_PUBLIC_DIR "/chain.pem" /* what is public of TLS_FILE, under a line that says the source   \
                                 */

/* The guest agent certified a key of its own making; a CA certified the app's derived key; or the
 * operator gave both. */
enum tls_source { TLS_GUEST, TLS_CA, TLS_OPERATOR };

struct tls {
    struct client client; /* for messages */
    char names_text[TLS_NAMES_SIZE];
    const char *names[TLS_NAMES_MAX]; /* TLS_NAME; point into names_text */
    size_t name_count;
    bool names_given;           /* not the default */
    const char *cert, *key;     /* TLS_CERT, TLS_KEY, or NULL */
    const char *guest_socket;   /* DSTACK_SIMULATOR_ENDPOINT, or NULL */
    unsigned valid;             /* TLS_VALID_SECONDS: what the guest agent is asked for */
    char dir[PATH_MAX];         /* RUN_DIR/tls */
    char public_dir[PATH_MAX];  /* TLS_PUBLIC_DIR in there */
    char public_file[PATH_MAX]; /* TLS_PUBLIC in there */
    char reload[PATH_MAX];      /* RUN_DIR/reload */
    char lock[PATH_MAX];        /* RUN_DIR/tls.lock: who has it writes and reloads */
    char chain_dir[PATH_MAX];   /* DATA_DIR/tls */
    char chain[PATH_MAX];       /* the installed certificate of a CA: chain.pem in there */
};

/* Read the settings; client is set already. False after complaining of a bad one. */
bool tls_settings(struct tls *tls);

/* Take these names, between commas, in place of those before. False after complaining. */
bool tls_set_names(struct tls *tls, const char *text);

enum tls_source tls_source(const struct tls *tls);
const char *tls_source_name(enum tls_source source);

/* What is served: the content of TLS_PUBLIC. */
struct tls_served {
    enum tls_source source;
    struct dp_cert_chain *chain; /* to be freed by dp_cert_free */
    int64_t since;               /* when it was written, seconds since 1970 */
};

/* False where there is nothing. */
bool tls_served(const struct tls *tls, struct tls_served *out);

/* When it has to be renewed, seconds since 1970; 0: it is not renewed by itself. */
int64_t tls_due(const struct tls *tls, const struct tls_served *served);

/* The agent, with time to ask a KMS. NULL after complaining. */
struct dp_guest *tls_open_guest(const struct tls *tls);

/**
 * Get a key and its certificate from where they come from now, write them, and have nginx load them
 * if it runs.
 *
 * In:  wait_ms  how long to go on asking an agent that does not answer yet
 * Returns: an exit code, having said why
 */
int tls_renew(const struct tls *tls, int wait_ms);

/* Write what is served at /evidences/ for this certificate. Without a quote there is nothing there,
 * which it says: a service goes on without. */
void tls_write_evidence(const struct tls *tls, struct dp_guest *guest,
                        const struct dp_cert_chain *chain);

/* Renew in time, for ever. */
int tls_watch(const struct tls *tls);

#endif
