/* err.h - every error that a call in this library can return, and the detail that goes with it. */
#ifndef DP_BASE_ERR_H
#define DP_BASE_ERR_H

#include <stddef.h>

#define DP_MUST_CHECK __attribute__((warn_unused_result))
#define DP_PRINTF(fmt, first) __attribute__((format(printf, fmt, first)))

/*
 * name, what it means. The first group is for callers inside the program; the second names a
 * fault in something that a client sent, and lib/web turns each into one status and one code.
 */
#define DP_ERRORS(X)                                                                               \
    X(DP_OK, "success")                                                                            \
    X(DP_ENOMEM, "out of memory")                                                                  \
    X(DP_EINVAL, "an argument is not valid")                                                       \
    X(DP_ETOOBIG, "larger than the limit")                                                         \
    X(DP_EIO, "reading or writing failed")                                                         \
    X(DP_ETIMEOUT, "the deadline has passed")                                                      \
    X(DP_EFORMAT, "the data is not of the expected form")                                          \
    X(DP_ECRYPTO, "the cryptographic library failed")                                              \
    X(DP_ECONFIG, "a setting has a bad value")                                                     \
    X(DP_EGUEST, "the dstack guest agent gave no usable answer")                                   \
    X(DP_ERPC, "the Ethereum node refused the request")                                            \
    X(DP_ESTORE, "the database gave no usable answer")                                             \
    X(DP_ESELFTEST, "the self-test failed")                                                        \
    X(DP_ESANDBOX, "the kernel refuses a part of the sandbox")                                     \
    X(DP_EKEYMISMATCH, "the derived key is not the one on record")                                 \
    X(DP_EJSON, "the body is not one JSON object")                                                 \
    X(DP_EDUPLICATE, "a field is given twice")                                                     \
    X(DP_EMISSING, "a field is missing")                                                           \
    X(DP_ETYPE, "a field has the wrong type")                                                      \
    X(DP_ECONFLICT, "two fields contradict each other")                                            \
    X(DP_EEMAIL, "not an email address")                                                           \
    X(DP_EUSERID, "not a user id")                                                                 \
    X(DP_EPARAM, "a query parameter is not valid")                                                 \
    X(DP_EHEX, "not hex")                                                                          \
    X(DP_EPUBKEY, "not a secp256k1 public key")                                                    \
    X(DP_EADDRESS, "not an Ethereum address")                                                      \
    X(DP_ESIGNATURE, "not an ECDSA signature")                                                     \
    X(DP_ESCHEME, "not a known signing scheme")                                                    \
    X(DP_EMESSAGE, "the message is too long")                                                      \
    X(DP_ETXLIKE, "the message could be a transaction")                                            \
    X(DP_ETYPEDDATA, "not typed data by EIP-712")                                                  \
    X(DP_EBATCH, "more items than a batch may have")                                               \
    X(DP_EBODY, "the body is too long")                                                            \
    X(DP_EMEDIA, "the body's content type is not application/json")                                \
    X(DP_EUNAUTHORIZED, "no valid token")                                                          \
    X(DP_EFORBIDDEN, "the token does not allow this")                                              \
    X(DP_EORIGIN, "the request comes from another site")                                           \
    X(DP_EUNKNOWNUSER, "no such user")                                                             \
    X(DP_EUSEREXISTS, "the user id is taken")                                                      \
    X(DP_EEMAILEXISTS, "the email address is taken")                                               \
    X(DP_ENAMESPACE, "not a namespace to rotate to")                                               \
    X(DP_ENAMESPACEUSED, "the user has or had a key in this namespace")                            \
    X(DP_ETOOMANYKEYS, "the user has had too many keys")                                           \
    X(DP_ETOKENNAME, "not a name for a token")                                                     \
    X(DP_ETOOMANYTOKENS, "the user has too many tokens")                                           \
    X(DP_EADMINTOKENFIXED, "the admin token is a setting")                                         \
    X(DP_ENOCLUSTER, "this node is in no cluster")                                                 \
    X(DP_EPEERS, "the list of peers cannot be read")                                               \
    X(DP_ENOTFOUND, "no such resource")                                                            \
    X(DP_EMETHOD, "the method is not allowed here")

#define DP_ERR_NAME(name, text) name,
enum dp_err { DP_ERRORS(DP_ERR_NAME) DP_ERR_COUNT };
#undef DP_ERR_NAME

/* The sentence of an error, for logs and messages. Static; never NULL. */
const char *dp_err_text(enum dp_err err);

/* What went wrong, in words that help whoever sent the input. The caller owns it. */
struct dp_detail {
    char field[160]; /* the field or variable at fault, or "" */
    char text[320];  /* one sentence, or "" */
};

/**
 * Fill a detail and hand the error back, so that a refusal is one line.
 *
 * Out: detail  may be NULL
 * In:  field   name of the field at fault, or NULL
 * Returns: err, unchanged
 */
enum dp_err dp_fail(struct dp_detail *detail, enum dp_err err, const char *field, const char *fmt,
                    ...) DP_PRINTF(4, 5);

/* The same as one line for a person: "field: text", or the error's sentence where there is no text.
 * In: detail  may be NULL
 */
void dp_explain(char *out, size_t size, enum dp_err err, const struct dp_detail *detail);

#endif
