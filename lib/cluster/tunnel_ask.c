/* tunnel_ask.c - ask a peer for its proof, and judge it. */
#include "cluster/tunnel_ask.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include <openssl/rand.h>

#include "base/clock.h"
#include "base/hex.h"
#include "cluster/tunnel_server.h"
#include "net/http.h"

#define URL_SIZE 256

static pthread_mutex_t collateral_turn = PTHREAD_MUTEX_INITIALIZER;

static enum dp_err fetch(struct dp_buf *answer, const struct dp_tunnel_ask *ask,
                         struct dp_detail *detail)
{
    char nonce[2 * DP_TUNNEL_NONCE_LEN + 1], url[URL_SIZE];
    const struct dp_http_request request = {
        .method = "GET", .url = url, .within_ms = DP_TUNNEL_ASK_MS, .direct = true};
    enum dp_err err;
    long status;

    dp_hex_encode(nonce, ask->claim.nonce, DP_TUNNEL_NONCE_LEN);
    snprintf(url, sizeof(url), "http://[%s]:%d/proof?nonce=%s", ask->address, DP_TUNNEL_PROOF_PORT,
             nonce);
    err = dp_http_send(&request, &status, answer, detail);
    if (err == DP_ETOOBIG)
        return DP_EFORMAT;
    if (err == DP_OK && status != 200)
        err = dp_fail(detail, DP_EIO, "proof", "The peer answers with status %ld.", status);
    return err;
}

static enum dp_err get_collateral(struct dp_collateral **out, const struct dp_tunnel_ask *ask,
                                  const struct dp_tunnel_proof *proof, struct dp_detail *detail)
{
    enum dp_err err;

    pthread_mutex_lock(&collateral_turn);
    err = ask->collateral(out, (struct dp_slice){proof->quote.data, proof->quote.len}, ask->arg,
                          detail);
    pthread_mutex_unlock(&collateral_turn);
    return err == DP_OK ? DP_OK : DP_EIO; /* nothing of which the peer is guilty */
}

static enum dp_err judge(struct dp_tunnel_ask *ask, const struct dp_tunnel_proof *proof)
{
    struct dp_collateral *collateral = NULL;
    enum dp_err err = get_collateral(&collateral, ask, proof, &ask->detail);

    if (err == DP_OK)
        err = dp_tunnel_proof_check(&ask->proven, proof, &ask->claim, ask->app_id, collateral,
                                    dp_clock_unix_ms() / 1000, &ask->detail);
    dp_collateral_free(collateral);
    return err;
}

static enum dp_err ask_proof(struct dp_tunnel_ask *ask)
{
    struct dp_buf answer = DP_BUF_INIT(DP_TUNNEL_PROOF_MAX);
    struct dp_tunnel_proof proof = {.object = NULL};
    enum dp_err err = DP_ECRYPTO;

    if (RAND_bytes(ask->claim.nonce, DP_TUNNEL_NONCE_LEN) == 1)
        err = fetch(&answer, ask, &ask->detail);
    if (err == DP_OK)
        err =
            dp_tunnel_proof_read(&proof, (struct dp_slice){answer.data, answer.len}, &ask->detail);
    if (err == DP_OK)
        err = judge(ask, &proof);
    dp_tunnel_proof_free(&proof);
    dp_buf_free(&answer);
    return err;
}

static void *work(void *arg)
{
    struct dp_tunnel_ask *ask = arg;

    if (ask->endpoint.is_name)
        ask->err = dp_tunnel_endpoint_resolve(ask->resolved, &ask->endpoint, &ask->detail);
    else
        ask->err = ask_proof(ask);
    atomic_store(&ask->done, true);
    return NULL;
}

enum dp_err dp_tunnel_ask_begin(struct dp_tunnel_ask *ask)
{
    sigset_t all, before;
    int error;

    atomic_init(&ask->done, false);
    ask->detail = (struct dp_detail){"", ""};
    /* Signals are for the program's own threads. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    error = pthread_create(&ask->thread, NULL, work, ask);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return error == 0 ? DP_OK : DP_ENOMEM;
}

void dp_tunnel_ask_end(struct dp_tunnel_ask *ask)
{
    pthread_join(ask->thread, NULL);
}
