/* peer_verify.c - is it the peer of the contract that answers at its endpoint? */
#include "cluster/peer_verify.h"

#include <string.h>

#include <openssl/pem.h>

#include "base/clock.h"
#include "net/http.h"

/* --- the certificate --- */

/* The server's own, to be freed by X509_free. */
static enum dp_err read_certificate(X509 **out, const struct dp_buf *pem, struct dp_detail *detail)
{
    BIO *bio = BIO_new_mem_buf(pem->data != NULL ? pem->data : "", (int)pem->len);

    if (bio == NULL)
        return DP_ENOMEM;
    *out = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    BIO_free(bio);
    return *out != NULL ? DP_OK
                        : dp_fail(detail, DP_EFORMAT, "connection", "It shows no certificate.");
}

static enum dp_err get_certificate(X509 **out, const char *endpoint, unsigned within_ms,
                                   struct dp_detail *detail)
{
    struct dp_buf pem = DP_BUF_INIT(DP_PEER_CERTIFICATES_MAX);
    struct dp_detail said = {"", ""};
    enum dp_err err = dp_http_handshake(endpoint, within_ms, &pem, &said);

    if (err == DP_OK)
        err = read_certificate(out, &pem, detail);
    else if (err == DP_EINVAL)
        err = dp_fail(detail, err, "endpoint", "It is no https:// URL.");
    else
        err = dp_fail(detail, err, "connection", "%s",
                      said.text[0] != '\0' ? said.text : dp_err_text(err));
    dp_buf_free(&pem);
    return err;
}

/* --- its attestation --- */

static enum dp_err get_collateral(const struct dp_collateral **out, X509 *cert, bool anew,
                                  dp_peer_collateral *collateral, void *arg,
                                  struct dp_detail *detail)
{
    struct dp_buf quote = DP_BUF_INIT(DP_QUOTE_MAX);
    struct dp_detail said = {"", ""};
    enum dp_err err = dp_ratls_quote(&quote, cert, detail);

    if (err == DP_OK) {
        err = collateral(out, (struct dp_slice){quote.data, quote.len}, anew, arg, &said);
        if (err != DP_OK)
            err = dp_fail(detail, DP_EIO, "collateral", "%s",
                          said.text[0] != '\0' ? said.text : dp_err_text(err));
    }
    dp_buf_free(&quote);
    return err;
}

static bool is_out_of_date(const struct dp_ratls *ratls)
{
    const enum dp_dcap_failure failure = ratls->dcap.fault.failure;

    return failure == DP_DCAP_TCB_INFO_DATE || failure == DP_DCAP_QE_IDENTITY_DATE ||
           failure == DP_DCAP_CRL;
}

static enum dp_err verify(struct dp_ratls *out, X509 *cert, dp_peer_collateral *collateral,
                          void *arg, struct dp_detail *detail)
{
    const int64_t now = dp_clock_unix_ms() / 1000;
    const struct dp_collateral *held = NULL;
    enum dp_err err = get_collateral(&held, cert, false, collateral, arg, detail);

    if (err != DP_OK)
        return err;
    err = dp_ratls_verify(out, cert, held, now, detail);
    if (err == DP_EINVAL && is_out_of_date(out) &&
        get_collateral(&held, cert, true, collateral, arg, NULL) == DP_OK) {
        dp_ratls_free(out);
        err = dp_ratls_verify(out, cert, held, now, detail);
    }
    return err;
}

/* --- whose it is --- */

static enum dp_err check_peer(const struct dp_ratls *ratls, const struct dp_peer *peer,
                              struct dp_detail *detail)
{
    if (memcmp(ratls->app_id, peer->app_id, sizeof(ratls->app_id)) != 0)
        return dp_fail(detail, DP_EINVAL, "app_id",
                       "The quote is of another app than the contract names.");
    if (!ratls->has_instance_id)
        return dp_fail(detail, DP_EINVAL, "instance_id",
                       "The quote is of an app whose instances have no ids.");
    if (memcmp(ratls->instance_id, peer->instance_id, sizeof(ratls->instance_id)) != 0)
        return dp_fail(detail, DP_EINVAL, "instance_id",
                       "The quote is of another instance than the contract names.");
    return DP_OK;
}

enum dp_err dp_peer_verify(struct dp_ratls *out, const struct dp_peer *peer, unsigned within_ms,
                           dp_peer_collateral *collateral, void *arg, struct dp_detail *detail)
{
    X509 *cert = NULL;
    enum dp_err err;

    *out = (struct dp_ratls){.quote = DP_BUF_INIT(DP_QUOTE_MAX)};
    if (peer->network != DP_PEER_TLS_GATEWAY)
        return dp_fail(detail, DP_EINVAL, "endpoint",
                       "It is reached by a tunnel, which has a proof of its own.");
    err = get_certificate(&cert, peer->endpoint, within_ms, detail);
    if (err == DP_OK)
        err = verify(out, cert, collateral, arg, detail);
    if (err == DP_OK)
        err = check_peer(out, peer, detail);
    X509_free(cert);
    return err;
}
