/* quote.c - an SGX or TDX quote as its parts. */
#include "attest/quote.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "base/hex.h"

#define BODY_SGX 1
#define BODY_TD10 2
#define BODY_TD15 3

_Static_assert(sizeof(struct dp_sgx_report) == 384, "an SGX report body has 384 bytes");
_Static_assert(sizeof(struct dp_td_report) == 584, "a TD report 1.0 has 584 bytes");
_Static_assert(sizeof(struct dp_td_report_15) == 64, "a TD report 1.5 has 648 bytes");

uint16_t dp_le16(const uint8_t in[static 2])
{
    return (uint16_t)(in[0] | in[1] << 8);
}

uint32_t dp_le32(const uint8_t in[static 4])
{
    return dp_le16(in) | (uint32_t)dp_le16(in + 2) << 16;
}

uint64_t dp_le64(const uint8_t in[static 8])
{
    return dp_le32(in) | (uint64_t)dp_le32(in + 4) << 32;
}

/* What is still to be read. The first take beyond the end sticks. */
struct reader {
    const uint8_t *p;
    size_t left;
    bool failed;
};

static const uint8_t zeros[sizeof(struct dp_td_report)];

/* The next len bytes, len at most that of zeros, which stand in where the input ends. */
static const uint8_t *take(struct reader *r, size_t len)
{
    const uint8_t *at = r->p;

    if (len > r->left)
        r->failed = true;
    if (r->failed)
        return zeros;
    r->p += len;
    r->left -= len;
    return at;
}

static struct dp_slice take_slice(struct reader *r, size_t len)
{
    const uint8_t *at = r->p;

    if (len > r->left)
        r->failed = true;
    if (r->failed)
        return (struct dp_slice){(const char *)zeros, 0};
    r->p += len;
    r->left -= len;
    return (struct dp_slice){(const char *)at, len};
}

static struct reader reader_of(struct dp_slice slice, bool failed)
{
    return (struct reader){(const uint8_t *)slice.data, slice.len, failed};
}

static enum dp_err refuse(struct dp_detail *detail, const char *field, const char *sentence)
{
    return dp_fail(detail, DP_EFORMAT, field, "%s", sentence);
}

static void read_header(struct dp_quote *q, struct reader *r)
{
    q->version = dp_le16(take(r, 2));
    q->key_type = dp_le16(take(r, 2));
    q->tee_type = dp_le32(take(r, 4));
    q->qe_svn = dp_le16(take(r, 2));
    q->pce_svn = dp_le16(take(r, 2));
    q->qe_vendor_id = take(r, 16);
    q->user_data = take(r, 20);
}

static enum dp_err check_header(const struct dp_quote *q, struct dp_detail *detail)
{
    if (q->version < 3 || q->version > 5)
        return dp_fail(detail, DP_EFORMAT, "header", "The quote is of version %u, not 3, 4 or 5.",
                       q->version);
    if (q->tee_type != DP_QUOTE_TEE_SGX && q->tee_type != DP_QUOTE_TEE_TDX)
        return dp_fail(detail, DP_EFORMAT, "header",
                       "The quote is of TEE type 0x%x, neither SGX (0) nor TDX (0x81).",
                       (unsigned)q->tee_type);
    if (q->version == 3 && q->tee_type != DP_QUOTE_TEE_SGX)
        return refuse(detail, "header", "Quotes of version 3 are of SGX only.");
    return DP_OK;
}

/* Version 5 says which report it holds; before that the TEE type did. */
static enum dp_err read_body(struct dp_quote *q, struct reader *r, struct dp_detail *detail)
{
    static const uint32_t sizes[] = {[BODY_SGX] = 384, [BODY_TD10] = 584, [BODY_TD15] = 648};
    unsigned type = q->tee_type == DP_QUOTE_TEE_TDX ? BODY_TD10 : BODY_SGX;

