/* peers.c - the peers of a cluster contract at one block, proven by its storage. */
#include "cluster/peers.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "cluster/words.h"
#include "crypto/set_hash.h"
#include "ethereum/abi.h"

#define SLOT_NAME "devproof.cluster.peersDigest"
#define PEER_TYPE                                                                                  \
    "Peer(uint256 tokenId,address appId,address instanceId,uint8 networkType,"                     \
    "uint256 leaseUntil,bytes32 wireguardKey,string endpoint)"
#define PEER_ABI                                                                                   \
    "(uint256 tokenId,address appId,address instanceId,uint8 networkType,"                         \
    "uint256 leaseUntil,bytes32 wireguardKey,string endpoint)"
#define GET_PEERS "getPeers(uint256,uint256)"
#define PAGE 256 /* peers of one call: no node's limit on gas or size is near */

void dp_peers_slot(uint8_t out[static DP_WORD_LEN])
{
    dp_keccak256(out, SLOT_NAME, strlen(SLOT_NAME));
}

/* --- the digest of a list --- */

static void member_of(uint8_t out[static DP_KECCAK_LEN], const struct dp_peer *peer)
{
    struct dp_words words = {.count = 0};

    dp_words_add_hash(&words, PEER_TYPE);
    dp_words_add_number(&words, peer->token_id);
    dp_words_add_address(&words, peer->app_id);
    dp_words_add_address(&words, peer->instance_id);
    dp_words_add_number(&words, peer->network);
    dp_words_add_number(&words, peer->lease_until);
    dp_words_add(&words, peer->wireguard_key);
    dp_words_add_hash(&words, peer->endpoint);
    dp_words_hash(out, &words);
}

enum dp_err dp_peers_digest(uint8_t out[static DP_KECCAK_LEN], const struct dp_peer *list,
                            size_t count)
{
    uint8_t(*members)[DP_KECCAK_LEN] = calloc(count + 1, sizeof(*members));
    enum dp_err err;

    if (members == NULL)
        return DP_ENOMEM;
    for (size_t i = 0; i < count; i++)
        member_of(members[i], &list[i]);
    err = dp_set_hash(out, (const uint8_t(*)[DP_KECCAK_LEN])members, count);
    free(members);
    return err;
}

bool dp_peer_is_active(const struct dp_peer *peer, uint64_t time)
{
    return time <= peer->lease_until;
}

/* --- one peer of an answer, decoded: [tokenId, appId, ...] --- */

static struct json_object *member(struct json_object *tuple, size_t index)
{
    return json_object_array_get_idx(tuple, index);
}

static enum dp_err read_number(uint64_t *out, struct json_object *tuple, size_t index)
{
    const char *text = json_object_get_string(member(tuple, index));
    char *end;

    *out = strtoull(text, &end, 10);
    /* What is larger comes back as ULLONG_MAX, which no time and no token is. */
    return *end != '\0' || *out == UINT64_MAX ? DP_EFORMAT : DP_OK;
}

/* One with a NUL in it would hash as another. */
static enum dp_err read_endpoint(char out[static DP_PEER_ENDPOINT_MAX + 1],
                                 struct json_object *text)
{
    const size_t len = (size_t)json_object_get_string_len(text);

    if (len > DP_PEER_ENDPOINT_MAX || strlen(json_object_get_string(text)) != len)
        return DP_EFORMAT;
    memcpy(out, json_object_get_string(text), len + 1);
    return DP_OK;
}

static enum dp_err read_peer(struct dp_peer *out, struct json_object *tuple)
{
    uint64_t network = 0;
    enum dp_err err = read_number(&out->token_id, tuple, 0);

    if (err == DP_OK)
        err = dp_address_parse(out->app_id, json_object_get_string(member(tuple, 1)));
    if (err == DP_OK)
        err = dp_address_parse(out->instance_id, json_object_get_string(member(tuple, 2)));
    if (err == DP_OK)
        err = read_number(&network, tuple, 3);
    if (err == DP_OK && network >= DP_PEER_NETWORK_COUNT)
        err = DP_EFORMAT;
    out->network = (enum dp_peer_network)network;
    if (err == DP_OK)
        err = read_number(&out->lease_until, tuple, 4);
    if (err == DP_OK)
        err = dp_hex_decode_exact(out->wireguard_key, DP_WORD_LEN,
                                  json_object_get_string(member(tuple, 5)));
    return err == DP_OK ? read_endpoint(out->endpoint, member(tuple, 6)) : err;
}

