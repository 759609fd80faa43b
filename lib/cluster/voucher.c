/* voucher.c - what a node's app signs to enter a cluster or to stay, and the calls that carry it.
 */
#include "cluster/voucher.h"

#include <stdlib.h>
#include <string.h>

#include "cluster/words.h"
#include "dstack/chain.h"
#include "ethereum/abi.h"

#define DOMAIN_TYPE                                                                                \
    "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
#define VOUCHER_TYPE                                                                               \
    "Voucher(address appId,uint256 tokenId,address instanceId,uint8 networkType,"                  \
    "string endpoint,bytes32 wireguardKey,uint256 nonce,uint256 deadline)"
#define RENEWAL_TYPE "Renewal(uint256 tokenId,address instanceId,uint256 nonce,uint256 deadline)"

#define REGISTER_PARAMETERS                                                                        \
    "(address appId,uint256 tokenId,address instanceId,uint8 networkType,string endpoint,"         \
    "bytes32 wireguardKey,uint256 nonce,uint256 deadline) voucher, bytes signature, "              \
    "(bytes appPubKey,bytes derivedPubKey,bytes appSignature,bytes kmsSignature,string purpose) "  \
    "proof"
#define RENEW_PARAMETERS "uint256 tokenId, uint256 nonce, uint256 deadline, bytes signature"

/* --- digests --- */

/* keccak-256(19 01 || domain separator || hashStruct). */
static void digest_of(uint8_t out[static DP_KECCAK_LEN], const struct dp_words *message,
                      uint64_t chain_id, const uint8_t *contract)
{
    uint8_t text[2 + 2 * DP_KECCAK_LEN] = {0x19, 0x01};
    struct dp_words domain = {.count = 0};

    dp_words_add_hash(&domain, DOMAIN_TYPE);
    dp_words_add_hash(&domain, "DstackClusterNFT");
    dp_words_add_hash(&domain, "1");
    dp_words_add_number(&domain, chain_id);
    dp_words_add_address(&domain, contract);
    dp_words_hash(text + 2, &domain);
    dp_words_hash(text + 2 + DP_KECCAK_LEN, message);
    dp_keccak256(out, text, sizeof(text));
}

void dp_voucher_digest(uint8_t out[static DP_KECCAK_LEN], const struct dp_voucher *voucher,
                       uint64_t chain_id, const uint8_t contract[static DP_ADDRESS_LEN])
{
    struct dp_words words = {.count = 0};

    dp_words_add_hash(&words, VOUCHER_TYPE);
    dp_words_add_address(&words, voucher->app_id);
    dp_words_add_number(&words, voucher->token_id);
    dp_words_add_address(&words, voucher->instance_id);
    dp_words_add_number(&words, voucher->network);
    dp_words_add_hash(&words, voucher->endpoint);
    dp_words_add(&words, voucher->wireguard_key);
    dp_words_add_number(&words, voucher->nonce);
    dp_words_add_number(&words, voucher->deadline);
    digest_of(out, &words, chain_id, contract);
}

void dp_renewal_digest(uint8_t out[static DP_KECCAK_LEN], const struct dp_renewal *renewal,
                       uint64_t chain_id, const uint8_t contract[static DP_ADDRESS_LEN])
{
    struct dp_words words = {.count = 0};

    dp_words_add_hash(&words, RENEWAL_TYPE);
    dp_words_add_number(&words, renewal->token_id);
    dp_words_add_address(&words, renewal->instance_id);
    dp_words_add_number(&words, renewal->nonce);
    dp_words_add_number(&words, renewal->deadline);
    digest_of(out, &words, chain_id, contract);
}

/* --- values, as the ABI encoder takes them --- */

static void add(struct json_object *values, struct json_object *value)
{
    if (value == NULL || json_object_array_add(values, value) != 0)
        abort();
}

static void add_bytes(struct json_object *values, const uint8_t *bytes, size_t len)
{
    add(values, dp_rpc_make_data(bytes, len));
}

/* As hex: JSON's numbers are taken up to 2^53 only. */
static void add_number(struct json_object *values, uint64_t number)
{
    add(values, dp_rpc_make_quantity(number));
}

static struct json_object *make_list(void)
{
    struct json_object *list = json_object_new_array();

    if (list == NULL)
        abort();
    return list;
}

