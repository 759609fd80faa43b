/* test_chain.c - signature chains against signature-chain.json, good ones and broken ones. */
#include "vectors.h"

#include <string.h>

#include "crypto/keccak.h"
#include "dstack/chain.h"
#include "ethereum/address.h"

static int load(void **state)
{
    assert_int_equal(dp_secp_init(), DP_OK);
    *state = vectors_load("signature-chain.json");
    return 0;
}

static int unload(void **state)
{
    json_object_put(*state);
    return 0;
}

static struct json_object *chain_named(struct json_object *doc, const char *name)
{
    FOR_EACH_ROW(row, vectors_rows(doc, "chains"))
    {
        if (strcmp(vectors_text(row, "name"), name) == 0)
            return row;
    }
    fail_msg("no chain %s", name);
    return NULL;
}

/* A chain, and over it the members that a variant changes; change may be NULL. */
struct view {
    struct json_object *base, *change;
};

static struct json_object *part(const struct view *v, const char *name)
{
    return v->change != NULL && json_object_object_get_ex(v->change, name, NULL) ? v->change
                                                                                 : v->base;
}

static const char *text(const struct view *v, const char *name)
{
    return vectors_text(part(v, name), name);
}

/* The member's bytes if there are exactly len of them: the types of the calls fix every length. */
static bool fixed(uint8_t *out, size_t len, const struct view *v, const char *name)
{
    struct bytes in = vectors_hex(part(v, name), name);
    bool fits = in.len == len;

    if (fits)
        memcpy(out, in.data, len);
    bytes_free(in);
    return fits;
}

static bool address_is(const uint8_t pub[static DP_SECP_PUB_LEN], const char *want)
{
    uint8_t address[DP_ADDRESS_LEN];
    char got[DP_ADDRESS_TEXT_SIZE];

    dp_address_of_public(address, pub);
    dp_address_format(got, address);
    return strcmp(got, want) == 0;
}

static bool app_key_is_the_one_named(const struct view *v, const struct dp_chain *chain)
{
    uint8_t named[DP_SECP_PUB_COMPRESSED_LEN], found[DP_SECP_PUB_COMPRESSED_LEN];

    dp_secp_compress(found, chain->app_pub);
    return fixed(named, sizeof(named), v, "app_public_key") &&
           memcmp(named, found, sizeof(found)) == 0;
}

/* Rule steps 1 to 4 of a chain up to its trusted root. */
static bool chain_holds(const struct view *v, const uint8_t derived[static DP_SECP_PUB_LEN])
{
    uint8_t app_sig[DP_SECP_SIG_LEN], kms_sig[DP_SECP_SIG_LEN], app_id[DP_APP_ID_LEN];
    struct dp_chain chain;

    return fixed(app_sig, sizeof(app_sig), v, "app_signature") &&
           fixed(kms_sig, sizeof(kms_sig), v, "kms_signature") &&
           fixed(app_id, sizeof(app_id), v, "app_id") &&
           dp_chain_recover(&chain, derived, text(v, "purpose"), app_id, app_sig, kms_sig) ==
               DP_OK &&
           address_is(chain.root_pub, text(v, "kms_root_address")) &&
           app_key_is_the_one_named(v, &chain);
}

/* What the derived key signed: the EIP-191 form of the message hash. */
static bool message_holds(const struct view *v, const uint8_t derived[static DP_SECP_PUB_LEN])
{
    static const char prefix[] = "\x19"
                                 "Ethereum Signed Message:\n32";
    uint8_t in[DP_SECP_SIG_LEN], hash[32], digest[32], signer[DP_SECP_PUB_LEN];
    struct dp_secp_sig sig;
    struct dp_keccak k;

    if (!fixed(in, sizeof(in), v, "message_signature") ||
        !fixed(hash, sizeof(hash), v, "message_hash"))
        return false;
    dp_keccak_init(&k);
    dp_keccak_add(&k, prefix, strlen(prefix));
    dp_keccak_add(&k, hash, sizeof(hash));
    dp_keccak_final(&k, digest);
    return dp_secp_parse_sig(&sig, in, sizeof(in)) == DP_OK && sig.low_s &&
           dp_secp_recover(signer, &sig, sig.recid, digest) == DP_OK &&
           memcmp(signer, derived, sizeof(signer)) == 0;
}