enum dp_err dp_peer_decode(struct dp_peer *out, const struct dp_buf *answer)
{
    struct json_object *values = NULL;
    struct dp_abi *abi = NULL;
    enum dp_err err = dp_abi_parse(&abi, PEER_ABI " peer", NULL);

    *out = (struct dp_peer){.token_id = 0};
    if (err == DP_OK)
        err = dp_abi_decode(abi, &values, (const uint8_t *)answer->data, answer->len);
    if (err == DP_OK)
        err = read_peer(out, json_object_array_get_idx(values, 0));
    json_object_put(values);
    dp_abi_free(abi);
    return err;
}

/* --- pages --- */

static enum dp_err take_page(struct dp_peers *out, struct json_object *page,
                             struct dp_detail *detail)
{
    const size_t count = json_object_array_length(page);
    struct dp_peer *grown;

    if (count > PAGE)
        return dp_fail(detail, DP_EFORMAT, NULL, "it gives more peers than it was asked for.");
    if (out->count + count > DP_PEERS_MAX)
        return dp_fail(detail, DP_ETOOBIG, NULL, "it has more than %d peers.", DP_PEERS_MAX);
    grown = realloc(out->list, (out->count + count + 1) * sizeof(*grown));
    if (grown == NULL)
        return DP_ENOMEM;
    out->list = grown;
    for (size_t i = 0; i < count; i++) {
        struct dp_peer *peer = &out->list[out->count + i];

        *peer = (struct dp_peer){.token_id = 0};
        if (read_peer(peer, json_object_array_get_idx(page, i)) != DP_OK)
            return dp_fail(detail, DP_EFORMAT, NULL, "it gives a peer that no cluster can have.");
    }
    out->count += count;
    return DP_OK;
}

static enum dp_err decode_page(struct dp_peers *out, const struct dp_buf *answer,
                               struct dp_detail *detail)
{
    struct json_object *values = NULL;
    struct dp_abi *abi = NULL;
    enum dp_err err = dp_abi_parse(&abi, PEER_ABI "[] peers", detail);

    if (err == DP_OK) {
        err = dp_abi_decode(abi, &values, (const uint8_t *)answer->data, answer->len);
        if (err != DP_OK && err != DP_ENOMEM)
            err = dp_fail(detail, err, NULL, "its answer to %s is no list of peers.", GET_PEERS);
    }
    if (err == DP_OK)
        err = take_page(out, json_object_array_get_idx(values, 0), detail);
    json_object_put(values);
    dp_abi_free(abi);
    return err;
}

static enum dp_err read_page(struct dp_peers *out, struct dp_witness *witness,
                             const uint8_t *contract, struct dp_detail *detail)
{
    struct dp_buf answer = DP_BUF_INIT(DP_PEERS_ANSWER_MAX);
    struct dp_words words = {.count = 0};
    uint8_t data[DP_KECCAK_LEN + 2 * DP_WORD_LEN];
    struct dp_node_message message = {
        .to = contract, .data = data, .data_len = DP_ABI_SELECTOR_LEN + 2 * DP_WORD_LEN};
    enum dp_err err;

    dp_keccak256(data, GET_PEERS, strlen(GET_PEERS));
    dp_words_add_number(&words, out->count);
    dp_words_add_number(&words, PAGE);
    memcpy(data + DP_ABI_SELECTOR_LEN, words.bytes, 2 * DP_WORD_LEN);
    err = dp_witness_call(&answer, witness, 1, &out->agreed, &message, detail);
    if (err == DP_OK)
        err = decode_page(out, &answer, detail);
    dp_buf_free(&answer);
    return err;
}

