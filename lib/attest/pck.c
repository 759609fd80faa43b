/* pck.c - what a PCK certificate says of its platform. */
#include "attest/pck.h"

#include <stdbool.h>
#include <string.h>

#include <openssl/err.h>

#define EXTENSION "1.2.840.113741.1.13.1"

/* The same as DER, for what is below it. */
static const uint8_t arc[] = {0x2a, 0x86, 0x48, 0x86, 0xf8, 0x4d, 0x01, 0x0d, 0x01};

struct der {
    const unsigned char *p;
    long left;
};

/* The next element, which has to have this tag, and what it holds. False at the end, too. */
static bool element(struct der *in, int want, struct der *content)
{
    const unsigned char *p = in->p;
    int tag, class;
    long len;

    /* 0x80: malformed, or longer than what is left; 1: no end is given. */
    if (in->left <= 0 || (ASN1_get_object(&p, &len, &tag, &class, in->left) & 0x81) != 0 ||
        class != V_ASN1_UNIVERSAL || tag != want)
        return false;
    *content = (struct der){p, len};
    in->left -= (long)(p - in->p) + len;
    in->p = p + len;
    return true;
}

/* What stands beside an object identifier, exactly once, in a sequence of such pairs. */
static bool find(struct der pairs, const uint8_t *oid, size_t oid_len, int want,
                 struct der *content)
{
    bool found = false;

    while (pairs.left > 0) {
        struct der pair, name, value;

        if (!element(&pairs, V_ASN1_SEQUENCE, &pair) || !element(&pair, V_ASN1_OBJECT, &name))
            return false;
        if (name.left != (long)oid_len || memcmp(name.p, oid, oid_len) != 0)
            continue;
        if (found || !element(&pair, want, &value) || pair.left != 0)
            return false;
        *content = value;
        found = true;
    }
    return found;
}

static bool find_below(struct der pairs, const uint8_t *tail, size_t len, int want,
                       struct der *content)
{
    uint8_t oid[sizeof(arc) + 2];

    memcpy(oid, arc, sizeof(arc));
    memcpy(oid + sizeof(arc), tail, len);
    return find(pairs, oid, sizeof(arc) + len, want, content);
}

#define FIND(pairs, want, content, ...)                                                            \
    find_below(pairs, (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}),      \
               want, content)

static bool octets(uint8_t *out, long len, struct der value)
{
    if (value.left != len)
        return false;
    memcpy(out, value.p, (size_t)len);
    return true;
}

static bool read_extension(struct dp_pck *out, struct der in)
{
    struct der all, tcb, value;

    if (!element(&in, V_ASN1_SEQUENCE, &all) || in.left != 0 ||
        !FIND(all, V_ASN1_OCTET_STRING, &value, 1) || !octets(out->ppid, 16, value) ||
        !FIND(all, V_ASN1_OCTET_STRING, &value, 4) || !octets(out->fmspc, 6, value) ||
        !FIND(all, V_ASN1_SEQUENCE, &tcb, 2) || !FIND(tcb, V_ASN1_OCTET_STRING, &value, 2, 18) ||
        !octets(out->cpusvn, 16, value) || !FIND(tcb, V_ASN1_INTEGER, &value, 2, 17) ||
        value.left < 1 || value.left > 2)
        return false;
    out->pcesvn = value.left == 1 ? value.p[0] : (uint32_t)(value.p[0] << 8 | value.p[1]);
    return true;
}

enum dp_err dp_pck_read(struct dp_pck *out, X509 *cert)
{
    ASN1_OBJECT *oid = OBJ_txt2obj(EXTENSION, 1);
    const ASN1_OCTET_STRING *data;
    bool ok = false;
    int at;

    memset(out, 0, sizeof(*out));
    if (oid == NULL)
        return DP_ENOMEM;
    at = X509_get_ext_by_OBJ(cert, oid, -1);
    if (at >= 0 && X509_get_ext_by_OBJ(cert, oid, at) < 0) {
        data = X509_EXTENSION_get_data(X509_get_ext(cert, at));
        ok = read_extension(out,
                            (struct der){ASN1_STRING_get0_data(data), ASN1_STRING_length(data)});
    }
    ASN1_OBJECT_free(oid);
    ERR_clear_error();
    if (!ok)
        memset(out, 0, sizeof(*out));
    return ok ? DP_OK : DP_EFORMAT;
}
