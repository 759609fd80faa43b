/* test_secp.c - keys and signatures against ethereum.json, and round trips with random keys. */
#include "vectors.h"

#include <string.h>

#include <openssl/rand.h>
#include <openssl/sha.h>

#include "crypto/keccak.h"
#include "crypto/secp.h"
#include "ethereum/address.h"

#define ROUNDS 200

static int load(void **state)
{
    assert_int_equal(dp_secp_init(), DP_OK);
    *state = vectors_load("ethereum.json");
    return 0;
}

static int unload(void **state)
{
    json_object_put(*state);
    return 0;
}

static bool all_zero(const uint8_t *in, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (in[i] != 0)
            return false;
    return true;
}

static void assert_address(const uint8_t pub[static DP_SECP_PUB_LEN], const char *want)
{
    uint8_t address[DP_ADDRESS_LEN];
    char text[DP_ADDRESS_TEXT_SIZE];

    dp_address_of_public(address, pub);
    dp_address_format(text, address);
    assert_string_equal(text, want);
}

static void a_private_key_has_its_public_key(void **state)
{
    FOR_EACH_ROW(row, vectors_rows(*state, "addresses"))
    {
        uint8_t key[DP_SECP_KEY_LEN], want[DP_SECP_PUB_LEN], pub[DP_SECP_PUB_LEN];
        uint8_t want_short[DP_SECP_PUB_COMPRESSED_LEN], got_short[DP_SECP_PUB_COMPRESSED_LEN];

        vectors_fixed(key, sizeof(key), row, "private_key");
        vectors_fixed(want, sizeof(want), row, "public_key_uncompressed");
        vectors_fixed(want_short, sizeof(want_short), row, "public_key");
        assert_int_equal(dp_secp_public(pub, key), DP_OK);
        assert_memory_equal(pub, want, sizeof(want));
        dp_secp_compress(got_short, pub);
        assert_memory_equal(got_short, want_short, sizeof(want_short));
    }
}

/* The type of the argument fixes the length, so rows of another length need no call to fail. */
static void a_bad_private_key_is_refused(void **state)
{
    unsigned tried = 0;

    FOR_EACH_ROW(row, vectors_rows(*state, "invalid_private_keys"))
    {
        struct bytes key = vectors_hex(row, "private_key");
        uint8_t pub[DP_SECP_PUB_LEN], sig[DP_SECP_SIG_LEN];

        if (key.len == DP_SECP_KEY_LEN) {
            static const uint8_t digest[32] = {1};

            assert_int_equal(dp_secp_public(pub, key.data), DP_ECRYPTO);
            assert_true(all_zero(pub, sizeof(pub)));
            assert_int_equal(dp_secp_sign(sig, key.data, digest), DP_ECRYPTO);
            assert_true(all_zero(sig, sizeof(sig)));
            tried++;
        }
        bytes_free(key);
    }
    assert_true(tried > 0);
}

static void assert_signs(struct json_object *row, const uint8_t digest[static 32])
{
    uint8_t key[DP_SECP_KEY_LEN], want[DP_SECP_SIG_LEN], sig[DP_SECP_SIG_LEN];

    vectors_fixed(key, sizeof(key), row, "private_key");
    vectors_fixed(want, sizeof(want), row, "signature");
    assert_int_equal(dp_secp_sign(sig, key, digest), DP_OK);
    if (memcmp(sig, want, sizeof(want)) != 0)
        fail_msg("another signature for %s", json_object_to_json_string(row));
}

static void keccak_messages_have_one_signature(void **state)
{
    FOR_EACH_ROW(row, vectors_rows(*state, "ecdsa_keccak256"))
    {
        struct bytes message = vectors_hex(row, "message");
        uint8_t want[32], digest[32];

        vectors_fixed(want, sizeof(want), row, "digest");
        dp_keccak256(digest, message.data, message.len);
        assert_memory_equal(digest, want, sizeof(want));
        assert_signs(row, digest);
        bytes_free(message);
    }
}

static void given_digests_have_one_signature(void **state)
{
    FOR_EACH_ROW(row, vectors_rows(*state, "ecdsa_prehashed"))
    {
        uint8_t digest[32];

        vectors_fixed(digest, sizeof(digest), row, "digest");
        assert_signs(row, digest);
    }
}

static void sha256_messages_have_one_signature(void **state)
{
    FOR_EACH_ROW(row, vectors_rows(*state, "ecdsa_sha256"))
    {
        struct bytes message = vectors_utf8(row, "message");
        uint8_t want[32], digest[32];

        vectors_fixed(want, sizeof(want), row, "digest");
        SHA256(message.data, message.len, digest);
        assert_memory_equal(digest, want, sizeof(want));
        assert_signs(row, digest);
        bytes_free(message);
    }
}