static struct json_object *voucher_values(const struct dp_voucher *voucher)
{
    struct json_object *values = make_list();

    add_bytes(values, voucher->app_id, DP_ADDRESS_LEN);
    add_number(values, voucher->token_id);
    add_bytes(values, voucher->instance_id, DP_ADDRESS_LEN);
    add_number(values, voucher->network);
    add(values, json_object_new_string(voucher->endpoint));
    add_bytes(values, voucher->wireguard_key, DP_WORD_LEN);
    add_number(values, voucher->nonce);
    add_number(values, voucher->deadline);
    return values;
}

/* The app's key is in no answer of the agent: its signature gives it. */
static enum dp_err proof_values(struct json_object **out, const struct dp_voucher *voucher,
                                const struct dp_cluster_signature *by)
{
    const char *purpose = dp_cluster_key_purpose(DP_CLUSTER_KEY_VOUCHER);
    uint8_t app[DP_SECP_PUB_COMPRESSED_LEN], derived[DP_SECP_PUB_COMPRESSED_LEN];
    struct dp_chain chain;
    enum dp_err err = dp_chain_recover(&chain, by->public_key, purpose, voucher->app_id,
                                       by->app_signature, by->kms_signature);

    *out = NULL;
    if (err != DP_OK)
        return err;
    dp_secp_compress(app, chain.app_pub);
    dp_secp_compress(derived, by->public_key);
    *out = make_list();
    add_bytes(*out, app, sizeof(app));
    add_bytes(*out, derived, sizeof(derived));
    add_bytes(*out, by->app_signature, DP_SECP_SIG_LEN);
    add_bytes(*out, by->kms_signature, DP_SECP_SIG_LEN);
    add(*out, json_object_new_string(purpose));
    return DP_OK;
}

/* --- calls --- */

static enum dp_err write_call(struct dp_buf *out, const char *name, const char *parameters,
                              struct json_object *values, struct dp_detail *detail)
{
    uint8_t selector[DP_ABI_SELECTOR_LEN];
    struct dp_abi *abi = NULL;
    enum dp_err err = dp_abi_parse(&abi, parameters, detail);

    if (err == DP_OK)
        err = dp_abi_selector(selector, name, abi);
    if (err == DP_OK) {
        dp_buf_add(out, selector, sizeof(selector));
        err = dp_abi_encode(abi, out, values, detail);
    }
    dp_abi_free(abi);
    return err == DP_OK ? out->err : err;
}

enum dp_err dp_voucher_call(struct dp_buf *out, const struct dp_voucher *voucher,
                            const struct dp_cluster_signature *signed_by, struct dp_detail *detail)
{
    struct json_object *values = make_list(), *proof;
    enum dp_err err = proof_values(&proof, voucher, signed_by);

    if (err == DP_OK) {
        add(values, voucher_values(voucher));
        add_bytes(values, signed_by->signature, DP_SECP_SIG_LEN);
        add(values, proof);
        err = write_call(out, "registerPeer", REGISTER_PARAMETERS, values, detail);
    }
    json_object_put(values);
    return err;
}

enum dp_err dp_renewal_call(struct dp_buf *out, const struct dp_renewal *renewal,
                            const struct dp_cluster_signature *signed_by, struct dp_detail *detail)
{
    struct json_object *values = make_list();
    enum dp_err err;

    add_number(values, renewal->token_id);
    add_number(values, renewal->nonce);
    add_number(values, renewal->deadline);
    add_bytes(values, signed_by->signature, DP_SECP_SIG_LEN);
    err = write_call(out, "renewLease", RENEW_PARAMETERS, values, detail);
    json_object_put(values);
    return err;
}

static bool begins_with(const struct dp_buf *data, const char *name, const char *parameters)
{
    uint8_t selector[DP_ABI_SELECTOR_LEN];
    struct dp_abi *abi = NULL;
    bool result = dp_abi_parse(&abi, parameters, NULL) == DP_OK &&
                  dp_abi_selector(selector, name, abi) == DP_OK && data->len >= sizeof(selector) &&
                  memcmp(data->data, selector, sizeof(selector)) == 0;

    dp_abi_free(abi);
    return result;
}

bool dp_voucher_is_call(const struct dp_buf *data)
{
    return begins_with(data, "registerPeer", REGISTER_PARAMETERS) ||
           begins_with(data, "renewLease", RENEW_PARAMETERS);
}
