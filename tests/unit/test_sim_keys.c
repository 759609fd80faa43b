/* test_sim_keys.c - what dstack-sim derives and signs, against keys.json and both key files. */
#include "vectors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/methods.h"

/* The two published key files; the rest is that of gen2, which no key depends on. */
struct fixture {
    struct json_object *doc;
    struct sim gen1, gen2;
};

static void open_sim(struct sim *out, const char *keys)
{
    const char *dir = getenv("DP_VECTORS");
    char paths[4][512];
    const char *const names[] = {keys, "gen2/app-compose.json", "gen2/sys-config.json",
                                 "gen2/attestation.bin"};
    struct dp_detail detail;

    assert_non_null(dir);
    for (size_t i = 0; i < 4; i++)
        snprintf(paths[i], sizeof(paths[i]), "%s/simulator/%s", dir, names[i]);
    if (sim_open(out,
                 &(struct sim_setup){.keys = paths[0],
                                     .app_compose = paths[1],
                                     .sys_config = paths[2],
                                     .attestation = paths[3]},
                 &detail) != DP_OK)
        fail_msg("%s", detail.text);
}

static int load(void **state)
{
    static struct fixture f;

    assert_int_equal(dp_secp_init(), DP_OK);
    assert_int_equal(sim_keys_init(), DP_OK);
    f.doc = vectors_load("keys.json");
    open_sim(&f.gen1, "gen1/appkeys.json");
    open_sim(&f.gen2, "gen2/appkeys.json");
    *state = &f;
    return 0;
}

static int unload(void **state)
{
    struct fixture *f = *state;

    sim_close(&f->gen1);
    sim_close(&f->gen2);
    json_object_put(f->doc);
    sim_keys_free();
    return 0;
}

static const struct sim *sim_of(const struct fixture *f, struct json_object *row)
{
    return strcmp(vectors_text(row, "simulator"), "gen1") == 0 ? &f->gen1 : &f->gen2;
}

/* The answer of a method to the members of params, of which it ignores those it does not know. To
 * be freed by json_object_put; NULL where it refuses. */
static struct json_object *ask(const struct sim *sim, const char *method,
                               struct json_object *params)
{
    struct dp_buf out = DP_BUF_INIT(1 << 20);
    struct dp_detail detail = {"", ""};
    struct json_object *answer = NULL;

    if (sim_method_find(method)->call(sim, &out, params, &detail) == DP_OK) {
        answer = json_tokener_parse(out.data);
        assert_non_null(answer);
    }
    dp_buf_free(&out);
    return answer;
}

/* The same with the fields as JSON text. */
static struct json_object *ask_text(const struct sim *sim, const char *method, const char *params)
{
    struct json_object *object = json_tokener_parse(params);
    struct json_object *answer;

    assert_non_null(object);
    answer = ask(sim, method, object);
    json_object_put(object);
    return answer;
}

static bool equal(struct json_object *a, struct json_object *b, const char *name)
{
    return json_object_equal(vectors_member(a, name), vectors_member(b, name)) != 0;
}

static struct bytes joined(struct json_object *pieces)
{
    struct bytes all = {NULL, 0};

    all.data = calloc(1, 4096);
    assert_non_null(all.data);
    for (size_t i = 0; i < json_object_array_length(pieces); i++) {
        struct json_object *row = json_object_new_object();
        struct bytes piece;

        json_object_object_add(row, "piece", json_object_get(json_object_array_get_idx(pieces, i)));
        piece = vectors_hex(row, "piece");
        assert_true(piece.len <= 4096 - all.len);
        memcpy(all.data + all.len, piece.data, piece.len);
        all.len += piece.len;
        bytes_free(piece);
        json_object_put(row);
    }
    return all;
}

static void hkdf_gives_the_published_keys(void **state)
{
    const struct fixture *f = *state;

    FOR_EACH_ROW(row, vectors_rows(f->doc, "hkdf"))
    {
        struct bytes ikm = vectors_hex(row, "ikm"), okm = vectors_hex(row, "okm");
        struct bytes info = joined(vectors_member(row, "info_pieces"));
        uint8_t got[512];

        assert_string_equal(vectors_text(row, "salt"), "5241544c53");
        assert_true(okm.len <= sizeof(got));
        assert_int_equal(sim_hkdf(got, okm.len, ikm.data, ikm.len,
                                  (struct dp_slice){(const char *)info.data, info.len}),
                         DP_OK);
        assert_memory_equal(got, okm.data, okm.len);
        bytes_free(info);
        bytes_free(okm);
        bytes_free(ikm);
    }
}

static void get_key_gives_the_published_keys_and_chains(void **state)
{
    const struct fixture *f = *state;

    FOR_EACH_ROW(row, vectors_rows(f->doc, "get_key"))
    {
        struct json_object *answer = ask(sim_of(f, row), "GetKey", row);

        assert_non_null(answer);
        if (!equal(answer, row, "key") || !equal(answer, row, "signature_chain"))
            fail_msg("path %s, purpose %s", vectors_text(row, "path"),
                     vectors_text(row, "purpose"));
        json_object_put(answer);
    }
}

static void sign_gives_the_published_signatures(void **state)
{
    const struct fixture *f = *state;

    FOR_EACH_ROW(row, vectors_rows(f->doc, "sign"))
    {
        struct json_object *answer = ask(sim_of(f, row), "Sign", row);

        assert_non_null(answer);
        if (!equal(answer, row, "signature") || !equal(answer, row, "public_key") ||
            !equal(answer, row, "signature_chain"))
            fail_msg("%s", json_object_to_json_string(row));
        json_object_put(answer);
    }
}

