/* test_tunnel_proof.c - which proofs of a tunnel's key hold: quotes of dstack-sim, and each thing
 * changed. */
#include "helper.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/sha.h>

#include "cluster/tunnel_peer.h"
#include "cluster/tunnel_proof.h"
#include "sim/keys.h"
#include "sim/methods.h"
#include "sim/sim.h"
#include "sim/td.h"

static const uint8_t instance[SIM_INSTANCE_ID_LEN] = {0xaa, 0xbb, 0xcc};

struct fixture {
    struct temp temp;
    struct sim sim;
    struct dp_collateral *collateral;
    uint8_t app_id[DP_ADDRESS_LEN];
};

/* --- a simulator, and what verifies its quotes --- */

static void read_file(struct dp_buf *out, const char *path)
{
    FILE *file = fopen(path, "rb");
    char piece[4096];
    size_t len;

    assert_non_null(file);
    while ((len = fread(piece, 1, sizeof(piece), file)) > 0)
        dp_buf_add(out, piece, len);
    fclose(file);
    assert_int_equal(out->err, DP_OK);
}

static void read_collateral(struct fixture *f, const char *root_path, const char *path)
{
    struct dp_buf root = DP_BUF_INIT(DP_ROOT_MAX), json = DP_BUF_INIT(DP_COLLATERAL_MAX);

    read_file(&root, root_path);
    read_file(&json, path);
    assert_int_equal(dp_collateral_read(&f->collateral, (struct dp_slice){json.data, json.len},
                                        (struct dp_slice){root.data, root.len}, NULL),
                     DP_OK);
    dp_buf_free(&root);
    dp_buf_free(&json);
}

static void open_sim(struct fixture *f, const struct sim_setup *wanted)
{
    static const char *const names[] = {"appkeys.json", "app-compose.json", "sys-config.json",
                                        "attestation.bin"};
    char paths[4][512], root[TEMP_SIZE], collateral[TEMP_SIZE];
    struct sim_setup setup = *wanted;
    struct dp_slice app_id;
    struct dp_detail detail;

    for (size_t i = 0; i < COUNT(names); i++)
        snprintf(paths[i], sizeof(paths[i]), "%s/simulator/gen2/%s", getenv("DP_VECTORS"),
                 names[i]);
    temp_path(root, &f->temp, "root");
    temp_path(collateral, &f->temp, "collateral");
    setup.keys = paths[0];
    setup.app_compose = paths[1];
    setup.sys_config = paths[2];
    setup.attestation = paths[3];
    setup.root = root;
    setup.collateral = collateral;
    if (sim_open(&f->sim, &setup, &detail) != DP_OK)
        fail_msg("%s", detail.text);
    read_collateral(f, root, collateral);
    app_id = dp_blob_payload(&f->sim.blob, "app-id");
    assert_int_equal(app_id.len, DP_ADDRESS_LEN);
    memcpy(f->app_id, app_id.data, DP_ADDRESS_LEN);
}

static void close_sim(struct fixture *f)
{
    dp_collateral_free(f->collateral);
    sim_close(&f->sim);
}

static int start(void **state)
{
    static struct fixture f;

    temp_make(&f.temp);
    assert_int_equal(dp_secp_init(), DP_OK);
    assert_int_equal(sim_keys_init(), DP_OK);
    open_sim(&f, &(struct sim_setup){.instance_id = instance});
    *state = &f;
    return 0;
}

static int stop(void **state)
{
    struct fixture *f = *state;

    close_sim(f);
    sim_keys_free();
    temp_remove(&f->temp);
    return 0;
}

/* --- claims --- */

static struct dp_tunnel_claim claim(void)
{
    struct dp_tunnel_claim out = {
        .nonce = {1}, .contract = {2}, .chain_id = 8453, .key = {3}, .asker = {4}};

    memcpy(out.instance_id, instance, sizeof(instance));
    return out;
}