static void public_keys_are_judged(void **state)
{
    FOR_EACH_ROW(row, vectors_rows(*state, "public_keys"))
    {
        struct bytes in = vectors_hex(row, "public_key");
        enum dp_err want = vectors_bool(row, "valid") ? DP_OK : DP_EPUBKEY;
        uint8_t pub[DP_SECP_PUB_LEN];

        if (dp_secp_parse_public(pub, in.data, in.len) != want)
            fail_msg("%s", vectors_text(row, "name"));
        if (want == DP_OK)
            assert_address(pub, vectors_text(row, "address"));
        else
            assert_true(all_zero(pub, sizeof(pub)));
        bytes_free(in);
    }
}

/* A recovery id is no part of what verification looks at, but if there is one it has to fit. */
static bool recid_fits(const struct dp_secp_sig *sig, const uint8_t digest[static 32],
                       const uint8_t pub[static DP_SECP_PUB_LEN])
{
    uint8_t signer[DP_SECP_PUB_LEN];

    return sig->recid < 0 || (dp_secp_recover(signer, sig, sig->recid, digest) == DP_OK &&
                              memcmp(signer, pub, sizeof(signer)) == 0);
}

/* The strict rule: well formed, low s, and made by the key. */
static bool passes(const struct bytes *in, const uint8_t digest[static 32],
                   const uint8_t pub[static DP_SECP_PUB_LEN])
{
    struct dp_secp_sig sig;

    return dp_secp_parse_sig(&sig, in->data, in->len) == DP_OK && sig.low_s &&
           dp_secp_verify(&sig, digest, pub) && recid_fits(&sig, digest, pub);
}

static void signatures_are_judged(void **state)
{
    FOR_EACH_ROW(row, vectors_rows(*state, "signatures"))
    {
        struct bytes in = vectors_hex(row, "signature");
        struct bytes key = vectors_hex(row, "public_key");
        uint8_t digest[32], pub[DP_SECP_PUB_LEN];

        vectors_fixed(digest, sizeof(digest), row, "digest");
        assert_int_equal(dp_secp_parse_public(pub, key.data, key.len), DP_OK);
        if (passes(&in, digest, pub) != vectors_bool(row, "verify"))
            fail_msg("%s", vectors_text(row, "name"));
        bytes_free(key);
        bytes_free(in);
    }
}

static enum dp_err recover(uint8_t pub[static DP_SECP_PUB_LEN], const struct bytes *in,
                           const uint8_t digest[static 32], bool strict)
{
    struct dp_secp_sig sig;
    enum dp_err err = dp_secp_parse_sig(&sig, in->data, in->len);

    if (err != DP_OK)
        return err;
    if (sig.recid < 0 || (strict && !sig.low_s))
        return DP_ESIGNATURE;
    return dp_secp_recover(pub, &sig, sig.recid, digest);
}

static const char *recovered_address(struct json_object *row)
{
    bool other = json_object_object_get_ex(row, "recovers", NULL);

    return vectors_text(row, other ? "recovers" : "address");
}

static void signatures_recover_their_address(void **state)
{
    FOR_EACH_ROW(row, vectors_rows(*state, "signatures"))
    {
        struct bytes in = vectors_hex(row, "signature");
        uint8_t digest[32], pub[DP_SECP_PUB_LEN];

        vectors_fixed(digest, sizeof(digest), row, "digest");
        if ((recover(pub, &in, digest, true) == DP_OK) != vectors_bool(row, "recover"))
            fail_msg("%s", vectors_text(row, "name"));
        if (vectors_bool(row, "recover"))
            assert_address(pub, recovered_address(row));
        bytes_free(in);
    }
}

/* The twin of a signature comes from the same key; the caller is told, and decides. */
static void a_high_s_is_told_but_still_recovers(void **state)
{
    unsigned tried = 0;

    FOR_EACH_ROW(row, vectors_rows(*state, "signatures"))
    {
        struct bytes in = vectors_hex(row, "signature");
        uint8_t digest[32], pub[DP_SECP_PUB_LEN];
        struct dp_secp_sig sig;

        vectors_fixed(digest, sizeof(digest), row, "digest");
        if (json_object_object_get_ex(row, "recovers_without_low_s_rule", NULL)) {
            assert_int_equal(dp_secp_parse_sig(&sig, in.data, in.len), DP_OK);
            assert_false(sig.low_s);
            assert_int_equal(recover(pub, &in, digest, false), DP_OK);
            assert_address(pub, vectors_text(row, "recovers_without_low_s_rule"));
            assert_true(dp_secp_verify(&sig, digest, pub));
            tried++;
        }
        bytes_free(in);
    }
    assert_true(tried > 0);
}

