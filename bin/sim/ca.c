/* ca.c - the app's certificate authority, out of appkeys.json. Holds its key. */
#include "ca.h"

#include <string.h>

#include <openssl/asn1.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "base/json.h"

#define DSTACK_ARC "1.3.6.1.4.1.62397.1."
#define SPECIAL_USAGE DSTACK_ARC "4"
#define ATTESTATION DSTACK_ARC "8"
#define APP_INFO DSTACK_ARC "9"
#define SERIAL_LEN 20

/* --- reading --- */

static X509 *read_cert(struct dp_slice pem)
{
    BIO *bio = BIO_new_mem_buf(pem.data, (int)pem.len);
    X509 *cert = PEM_read_bio_X509(bio, NULL, NULL, NULL);

    BIO_free(bio);
    return cert;
}

static EVP_PKEY *read_key(struct dp_slice pem)
{
    BIO *bio = BIO_new_mem_buf(pem.data, (int)pem.len);
    EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);

    BIO_free(bio);
    return key;
}

/* The key provider is an object of one member, named by its kind; all but a KMS hold the key. */
static enum dp_err read_provider(struct sim_ca *out, struct json_object *keys, const char *path,
                                 struct dp_detail *detail)
{
    struct json_object *provider = NULL, *kind = NULL;
    struct json_object_iterator it;
    struct dp_slice pem;

    if (!json_object_object_get_ex(keys, "key_provider", &provider) ||
        !json_object_is_type(provider, json_type_object) ||
        json_object_object_length(provider) != 1)
        return dp_fail(detail, DP_EFORMAT, path, "%s has no key_provider of one kind", path);
    it = json_object_iter_begin(provider);
    kind = json_object_iter_peek_value(&it);
    if (strcmp(json_object_iter_peek_name(&it), "Kms") == 0)
        return DP_OK;
    if (!json_object_is_type(kind, json_type_object) ||
        dp_json_string(&pem, kind, "key", NULL) != DP_OK)
        return dp_fail(detail, DP_EFORMAT, path, "%s: key_provider has no key", path);
    out->key = read_key(pem);
    /* The parser's copy, which nobody reads again. */
    OPENSSL_cleanse((char *)pem.data, pem.len);
    if (out->key == NULL || X509_check_private_key(out->cert, out->key) != 1)
        return dp_fail(detail, DP_EFORMAT, path, "%s: the key of key_provider is not ca_cert's",
                       path);
    return DP_OK;
}

enum dp_err sim_ca_read(struct sim_ca *out, struct json_object *keys, const char *path,
                        struct dp_detail *detail)
{
    struct dp_slice pem;

    *out = (struct sim_ca){NULL, NULL};
    if (dp_json_string(&pem, keys, "ca_cert", NULL) == DP_OK)
        out->cert = read_cert(pem);
    if (out->cert == NULL)
        return dp_fail(detail, DP_EFORMAT, path, "%s has no certificate in ca_cert", path);
    return read_provider(out, keys, path, detail);
}

void sim_ca_free(struct sim_ca *ca)
{
    X509_free(ca->cert);
    EVP_PKEY_free(ca->key);
    *ca = (struct sim_ca){NULL, NULL};
}

/* --- issuing; each part says whether it was done --- */

static bool set_serial(X509 *cert)
{
    uint8_t bytes[SERIAL_LEN];
    BIGNUM *number;
    bool done;

    if (RAND_bytes(bytes, sizeof(bytes)) != 1)
        return false;
    bytes[0] = (bytes[0] & 0x7f) | 0x40; /* positive, and always of this length */
    number = BN_bin2bn(bytes, sizeof(bytes), NULL);
    done = number != NULL && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(cert)) != NULL;
    BN_free(number);
    return done;
}

/* As it is: OpenSSL's own limits for a common name are not dstack's. */
static bool set_subject(X509 *cert, struct dp_slice name)
{
    X509_NAME *subject = X509_NAME_new();
    X509_NAME_ENTRY *entry = X509_NAME_ENTRY_create_by_NID(
        NULL, NID_commonName, V_ASN1_UTF8STRING, (const unsigned char *)name.data, (int)name.len);
    bool done = subject != NULL && entry != NULL &&
                X509_NAME_add_entry(subject, entry, -1, 0) == 1 &&
                X509_set_subject_name(cert, subject) == 1;

    X509_NAME_ENTRY_free(entry);
    X509_NAME_free(subject);
    return done;
}