/* The parts in their order, as the header has them. */
static void report_data_are_over_every_part(void **state)
{
    const struct dp_tunnel_claim of = claim();
    static const char tag[] = "devproof-tunnel:";
    static const uint8_t chain_id[8] = {0, 0, 0, 0, 0, 0, 0x21, 0x05};
    uint8_t in[16 + 32 + 20 + 8 + 20 + 32 + 32], want[64], got[64];

    (void)state;
    memcpy(in, tag, 16);
    memcpy(in + 16, of.nonce, 32);
    memcpy(in + 48, of.contract, 20);
    memcpy(in + 68, chain_id, 8);
    memcpy(in + 76, of.instance_id, 20);
    memcpy(in + 96, of.key, 32);
    memcpy(in + 128, of.asker, 32);
    SHA512(in, sizeof(in), want);
    dp_tunnel_report_data(got, &of);
    assert_memory_equal(got, want, sizeof(want));
}

/* --- proofs --- */

/* What a peer with this simulator answers to a claim. */
static void answer(struct dp_buf *out, const struct fixture *f, const struct dp_tunnel_claim *of)
{
    uint8_t report_data[DP_REPORT_DATA_LEN];

    dp_tunnel_report_data(report_data, of);
    assert_int_equal(sim_quote_answer(&f->sim, out, report_data, NULL), DP_OK);
}

static enum dp_err check_text(const struct fixture *f, struct dp_slice text,
                              const struct dp_tunnel_claim *expected, int64_t now,
                              struct dp_tunnel_proven *proven, struct dp_detail *detail)
{
    struct dp_tunnel_proof proof;
    enum dp_err err = dp_tunnel_proof_read(&proof, text, detail);

    if (err == DP_OK)
        err =
            dp_tunnel_proof_check(proven, &proof, expected, f->app_id, f->collateral, now, detail);
    dp_tunnel_proof_free(&proof);
    return err;
}

static enum dp_err check(const struct fixture *f, const struct dp_tunnel_claim *expected,
                         struct dp_detail *detail)
{
    struct dp_buf text = DP_BUF_INIT(DP_TUNNEL_PROOF_MAX);
    const struct dp_tunnel_claim of = claim();
    struct dp_tunnel_proven proven = {.status = DP_TCB_REVOKED};
    enum dp_err err;

    answer(&text, f, &of);
    err = check_text(f, (struct dp_slice){text.data, text.len}, expected, time(NULL), &proven,
                     detail);
    dp_buf_free(&text);
    return err;
}

static void a_true_proof_holds_and_says_what_runs(void **state)
{
    struct fixture *f = *state;
    struct dp_buf text = DP_BUF_INIT(DP_TUNNEL_PROOF_MAX);
    const struct dp_tunnel_claim of = claim();
    struct dp_slice hash = dp_blob_payload(&f->sim.blob, "compose-hash");
    struct dp_tunnel_proven proven = {.status = DP_TCB_REVOKED};

    answer(&text, f, &of);
    assert_int_equal(
        check_text(f, (struct dp_slice){text.data, text.len}, &of, time(NULL), &proven, NULL),
        DP_OK);
    assert_memory_equal(proven.compose_hash, hash.data, sizeof(proven.compose_hash));
    assert_int_equal(proven.status, DP_TCB_UP_TO_DATE);
    dp_buf_free(&text);
}

/* Whatever part is not the expected one, a byte of it is enough. */
static void a_proof_for_something_else_is_refused(void **state)
{
    static const struct {
        const char *name, *field;
        size_t offset;
    } parts[] = {
        {"another nonce", "report_data", offsetof(struct dp_tunnel_claim, nonce)},
        {"another contract", "report_data", offsetof(struct dp_tunnel_claim, contract)},
        {"another chain", "report_data", offsetof(struct dp_tunnel_claim, chain_id)},
        {"another key", "report_data", offsetof(struct dp_tunnel_claim, key) + 31},
        {"for another peer", "report_data", offsetof(struct dp_tunnel_claim, asker)},
        {"another instance", "report_data", offsetof(struct dp_tunnel_claim, instance_id)},
    };

    for (size_t i = 0; i < COUNT(parts); i++) {
        struct dp_tunnel_claim expected = claim();
        struct dp_detail detail = {"", ""};

        ((uint8_t *)&expected)[parts[i].offset] ^= 1;
        if (check(*state, &expected, &detail) != DP_EINVAL ||
            strcmp(detail.field, parts[i].field) != 0)
            fail_msg("%s: %s %s", parts[i].name, detail.field, detail.text);
    }
}