    if (q->version == 5) {
        type = q->body_type = dp_le16(take(r, 2));
        q->body_size = dp_le32(take(r, 4));
        if (!r->failed && (type < BODY_SGX || type > BODY_TD15 || q->body_size != sizes[type]))
            return dp_fail(detail, DP_EFORMAT, "format",
                           "The quote has no report of type %u with %u bytes.", type,
                           (unsigned)q->body_size);
    }
    if (type == BODY_SGX)
        q->sgx = (const struct dp_sgx_report *)take(r, sizeof(*q->sgx));
    else
        q->td = (const struct dp_td_report *)take(r, sizeof(*q->td));
    if (type == BODY_TD15)
        q->td15 = (const struct dp_td_report_15 *)take(r, sizeof(*q->td15));
    return r->failed ? refuse(detail, "format", "The quote ends within its report.") : DP_OK;
}

static enum dp_err read_signature(struct dp_quote *q, struct reader r, struct dp_detail *detail)
{
    q->signature = take(&r, 64);
    q->key = take(&r, 64);
    if (q->version >= 4) {
        struct dp_slice inner;

        q->outer_type = dp_le16(take(&r, 2));
        inner = take_slice(&r, dp_le32(take(&r, 4)));
        r = reader_of(inner, r.failed);
    }
    q->qe_report = (const struct dp_sgx_report *)take(&r, sizeof(*q->qe_report));
    q->qe_signature = take(&r, 64);
    q->qe_auth = take_slice(&r, dp_le16(take(&r, 2)));
    q->cert_type = dp_le16(take(&r, 2));
    q->cert_data = take_slice(&r, dp_le32(take(&r, 4)));
    return r.failed ? refuse(detail, "format", "The quote's signature data ends too early.")
                    : DP_OK;
}

static enum dp_err parse(struct dp_quote *q, struct reader *r, struct dp_detail *detail)
{
    const uint8_t *start = r->p;
    struct dp_slice data;
    enum dp_err err;

    read_header(q, r);
    if (r->failed)
        return refuse(detail, "format", "The quote ends within its header.");
    err = check_header(q, detail);
    if (err == DP_OK)
        err = read_body(q, r, detail);
    if (err != DP_OK)
        return err;
    q->signed_part = (struct dp_slice){(const char *)start, (size_t)(r->p - start)};
    data = take_slice(r, dp_le32(take(r, 4)));
    q->trailing = r->left;
    if (r->failed)
        return refuse(detail, "format", "The quote ends before its signature data does.");
    return read_signature(q, reader_of(data, false), detail);
}

enum dp_err dp_quote_parse(struct dp_quote *out, const uint8_t *data, size_t len,
                           struct dp_detail *detail)
{
    struct reader r = {data, len, false};
    enum dp_err err;

    memset(out, 0, sizeof(*out));
    if (len > DP_QUOTE_MAX)
        return dp_fail(detail, DP_ETOOBIG, "format", "The quote has over %d bytes.", DP_QUOTE_MAX);
    err = parse(out, &r, detail);
    if (err != DP_OK)
        memset(out, 0, sizeof(*out));
    return err;
}

enum dp_err dp_quote_bytes(struct dp_buf *out, const char *text, size_t len)
{
    struct dp_slice hex = {text, len};
    char *room;
    size_t got;

    while (hex.len > 0 && isspace((unsigned char)hex.data[hex.len - 1]))
        hex.len--;
    for (; hex.len > 0 && isspace((unsigned char)hex.data[0]); hex.len--)
        hex.data++;
    /* A quote begins with its version, 3 to 5, which is no digit of a text. */
    if (hex.len == 0 || !isxdigit((unsigned char)hex.data[0])) {
        dp_buf_add(out, text, len);
        return out->err;
    }
    room = dp_buf_room(out, hex.len / 2);
    if (room == NULL)
        return out->err;
    if (dp_hex_decode((uint8_t *)room, hex.len / 2, &got, hex.data, hex.len) != DP_OK)
        return DP_EHEX;
    dp_buf_grew(out, got);
    return DP_OK;
}

const char *dp_quote_kind(const struct dp_quote *quote)
{
    if (quote->sgx != NULL)
        return "sgx";
    return quote->td15 != NULL ? "td15" : "td10";
}