static bool verifies(const struct sim *sim, struct json_object *params)
{
    struct json_object *answer = ask(sim, "Verify", params);
    bool valid;

    assert_non_null(answer);
    valid = vectors_bool(answer, "valid");
    json_object_put(answer);
    return valid;
}

/* The row with another value of one member verifies as false. */
static void assert_noticed(const struct sim *sim, struct json_object *row, const char *name,
                           const char *value)
{
    struct json_object *copy = NULL;

    assert_int_equal(json_object_deep_copy(row, &copy, NULL), 0);
    json_object_object_add(copy, name, json_object_new_string(value));
    assert_false(verifies(sim, copy));
    json_object_put(copy);
}

static void verify_takes_what_sign_made_and_nothing_else(void **state)
{
    const struct fixture *f = *state;

    FOR_EACH_ROW(row, vectors_rows(f->doc, "sign"))
    {
        const struct sim *sim = sim_of(f, row);
        char signature[129], data[256];

        assert_true(verifies(sim, row));
        snprintf(signature, sizeof(signature), "%s", vectors_text(row, "signature"));
        signature[100] = signature[100] == '0' ? '1' : '0';
        assert_noticed(sim, row, "signature", signature);
        snprintf(data, sizeof(data), "%s00", vectors_text(row, "data"));
        assert_noticed(sim, row, "data", data);
    }
}

/* ethereum.json has the digest, which only the prehashed form takes as it is. */
static void verify_refuses_high_s(void **state)
{
    const struct fixture *f = *state;
    struct json_object *doc = vectors_load("ethereum.json");

    FOR_EACH_ROW(row, vectors_rows(doc, "signatures"))
    {
        const char *name = vectors_text(row, "name");
        struct json_object *params = json_object_new_object();
        char rs[129];

        snprintf(rs, sizeof(rs), "%s", vectors_text(row, "signature"));
        json_object_object_add(params, "algorithm", json_object_new_string("secp256k1_prehashed"));
        json_object_object_add(params, "data", json_object_get(vectors_member(row, "digest")));
        json_object_object_add(params, "public_key",
                               json_object_get(vectors_member(row, "public_key")));
        json_object_object_add(params, "signature", json_object_new_string(rs));
        if (strcmp(name, "good") == 0)
            assert_true(verifies(&f->gen2, params));
        if (strcmp(name, "high-s") == 0)
            assert_false(verifies(&f->gen2, params));
        json_object_put(params);
    }
    json_object_put(doc);
}

static void bad_requests_are_refused(void **state)
{
    static const struct {
        const char *method, *params;
    } cases[] = {
        {"GetKey", "{\"algorithm\":\"rsa\"}"},
        {"GetKey", "{\"algorithm\":\"secp256k1_prehashed\"}"},
        {"GetKey", "{\"algorithm\":\"SECP256K1\"}"},
        {"GetKey", "{\"path\":null}"},
        {"GetKey", "{\"path\":1}"},
        {"GetKey", "{\"purpose\":[\"a\"]}"},
        {"Sign", "{}"},
        {"Sign", "{\"algorithm\":\"\",\"data\":\"\"}"},
        {"Sign", "{\"algorithm\":\"ed25519\",\"data\":\"abc\"}"},
        {"Sign", "{\"algorithm\":\"ed25519\",\"data\":\"zz\"}"},
        {"Sign", "{\"algorithm\":\"secp256k1_prehashed\",\"data\":\"abab\"}"},
        {"Sign", "{\"algorithm\":\"ed25519\",\"data\":null}"},
        {"Verify", "{}"},
        {"Verify", "{\"algorithm\":\"ed25519\"}"},
        {"Verify", "{\"algorithm\":\"secp256k1\",\"signature\":\"00\",\"public_key\":\"00\"}"},
    };
    const struct fixture *f = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        if (ask_text(&f->gen2, cases[i].method, cases[i].params) != NULL)
            fail_msg("%s %s is answered", cases[i].method, cases[i].params);
}

static void bytes_may_have_any_number_of_prefixes(void **state)
{
    const struct fixture *f = *state;
    struct json_object *plain =
        ask_text(&f->gen2, "Sign", "{\"algorithm\":\"ed25519\",\"data\":\"abcd\"}");
    struct json_object *prefixed =
        ask_text(&f->gen2, "Sign", "{\"algorithm\":\"ed25519\",\"data\":\"0x0x0xABcd\"}");

    assert_non_null(plain);
    assert_non_null(prefixed);
    assert_true(json_object_equal(plain, prefixed));
    json_object_put(prefixed);
    json_object_put(plain);
}

static void a_path_over_the_limit_is_refused(void **state)
{
    static char path[SIM_PATH_MAX + 1];
    const struct fixture *f = *state;
    struct dp_slice slice = {path, SIM_PATH_MAX}, none = {"", 0};
    struct sim_key key;

    assert_int_equal(sim_key_derive(&key, f->gen2.app_key, SIM_SECP256K1, slice, none, NULL),
                     DP_OK);
    slice.len++;
    assert_int_equal(sim_key_derive(&key, f->gen2.app_key, SIM_SECP256K1, slice, none, NULL),
                     DP_ETOOBIG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hkdf_gives_the_published_keys),
        cmocka_unit_test(get_key_gives_the_published_keys_and_chains),
        cmocka_unit_test(sign_gives_the_published_signatures),
        cmocka_unit_test(verify_takes_what_sign_made_and_nothing_else),
        cmocka_unit_test(verify_refuses_high_s),
        cmocka_unit_test(bad_requests_are_refused),
        cmocka_unit_test(bytes_may_have_any_number_of_prefixes),
        cmocka_unit_test(a_path_over_the_limit_is_refused),
    };

    return cmocka_run_group_tests(tests, load, unload);
}