/* It commits to what is asked, in a TD whose log says something else: of one who can choose its
 * report data, but not what it is. */
static void a_td_of_another_app_or_instance_is_refused(void **state)
{
    struct fixture *f = *state;
    struct dp_tunnel_claim of = claim();
    struct dp_buf text = DP_BUF_INIT(DP_TUNNEL_PROOF_MAX);
    struct dp_detail detail = {"", ""};
    struct dp_tunnel_proven proven = {.status = DP_TCB_REVOKED};

    f->app_id[0] ^= 1;
    assert_int_equal(check(f, &of, &detail), DP_EINVAL);
    assert_string_equal(detail.field, "app_id");
    f->app_id[0] ^= 1;
    of.instance_id[19] ^= 1;
    answer(&text, f, &of);
    assert_int_equal(
        check_text(f, (struct dp_slice){text.data, text.len}, &of, time(NULL), &proven, &detail),
        DP_EINVAL);
    assert_string_equal(detail.field, "instance_id");
    dp_buf_free(&text);
}

/* Without a setting the simulator is the instance that its attestation names. */
static void the_simulator_is_the_instance_that_it_is_told(void **state)
{
    struct fixture other = {.temp = ((struct fixture *)*state)->temp};
    const struct dp_tunnel_claim of = claim();
    struct dp_detail detail = {"", ""};

    open_sim(&other, &(struct sim_setup){.instance_id = NULL});
    assert_int_equal(check(&other, &of, &detail), DP_EINVAL);
    assert_string_equal(detail.field, "instance_id");
    close_sim(&other);
}

static void faults_of_a_platform_are_refused(void **state)
{
    static const struct {
        const char *name, *field;
        struct sim_setup setup;
    } faults[] = {
        {"a debug TD", "quote", {.debug = true}},
        {"a broken signature", "quote", {.fault = SIM_FAULT_QUOTE_SIGNATURE}},
        {"another root", "quote", {.fault = SIM_FAULT_ROOT}},
        {"a revoked platform", "quote", {.fault = SIM_FAULT_REVOKED}},
        {"report data of zeros", "report_data", {.fault = SIM_FAULT_REPORT_DATA}},
        {"another log", "rtmr3", {.fault = SIM_FAULT_EVENT_LOG}},
    };
    const struct dp_tunnel_claim of = claim();

    for (size_t i = 0; i < COUNT(faults); i++) {
        struct fixture other = {.temp = ((struct fixture *)*state)->temp};
        struct sim_setup setup = faults[i].setup;
        struct dp_detail detail = {"", ""};

        setup.instance_id = instance;
        open_sim(&other, &setup);
        if (check(&other, &of, &detail) != DP_EINVAL || strcmp(detail.field, faults[i].field) != 0)
            fail_msg("%s: %s %s", faults[i].name, detail.field, detail.text);
        close_sim(&other);
    }
}

static void stale_collateral_is_refused(void **state)
{
    struct fixture *f = *state;
    const struct dp_tunnel_claim of = claim();
    struct dp_buf text = DP_BUF_INIT(DP_TUNNEL_PROOF_MAX);
    struct dp_tunnel_proven proven = {.status = DP_TCB_REVOKED};

    answer(&text, f, &of);
    assert_int_equal(check_text(f, (struct dp_slice){text.data, text.len}, &of,
                                time(NULL) + INT64_C(60) * 86400, &proven, NULL),
                     DP_EINVAL);
    dp_buf_free(&text);
}