/* A page that is not full is the last. */
static enum dp_err read_list(struct dp_peers *out, struct dp_witness *witness,
                             const uint8_t *contract, struct dp_detail *detail)
{
    enum dp_err err = DP_OK;
    bool more = true;

    out->count = 0;
    while (more && err == DP_OK) {
        const size_t before = out->count;

        err = read_page(out, witness, contract, detail);
        more = out->count - before == PAGE;
    }
    return err;
}

static enum dp_err check_list(const struct dp_peers *peers, struct dp_detail *detail)
{
    uint8_t digest[DP_KECCAK_LEN];
    enum dp_err err = dp_peers_digest(digest, peers->list, peers->count);

    if (err == DP_OK && memcmp(digest, peers->digest, sizeof(digest)) != 0)
        err = dp_fail(detail, DP_ECONFLICT, NULL,
                      "its list of %zu peers is not the one that the storage proves in block "
                      "%" PRIu64 ".",
                      peers->count, peers->agreed.block.number);
    return err;
}

/* Who refuses may have forgotten the state, and the next one may not have. */
static enum dp_err find_list(struct dp_peers *out, struct dp_witness *witnesses, size_t count,
                             const uint8_t *contract, struct dp_detail *detail)
{
    enum dp_err err = DP_ERPC;

    for (size_t i = 0; err == DP_ERPC && i < count; i++) {
        err = read_list(out, &witnesses[i], contract, detail);
        if (err == DP_OK)
            err = check_list(out, detail);
        if (err != DP_OK && detail != NULL)
            snprintf(detail->field, sizeof(detail->field), "%s", witnesses[i].name);
    }
    return err;
}

/* --- all of it --- */

static enum dp_err prove_digest(struct dp_peers *out, struct dp_witness *witnesses, size_t count,
                                const uint8_t *contract, struct dp_detail *detail)
{
    static const uint8_t zero[DP_WORD_LEN];
    uint8_t slot[1][DP_WORD_LEN], word[1][DP_WORD_LEN];
    struct dp_proof_account account;
    enum dp_err err;

    dp_peers_slot(slot[0]);
    err = dp_witness_prove(&account, word, witnesses, count, &out->agreed, contract,
                           (const uint8_t(*)[DP_WORD_LEN])slot, 1, detail);
    if (err != DP_OK)
        return err;
    /* The digest of no peers is a hash, too. */
    if (memcmp(word[0], zero, sizeof(zero)) == 0)
        return dp_fail(detail, DP_ENOTFOUND, NULL,
                       "there is no cluster at this address in block %" PRIu64 " (%s).",
                       out->agreed.block.number, dp_witness_tag_name(out->agreed.tag));
    memcpy(out->digest, word[0], sizeof(out->digest));
    return DP_OK;
}

static enum dp_err copy_list(struct dp_peers *out, const struct dp_peers *known)
{
    out->list = calloc(known->count + 1, sizeof(*out->list));
    if (out->list == NULL)
        return DP_ENOMEM;
    if (known->count > 0)
        memcpy(out->list, known->list, known->count * sizeof(*out->list));
    out->count = known->count;
    return DP_OK;
}

enum dp_err dp_peers_read(struct dp_peers *out, const struct dp_peers *known,
                          struct dp_witness *witnesses, size_t count,
                          const uint8_t contract[static DP_ADDRESS_LEN], enum dp_witness_tag wanted,
                          struct dp_detail *detail)
{
    enum dp_err err;

    *out = (struct dp_peers){.list = NULL};
    err = dp_witness_agree(&out->agreed, witnesses, count, wanted, detail);
    if (err == DP_OK)
        err = prove_digest(out, witnesses, count, contract, detail);
    if (err == DP_OK)
        err = known != NULL && memcmp(known->digest, out->digest, sizeof(out->digest)) == 0
                  ? copy_list(out, known)
                  : find_list(out, witnesses, count, contract, detail);
    if (err != DP_OK)
        dp_peers_free(out);
    return err;
}

void dp_peers_free(struct dp_peers *peers)
{
    free(peers->list);
    *peers = (struct dp_peers){.list = NULL};
}