static void refused_signatures_leave_nothing_behind(void **state)
{
    static const uint8_t zero[DP_SECP_SIG_LEN];
    struct dp_secp_sig sig;

    (void)state;
    memset(&sig, 0xff, sizeof(sig));
    assert_int_equal(dp_secp_parse_sig(&sig, zero, sizeof(zero)), DP_ESIGNATURE);
    assert_true(all_zero(sig.rs, sizeof(sig.rs)));
    assert_int_equal(sig.recid, -1);
    assert_false(sig.low_s);
}

/* A random key that is valid, its public key, a random digest and the signature. */
struct made {
    uint8_t key[DP_SECP_KEY_LEN], pub[DP_SECP_PUB_LEN], digest[32], sig[DP_SECP_SIG_LEN];
};

static struct made make(void)
{
    struct made m;

    do
        assert_int_equal(RAND_bytes(m.key, sizeof(m.key)), 1);
    while (dp_secp_public(m.pub, m.key) != DP_OK);
    assert_int_equal(RAND_bytes(m.digest, sizeof(m.digest)), 1);
    assert_int_equal(dp_secp_sign(m.sig, m.key, m.digest), DP_OK);
    return m;
}

static void what_is_signed_verifies_and_recovers(void **state)
{
    (void)state;
    for (unsigned i = 0; i < ROUNDS; i++) {
        struct made m = make();
        struct dp_secp_sig sig;
        uint8_t pub[DP_SECP_PUB_LEN];

        assert_int_equal(dp_secp_parse_sig(&sig, m.sig, sizeof(m.sig)), DP_OK);
        assert_true(sig.low_s);
        assert_int_equal(sig.recid, m.sig[DP_SECP_RS_LEN]);
        assert_true(dp_secp_verify(&sig, m.digest, m.pub));
        assert_int_equal(dp_secp_recover(pub, &sig, sig.recid, m.digest), DP_OK);
        assert_memory_equal(pub, m.pub, sizeof(pub));
    }
}

static void compressed_keys_read_back(void **state)
{
    (void)state;
    for (unsigned i = 0; i < ROUNDS; i++) {
        struct made m = make();
        uint8_t compressed[DP_SECP_PUB_COMPRESSED_LEN], pub[DP_SECP_PUB_LEN];

        dp_secp_compress(compressed, m.pub);
        assert_int_equal(dp_secp_parse_public(pub, compressed, sizeof(compressed)), DP_OK);
        assert_memory_equal(pub, m.pub, sizeof(pub));
    }
}

static void every_flipped_bit_of_a_signature_is_noticed(void **state)
{
    struct made m = make();

    (void)state;
    for (unsigned bit = 0; bit < 8 * DP_SECP_RS_LEN; bit++) {
        uint8_t in[DP_SECP_RS_LEN];
        struct dp_secp_sig sig;

        memcpy(in, m.sig, sizeof(in));
        in[bit / 8] ^= (uint8_t)(1 << bit % 8);
        if (dp_secp_parse_sig(&sig, in, sizeof(in)) == DP_OK)
            assert_false(dp_secp_verify(&sig, m.digest, m.pub));
    }
}

static void every_flipped_bit_of_a_digest_is_noticed(void **state)
{
    struct made m = make();
    struct dp_secp_sig sig;

    (void)state;
    assert_int_equal(dp_secp_parse_sig(&sig, m.sig, sizeof(m.sig)), DP_OK);
    for (unsigned bit = 0; bit < 8 * sizeof(m.digest); bit++) {
        uint8_t pub[DP_SECP_PUB_LEN];

        m.digest[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_false(dp_secp_verify(&sig, m.digest, m.pub));
        if (dp_secp_recover(pub, &sig, sig.recid, m.digest) == DP_OK)
            assert_memory_not_equal(pub, m.pub, sizeof(pub));
        m.digest[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_private_key_has_its_public_key),
        cmocka_unit_test(a_bad_private_key_is_refused),
        cmocka_unit_test(keccak_messages_have_one_signature),
        cmocka_unit_test(given_digests_have_one_signature),
        cmocka_unit_test(sha256_messages_have_one_signature),
        cmocka_unit_test(public_keys_are_judged),
        cmocka_unit_test(signatures_are_judged),
        cmocka_unit_test(signatures_recover_their_address),
        cmocka_unit_test(a_high_s_is_told_but_still_recovers),
        cmocka_unit_test(refused_signatures_leave_nothing_behind),
        cmocka_unit_test(what_is_signed_verifies_and_recovers),
        cmocka_unit_test(compressed_keys_read_back),
        cmocka_unit_test(every_flipped_bit_of_a_signature_is_noticed),
        cmocka_unit_test(every_flipped_bit_of_a_digest_is_noticed),
    };

    return cmocka_run_group_tests(tests, load, unload);
}