static void what_is_no_proof_is_refused(void **state)
{
    static const char *const texts[] = {
        "",
        "{}",
        "[]",
        "{\"quote\":\"00\"}",
        "{\"quote\":\"0\",\"event_log\":\"[]\"}",
        "{\"quote\":1,\"event_log\":\"[]\"}",
        "{\"quote\":\"00\",\"event_log\":[]}",
        "{\"quote\":\"00\",\"quote\":\"00\",\"event_log\":\"[]\"}",
    };
    const struct dp_tunnel_claim of = claim();
    struct dp_tunnel_proven proven = {.status = DP_TCB_REVOKED};

    for (size_t i = 0; i < COUNT(texts); i++) {
        if (check_text(*state, (struct dp_slice){texts[i], strlen(texts[i])}, &of, time(NULL),
                       &proven, NULL) != DP_EFORMAT)
            fail_msg("%s", texts[i]);
    }
    /* It reads, and is no quote. */
    assert_int_equal(check_text(*state,
                                (struct dp_slice){"{\"quote\":\"00\",\"event_log\":\"[]\"}", 31},
                                &of, time(NULL), &proven, NULL),
                     DP_EINVAL);
}

/* Any digit of the quote, and any character of the log's runtime events, changed: none may hold
 * that commits to something else. */
static void no_changed_proof_holds(void **state)
{
    struct fixture *f = *state;
    const struct dp_tunnel_claim of = claim();
    struct dp_buf text = DP_BUF_INIT(DP_TUNNEL_PROOF_MAX);
    struct dp_tunnel_proven proven = {.status = DP_TCB_REVOKED};
    const char *quote;
    size_t tried = 0;

    answer(&text, f, &of);
    quote = strstr(text.data, "\"quote\":\"");
    assert_non_null(quote);
    /* Header, report and signature; behind them are certificates, where a byte may not matter. */
    for (size_t at = (size_t)(quote - text.data) + 9; at < 9 + 2 * (632 + 64); at += 13, tried++) {
        const char was = text.data[at];

        text.data[at] = was == '0' ? '1' : '0';
        if (check_text(f, (struct dp_slice){text.data, text.len}, &of, time(NULL), &proven, NULL) ==
            DP_OK)
            fail_msg("digit %zu", at);
        text.data[at] = was;
    }
    assert_true(tried > 90);
    assert_int_equal(
        check_text(f, (struct dp_slice){text.data, text.len}, &of, time(NULL), &proven, NULL),
        DP_OK);
    dp_buf_free(&text);
}

/* --- a peer over time --- */

#define SECOND INT64_C(1000000)
static const struct dp_detail why = {"", "why"};

static struct dp_tunnel_peer a_peer(const char *endpoint)
{
    struct dp_peer is = {.token_id = 3, .network = DP_PEER_WIREGUARD, .wireguard_key = {7}};
    struct dp_tunnel_net net = {.network4 = 0x0a000100, .bits4 = 24, .prefix6 = {0xfd}};
    struct dp_tunnel_peer out;

    snprintf(is.endpoint, sizeof(is.endpoint), "%s", endpoint);
    dp_tunnel_peer_make(&out, &net, &is);
    return out;
}

static void assert_allowed(const struct dp_tunnel_peer *peer, const char *want)
{
    struct dp_wireguard_peer got;

    dp_tunnel_peer_wanted(&got, peer);
    assert_string_equal(got.allowed, want);
}

#define PROOF_ALONE "fd00:0:0:2::3/128"
#define ALL PROOF_ALONE ",fd00:0:0:1::3/128,10.0.1.3/32"

