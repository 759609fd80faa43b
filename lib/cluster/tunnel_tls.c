/* tunnel_tls.c - TLS for streams of datagrams: a wrapper that gets them through a gateway. */
#include "cluster/tunnel_tls.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#define NAME "devproof"
#define DAY_S 86400
#define YEARS_S (20L * 365 * DAY_S)

static bool describe(X509 *certificate, EVP_PKEY *pair)
{
    X509_NAME *name = X509_get_subject_name(certificate);

    return X509_set_version(certificate, X509_VERSION_3) == 1 &&
           ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1) == 1 &&
           X509_gmtime_adj(X509_getm_notBefore(certificate), -DAY_S) != NULL &&
           X509_gmtime_adj(X509_getm_notAfter(certificate), YEARS_S) != NULL &&
           X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)NAME, -1, -1,
                                      0) == 1 &&
           X509_set_issuer_name(certificate, name) == 1 &&
           X509_set_pubkey(certificate, pair) == 1 &&
           X509_sign(certificate, pair, EVP_sha256()) > 0;
}

static bool use_certificate(SSL_CTX *context)
{
    EVP_PKEY *pair = EVP_EC_gen("P-256");
    X509 *certificate = X509_new();
    const bool done = pair != NULL && certificate != NULL && describe(certificate, pair) &&
                      SSL_CTX_use_certificate(context, certificate) == 1 &&
                      SSL_CTX_use_PrivateKey(context, pair) == 1;

    X509_free(certificate);
    EVP_PKEY_free(pair);
    return done;
}

/* Buffers are held by streams that need them alone: most are idle. What is sent later may have
 * moved, and grown, by then. */
static SSL_CTX *make(const SSL_METHOD *method)
{
    SSL_CTX *context = SSL_CTX_new(method);

    if (context == NULL || SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION) != 1) {
        SSL_CTX_free(context);
        return NULL;
    }
    SSL_CTX_set_verify(context, SSL_VERIFY_NONE, NULL);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_num_tickets(context, 0);
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                  SSL_MODE_RELEASE_BUFFERS);
    return context;
}

enum dp_err dp_tunnel_tls_open(struct dp_tunnel_tls *out, bool serves)
{
    bool done;

    *out = (struct dp_tunnel_tls){.client = make(TLS_client_method())};
    if (serves)
        out->server = make(TLS_server_method());
    done =
        out->client != NULL && (!serves || (out->server != NULL && use_certificate(out->server)));
    ERR_clear_error();
    return done ? DP_OK : DP_ECRYPTO;
}

void dp_tunnel_tls_close(struct dp_tunnel_tls *tls)
{
    SSL_CTX_free(tls->client);
    SSL_CTX_free(tls->server);
    *tls = (struct dp_tunnel_tls){.client = NULL};
}