static bool holds(const struct view *v)
{
    uint8_t compressed[DP_SECP_PUB_COMPRESSED_LEN], derived[DP_SECP_PUB_LEN];

    return fixed(compressed, sizeof(compressed), v, "derived_public_key") &&
           dp_secp_parse_public(derived, compressed, sizeof(compressed)) == DP_OK &&
           chain_holds(v, derived) && message_holds(v, derived);
}

static void links_have_their_digests(void **state)
{
    FOR_EACH_ROW(row, vectors_rows(*state, "chains"))
    {
        uint8_t derived[DP_SECP_PUB_COMPRESSED_LEN], app[DP_SECP_PUB_COMPRESSED_LEN];
        uint8_t app_id[DP_APP_ID_LEN], want[32], got[32];

        vectors_fixed(derived, sizeof(derived), row, "derived_public_key");
        vectors_fixed(want, sizeof(want), row, "app_digest");
        dp_chain_app_digest(got, vectors_text(row, "purpose"), derived);
        assert_memory_equal(got, want, sizeof(want));

        vectors_fixed(app, sizeof(app), row, "app_public_key");
        vectors_fixed(app_id, sizeof(app_id), row, "app_id");
        vectors_fixed(want, sizeof(want), row, "kms_digest");
        dp_chain_kms_digest(got, app_id, app);
        assert_memory_equal(got, want, sizeof(want));
    }
}

static void good_chains_hold(void **state)
{
    FOR_EACH_ROW(row, vectors_rows(*state, "chains"))
    {
        if (!holds(&(struct view){row, NULL}))
            fail_msg("%s", vectors_text(row, "name"));
    }
}

static void variants_are_judged_by_the_strict_rule(void **state)
{
    unsigned refused = 0;

    FOR_EACH_ROW(row, vectors_rows(*state, "variants"))
    {
        struct view v = {chain_named(*state, vectors_text(row, "of")),
                         vectors_member(row, "change")};
        bool valid = vectors_bool(row, "valid");

        if (holds(&v) != valid)
            fail_msg("%s", vectors_text(row, "name"));
        refused += !valid;
    }
    assert_true(refused > 0);
}

static void a_refused_chain_leaves_nothing_behind(void **state)
{
    static const uint8_t none[DP_SECP_SIG_LEN], app_id[DP_APP_ID_LEN];
    static const struct dp_chain empty;
    struct view v = {json_object_array_get_idx(vectors_rows(*state, "chains"), 0), NULL};
    uint8_t compressed[DP_SECP_PUB_COMPRESSED_LEN], derived[DP_SECP_PUB_LEN];
    uint8_t app_sig[DP_SECP_SIG_LEN];
    struct dp_chain chain;

    assert_true(fixed(compressed, sizeof(compressed), &v, "derived_public_key"));
    assert_int_equal(dp_secp_parse_public(derived, compressed, sizeof(compressed)), DP_OK);
    assert_true(fixed(app_sig, sizeof(app_sig), &v, "app_signature"));
    memset(&chain, 0xff, sizeof(chain));
    assert_int_equal(dp_chain_recover(&chain, derived, "ethereum", app_id, app_sig, none),
                     DP_ESIGNATURE);
    assert_memory_equal(&chain, &empty, sizeof(chain));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(links_have_their_digests),
        cmocka_unit_test(good_chains_hold),
        cmocka_unit_test(variants_are_judged_by_the_strict_rule),
        cmocka_unit_test(a_refused_chain_leaves_nothing_behind),
    };

    return cmocka_run_group_tests(tests, load, unload);
}