static void addresses_come_and_go_with_the_proof(void **state)
{
    struct dp_tunnel_peer peer = a_peer("192.0.2.3:51820");
    const struct dp_tunnel_proven proven = {.status = DP_TCB_UP_TO_DATE};

    (void)state;
    assert_allowed(&peer, PROOF_ALONE);
    assert_int_equal(peer.due_us, 0);
    dp_tunnel_peer_prove(&peer, &proven, 100 * SECOND, 3600 * SECOND);
    assert_allowed(&peer, ALL);
    assert_int_equal(peer.due_us, 1900 * SECOND);
    /* Not to be reached proves nothing, neither way. */
    dp_tunnel_peer_fail(&peer, &why, 1900 * SECOND);
    assert_allowed(&peer, ALL);
    assert_int_equal(peer.due_us, 1901 * SECOND);
    assert_string_equal(peer.detail, "why");
    dp_tunnel_peer_refuse(&peer, &why, 1901 * SECOND);
    assert_allowed(&peer, PROOF_ALONE);
    assert_int_equal(peer.due_us, 1903 * SECOND);
    for (int i = 0; i < 100; i++)
        dp_tunnel_peer_fail(&peer, &why, 2000 * SECOND);
    assert_int_equal(peer.due_us, 2060 * SECOND);
    dp_tunnel_peer_prove(&peer, &proven, 2100 * SECOND, 3600 * SECOND);
    assert_string_equal(peer.detail, "");
    dp_tunnel_peer_fail(&peer, &why, 3900 * SECOND);
    assert_int_equal(peer.due_us, 3901 * SECOND);
}

static void a_name_is_looked_up_before_it_is_asked(void **state)
{
    struct dp_tunnel_peer peer = a_peer("node.example:51820");
    struct dp_tunnel_ask ask = {.err = DP_ENOTFOUND, .detail = {"", "no address"}};
    struct dp_wireguard_peer wanted;

    (void)state;
    assert_true(peer.resolve);
    assert_false(dp_tunnel_peer_resolved(&peer, &ask, 0));
    assert_true(peer.resolve);
    assert_string_equal(peer.detail, "no address");
    ask.err = DP_OK;
    snprintf(ask.resolved, sizeof(ask.resolved), "192.0.2.9:51820");
    assert_true(dp_tunnel_peer_resolved(&peer, &ask, SECOND));
    assert_false(peer.resolve);
    dp_tunnel_peer_wanted(&wanted, &peer);
    assert_string_equal(wanted.endpoint, "192.0.2.9:51820");
    dp_tunnel_peer_fail(&peer, &why, SECOND);
    assert_true(peer.resolve);
}

static void an_endpoint_that_is_none_is_not_used(void **state)
{
    struct dp_tunnel_peer peer = a_peer("--remove");
    struct dp_wireguard_peer wanted;

    (void)state;
    dp_tunnel_peer_wanted(&wanted, &peer);
    assert_string_equal(wanted.endpoint, "");
    assert_non_null(strstr(peer.detail, "host:port"));
}

static void any_change_makes_another_peer(void **state)
{
    const struct dp_peer one = a_peer("192.0.2.3:1").is;
    struct dp_peer other = one;

    (void)state;
    other.lease_until++;
    assert_true(dp_tunnel_peer_is_same(&one, &other));
    other.wireguard_key[31] ^= 1;
    assert_false(dp_tunnel_peer_is_same(&one, &other));
    other = one;
    other.endpoint[0] = '2';
    assert_false(dp_tunnel_peer_is_same(&one, &other));
    other = one;
    other.instance_id[0] ^= 1;
    assert_false(dp_tunnel_peer_is_same(&one, &other));
    other = one;
    other.app_id[0] ^= 1;
    assert_false(dp_tunnel_peer_is_same(&one, &other));
    other = one;
    other.token_id++;
    assert_false(dp_tunnel_peer_is_same(&one, &other));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(report_data_are_over_every_part),
        cmocka_unit_test(a_true_proof_holds_and_says_what_runs),
        cmocka_unit_test(a_proof_for_something_else_is_refused),
        cmocka_unit_test(a_td_of_another_app_or_instance_is_refused),
        cmocka_unit_test(the_simulator_is_the_instance_that_it_is_told),
        cmocka_unit_test(faults_of_a_platform_are_refused),
        cmocka_unit_test(stale_collateral_is_refused),
        cmocka_unit_test(what_is_no_proof_is_refused),
        cmocka_unit_test(no_changed_proof_holds),
        cmocka_unit_test(addresses_come_and_go_with_the_proof),
        cmocka_unit_test(a_name_is_looked_up_before_it_is_asked),
        cmocka_unit_test(an_endpoint_that_is_none_is_not_used),
        cmocka_unit_test(any_change_makes_another_peer),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
