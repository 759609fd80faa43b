/* transaction.c - transactions of type 2 (EIP-1559), to be signed and sent. */
#include "ethereum/transaction.h"

#include <assert.h>
#include <string.h>

#include "ethereum/rlp.h"

#define TYPE "\x02"

static void add_fields(struct dp_buf *out, const struct dp_transaction *t)
{
    dp_rlp_add_uint64(out, t->chain_id);
    dp_rlp_add_uint64(out, t->nonce);
    dp_rlp_add_uint64(out, t->max_priority_fee);
    dp_rlp_add_uint64(out, t->max_fee);
    dp_rlp_add_uint64(out, t->gas);
    dp_rlp_add_string(out, t->to, t->to != NULL ? DP_ADDRESS_LEN : 0);
    dp_rlp_add_number(out, t->value, sizeof(t->value));
    dp_rlp_add_string(out, t->data, t->data_len);
    dp_rlp_add_list(out, NULL, 0);
}

/* sig may be NULL: then what is signed. */
static enum dp_err write_all(struct dp_buf *out, const struct dp_transaction *t, const uint8_t *sig)
{
    struct dp_buf fields = DP_BUF_INIT(DP_TRANSACTION_MAX);

    add_fields(&fields, t);
    if (sig != NULL) {
        dp_rlp_add_uint64(&fields, sig[DP_SECP_RS_LEN]);
        dp_rlp_add_number(&fields, sig, 32);
        dp_rlp_add_number(&fields, sig + 32, 32);
    }
    if (fields.err == DP_OK) {
        dp_buf_add(out, TYPE, 1);
        dp_rlp_add_list(out, fields.data, fields.len);
    } else if (out->err == DP_OK) {
        out->err = fields.err;
    }
    dp_buf_free(&fields);
    return out->err;
}

enum dp_err dp_transaction_digest(uint8_t out[static DP_KECCAK_LEN],
                                  const struct dp_transaction *transaction)
{
    struct dp_buf text = DP_BUF_INIT(DP_TRANSACTION_MAX);
    enum dp_err err = write_all(&text, transaction, NULL);

    if (err == DP_OK)
        dp_keccak256(out, text.data, text.len);
    dp_buf_free(&text);
    return err;
}

enum dp_err dp_transaction_write(struct dp_buf *out, const struct dp_transaction *transaction,
                                 const uint8_t sig[static DP_SECP_SIG_LEN])
{
    assert(sig[DP_SECP_RS_LEN] <= 1);
    return write_all(out, transaction, sig);
}

void dp_create_address(uint8_t out[static DP_ADDRESS_LEN],
                       const uint8_t from[static DP_ADDRESS_LEN], uint64_t nonce)
{
    uint8_t text[1 + 1 + DP_ADDRESS_LEN + 1 + sizeof(nonce)], digest[DP_KECCAK_LEN];
    size_t len = 1;

    text[len++] = 0x80 + DP_ADDRESS_LEN;
    memcpy(text + len, from, DP_ADDRESS_LEN);
    len += DP_ADDRESS_LEN;
    if (nonce > 0 && nonce < 0x80) {
        text[len++] = (uint8_t)nonce;
    } else {
        size_t bytes = 0;

        while (bytes < sizeof(nonce) && nonce >> 8 * bytes != 0)
            bytes++;
        text[len++] = (uint8_t)(0x80 + bytes);
        while (bytes-- > 0)
            text[len++] = (uint8_t)(nonce >> 8 * bytes);
    }
    text[0] = (uint8_t)(0xc0 + len - 1);
    dp_keccak256(digest, text, len);
    memcpy(out, digest + DP_KECCAK_LEN - DP_ADDRESS_LEN, DP_ADDRESS_LEN);
}