static bool add_by_text(X509 *cert, const struct sim_ca *ca, int nid, const char *value)
{
    X509V3_CTX ctx;
    X509_EXTENSION *extension;
    bool done;

    X509V3_set_ctx(&ctx, ca->cert, cert, NULL, NULL, 0);
    extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    done = extension != NULL && X509_add_ext(cert, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return done;
}

static bool add_usages(X509 *cert, const struct sim_ca *ca, const struct sim_leaf *leaf)
{
    static const char *const extended[] = {NULL, "serverAuth", "clientAuth",
                                           "serverAuth,clientAuth"};
    const char *usage = extended[(leaf->server_auth ? 1 : 0) + (leaf->client_auth ? 2 : 0)];

    return add_by_text(cert, ca, NID_key_usage, "critical,digitalSignature") &&
           add_by_text(cert, ca, NID_basic_constraints, "critical,CA:FALSE") &&
           add_by_text(cert, ca, NID_subject_key_identifier, "hash") &&
           add_by_text(cert, ca, NID_authority_key_identifier, "keyid") &&
           (usage == NULL || add_by_text(cert, ca, NID_ext_key_usage, usage));
}

static GENERAL_NAME *general_name(struct dp_slice text)
{
    GENERAL_NAME *name = GENERAL_NAME_new();
    ASN1_OCTET_STRING *address = a2i_IPADDRESS(text.data);
    ASN1_IA5STRING *host = address == NULL ? ASN1_IA5STRING_new() : NULL;

    if (name != NULL && address != NULL) {
        GENERAL_NAME_set0_value(name, GEN_IPADD, address);
        return name;
    }
    if (name != NULL && host != NULL && ASN1_STRING_set(host, text.data, (int)text.len) == 1) {
        GENERAL_NAME_set0_value(name, GEN_DNS, host);
        return name;
    }
    ASN1_OCTET_STRING_free(address);
    ASN1_IA5STRING_free(host);
    GENERAL_NAME_free(name);
    return NULL;
}

static bool add_names(X509 *cert, const struct sim_leaf *leaf)
{
    GENERAL_NAMES *names = GENERAL_NAMES_new();
    bool done = names != NULL;

    for (size_t i = 0; done && i < leaf->name_count; i++) {
        GENERAL_NAME *name = general_name(leaf->names[i]);

        done = name != NULL && sk_GENERAL_NAME_push(names, name) > 0;
        if (!done)
            GENERAL_NAME_free(name);
    }
    done = done && (leaf->name_count == 0 ||
                    X509_add1_ext_i2d(cert, NID_subject_alt_name, names, 0, 0) == 1);
    GENERAL_NAMES_free(names);
    return done;
}

/* dstack wraps what it says in an OCTET STRING of its own. */
static bool add_own(X509 *cert, const char *oid, struct dp_slice content)
{
    ASN1_OBJECT *object = OBJ_txt2obj(oid, 1);
    ASN1_OCTET_STRING *inner = ASN1_OCTET_STRING_new(), *outer = ASN1_OCTET_STRING_new();
    X509_EXTENSION *extension = NULL;
    unsigned char *der = NULL;
    int len = -1;
    bool done;

    if (inner != NULL &&
        ASN1_OCTET_STRING_set(inner, (const uint8_t *)content.data, (int)content.len) == 1)
        len = i2d_ASN1_OCTET_STRING(inner, &der);
    if (object != NULL && outer != NULL && len > 0 && ASN1_OCTET_STRING_set(outer, der, len) == 1)
        extension = X509_EXTENSION_create_by_OBJ(NULL, object, 0, outer);
    done = extension != NULL && X509_add_ext(cert, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    OPENSSL_free(der);
    ASN1_OCTET_STRING_free(inner);
    ASN1_OCTET_STRING_free(outer);
    ASN1_OBJECT_free(object);
    return done;
}

static bool add_all_own(X509 *cert, const struct sim_leaf *leaf)
{
    return add_own(cert, SPECIAL_USAGE, (struct dp_slice){"app:custom", 10}) &&
           (leaf->attestation.data == NULL || add_own(cert, ATTESTATION, leaf->attestation)) &&
           (leaf->app_info.data == NULL || add_own(cert, APP_INFO, leaf->app_info));
}

static bool set_times(X509 *cert, const struct sim_leaf *leaf)
{
    return ASN1_TIME_set(X509_getm_notBefore(cert), leaf->not_before) != NULL &&
           ASN1_TIME_set(X509_getm_notAfter(cert), leaf->not_after) != NULL;
}

static bool fill(X509 *cert, const struct sim_ca *ca, EVP_PKEY *key, const struct sim_leaf *leaf)
{
    return X509_set_version(cert, X509_VERSION_3) == 1 && set_serial(cert) &&
           set_times(cert, leaf) &&
           X509_set_issuer_name(cert, X509_get_subject_name(ca->cert)) == 1 &&
           set_subject(cert, leaf->subject) && X509_set_pubkey(cert, key) == 1 &&
           add_usages(cert, ca, leaf) && add_names(cert, leaf) && add_all_own(cert, leaf) &&
           X509_sign(cert, ca->key, EVP_sha256()) > 0;
}

static enum dp_err write_pem(struct dp_buf *out, X509 *cert)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *text = NULL;

    if (bio != NULL && PEM_write_bio_X509(bio, cert) == 1) {
        long len = BIO_get_mem_data(bio, &text);

        dp_buf_add(out, text, (size_t)len);
    }
    BIO_free(bio);
    return text != NULL ? out->err : DP_ENOMEM;
}

enum dp_err sim_ca_issue(const struct sim_ca *ca, struct dp_buf *pem, EVP_PKEY *key,
                         const struct sim_leaf *leaf)
{
    X509 *cert = X509_new();
    enum dp_err err = DP_ECRYPTO;

    if (cert == NULL)
        return DP_ENOMEM;
    if (fill(cert, ca, key, leaf))
        err = write_pem(pem, cert);
    X509_free(cert);
    return err;
}

enum dp_err sim_ca_write(const struct sim_ca *ca, struct dp_buf *pem)
{
    return write_pem(pem, ca->cert);
}
