/* test_eventlog.c - published logs replay to their quotes' registers; broken ones are refused. */
#include "vectors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/sha.h>

#include "attest/config_id.h"
#include "attest/event_facts.h"
#include "attest/eventlog.h"
#include "attest/measure.h"
#include "attest/quote.h"

static int load(void **state)
{
    *state = vectors_load("eventlog.json");
    return 0;
}

static int unload(void **state)
{
    json_object_put(*state);
    return 0;
}

static enum dp_err read_log(struct dp_eventlog *log, struct json_object *row)
{
    const char *text = json_object_to_json_string(vectors_member(row, "event_log"));

    return dp_eventlog_read(log, text, strlen(text), NULL);
}

static void events_have_their_preimages_and_digests(void **state)
{
    FOR_EACH_ROW(row, vectors_rows(*state, "runtime_event_digests"))
    {
        struct bytes payload = vectors_hex(row, "event_payload"), want;
        const char *name = vectors_text(row, "event");
        struct dp_buf got = DP_BUF_INIT(1000);
        uint8_t digest[DP_RTMR_LEN], hash[DP_RTMR_LEN];

        dp_event_preimage(&got, (unsigned)json_object_get_int(vectors_member(row, "version")),
                          (struct dp_slice){name, strlen(name)},
                          (struct dp_slice){(const char *)payload.data, payload.len});
        want = vectors_hex(row, "preimage");
        assert_int_equal(got.len, want.len);
        assert_memory_equal(got.data, want.data, want.len);
        vectors_fixed(digest, sizeof(digest), row, "sha384");
        SHA384((const uint8_t *)got.data, got.len, hash);
        assert_memory_equal(hash, digest, sizeof(digest));
        dp_buf_free(&got);
        bytes_free(want);
        bytes_free(payload);
    }
}

static void expect_slice(struct json_object *row, const char *name, struct dp_slice got)
{
    struct bytes want = vectors_hex(row, name);

    assert_int_equal(got.len, want.len);
    assert_memory_equal(got.data, want.data, want.len);
    bytes_free(want);
}

static void expect_measures(struct json_object *row, const struct dp_td_report *td,
                            struct dp_slice provider, const uint8_t *rtmr3)
{
    uint8_t want[DP_MEASURE_LEN], got[DP_MEASURE_LEN];

    vectors_fixed(want, sizeof(want), row, "mr_system");
    dp_measure_system(got, td, provider);
    assert_memory_equal(got, want, sizeof(want));
    vectors_fixed(want, sizeof(want), row, "mr_aggregated");
    dp_measure_aggregated(got, td, rtmr3);
    assert_memory_equal(got, want, sizeof(want));
}

static void logs_replay_to_their_quotes(void **state)
{
    FOR_EACH_ROW(row, vectors_rows(*state, "quotes"))
    {
        struct json_object *derived = vectors_member(row, "derived");
        struct bytes bytes = vectors_hex(row, "quote");
        uint8_t rtmr[DP_RTMR_COUNT][DP_RTMR_LEN], boot[DP_RTMR_COUNT][DP_RTMR_LEN];
        struct dp_event_facts facts;
        struct dp_eventlog log;
        struct dp_quote quote;

        assert_int_equal(dp_quote_parse(&quote, bytes.data, bytes.len, NULL), DP_OK);
        assert_int_equal(read_log(&log, row), DP_OK);
        dp_eventlog_replay(rtmr, &log, NULL);
        FOR_EACH_ROW(index, vectors_rows(row, "registers"))
        {
            int i = json_object_get_int(index);

            if (memcmp(rtmr[i], quote.td->rtmr[i], DP_RTMR_LEN) != 0)
                fail_msg("%s: register %d", vectors_text(row, "name"), i);
        }
        assert_int_equal(dp_event_facts(&facts, &log, NULL), DP_OK);
        assert_null(dp_event_facts_fault(&facts));
        expect_slice(derived, "app_id", facts.app_id);
        expect_slice(derived, "compose_hash", facts.compose_hash);
        expect_slice(derived, "instance_id", facts.instance_id);
        expect_slice(derived, "key_provider_info", facts.key_provider);
        assert_true(facts.ready);
        expect_measures(derived, quote.td, facts.key_provider, quote.td->rtmr[3]);
        dp_eventlog_replay(boot, &log, "boot-mr-done");
        expect_measures(vectors_member(derived, "boot_time"), quote.td, (struct dp_slice){NULL, 0},
                        boot[3]);
        assert_int_not_equal(dp_config_id_judge(quote.td->mr_config_id, &facts), DP_CONFIG_DIFFERS);
        dp_eventlog_free(&log);
        bytes_free(bytes);
    }
}

static void made_logs_replay(void **state)
{
    FOR_EACH_ROW(row, vectors_rows(*state, "made"))
    {
        uint8_t want[DP_RTMR_LEN], rtmr[DP_RTMR_COUNT][DP_RTMR_LEN];
        struct dp_event_facts facts;
        struct dp_eventlog log;

        assert_int_equal(read_log(&log, row), DP_OK);
        dp_eventlog_replay(rtmr, &log, NULL);
        vectors_fixed(want, sizeof(want), row, "rtmr3");
        assert_memory_equal(rtmr[3], want, sizeof(want));
        dp_eventlog_replay(rtmr, &log, "boot-mr-done");
        vectors_fixed(want, sizeof(want), row, "rtmr3_boot");
        assert_memory_equal(rtmr[3], want, sizeof(want));
        assert_int_equal(dp_event_facts(&facts, &log, NULL), DP_OK);
        if (strcmp(vectors_text(row, "name"), "application events after system-ready") == 0)
            assert_memory_equal(facts.app_id.data, "\x5b\xb4\xff", 3);
        dp_eventlog_free(&log);
    }
}

static void broken_logs_are_not_accepted(void **state)
{
    unsigned refused = 0;

    FOR_EACH_ROW(row, vectors_rows(*state, "broken"))
    {
        uint8_t claimed[DP_RTMR_LEN], rtmr[DP_RTMR_COUNT][DP_RTMR_LEN] = {{0}};
        struct dp_eventlog log;
        enum dp_err err = read_log(&log, row);

        vectors_fixed(claimed, sizeof(claimed), row, "rtmr3");
        if (err == DP_OK)
            dp_eventlog_replay(rtmr, &log, NULL);
        if (err == DP_OK && memcmp(rtmr[3], claimed, sizeof(claimed)) == 0)
            fail_msg("%s", vectors_text(row, "name"));
        refused += err != DP_OK;
        dp_eventlog_free(&log);
    }
    /* Five are sound logs of another TD. */
    assert_int_equal(refused, 13);
}

#define RUNTIME(name, payload)                                                                     \
    "{\"imr\":3,\"event_type\":134217729,\"digest\":\"\",\"event\":\"" name                        \
    "\",\"event_payload\":\"" payload "\"}"
#define BOOT(imr, digest)                                                                          \
    "{\"imr\":" imr ",\"event_type\":1,\"digest\":\"" digest                                       \
    "\",\"event\":\"\",\"event_payload\":\"\"}"
#define D48                                                                                        \
    "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d" \
    "2e2f"

static const struct {
    const char *name, *text;
    enum dp_err err;
    const char *field;
} texts[] = {
    {"no events", "[]", DP_OK, ""},
    {"in an object", "{\"event_log\":[" BOOT("0", D48) "]}", DP_OK, ""},
    {"as text in an object", "{\"event_log\":\"[]\"}", DP_OK, ""},
    {"a text that is no list", "{\"event_log\":\"{}\"}", DP_EFORMAT, "event_log"},
    {"an object without", "{\"events\":[]}", DP_EFORMAT, "event_log"},
    {"a number", "1", DP_EFORMAT, "event_log"},
    {"nothing", "", DP_EJSON, ""},
    {"not JSON", "[", DP_EJSON, ""},
    {"a member twice", "[{\"imr\":0,\"imr\":0}]", DP_EDUPLICATE, "imr"},
    {"an event that is a list", "[[]]", DP_EFORMAT, "event_log[0]"},
    {"no imr", "[{}]", DP_EFORMAT, "event_log[0].imr"},
    {"imr of another type", "[" BOOT("\"0\"", D48) "]", DP_EFORMAT, "event_log[0].imr"},
    {"imr with a fraction", "[" BOOT("0.0", D48) "]", DP_EFORMAT, "event_log[0].imr"},
    {"imr below zero", "[" BOOT("-1", D48) "]", DP_EFORMAT, "event_log[0].imr"},
    {"imr 2^32", "[" BOOT("4294967296", D48) "]", DP_EFORMAT, "event_log[0].imr"},
    {"imr 4", "[" BOOT("4", D48) "]", DP_EFORMAT, "event_log[0].imr"},
    {"a boot event in RTMR3", "[" BOOT("3", D48) "]", DP_EFORMAT, "event_log[0].event_type"},
    {"a boot event without digest", "[" BOOT("0", "") "]", DP_EFORMAT, "event_log[0].digest"},
    {"a digest too long", "[" BOOT("0", D48 "00") "]", DP_EFORMAT, "event_log[0].digest"},
    {"the second event", "[" BOOT("0", D48) "," BOOT("0", "00") "]", DP_EFORMAT,
     "event_log[1].digest"},
    {"a payload that is not hex", "[" RUNTIME("a", "0g") "]", DP_EFORMAT,
     "event_log[0].event_payload"},
    {"a version 1 with preimage",
     "[{\"imr\":3,\"event_type\":134217729,\"digest\":\"\",\"event\":\"\",\"event_payload\":\"\","
     "\"preimage\":\"00\"}]",
     DP_EFORMAT, "event_log[0].preimage"},
    {"a version that is a text",
     "[{\"imr\":3,\"event_type\":134217729,\"digest\":\"\",\"event\":\"\",\"event_payload\":\"\","
     "\"version\":\"2\"}]",
     DP_EFORMAT, "event_log[0].version"},
};

static void logs_of_another_form_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct dp_detail detail = {"", ""};
        struct dp_eventlog log;

        if (dp_eventlog_read(&log, texts[i].text, strlen(texts[i].text), &detail) != texts[i].err ||
            strcmp(detail.field, texts[i].field) != 0)
            fail_msg("%s: %s %s", texts[i].name, detail.field, detail.text);
        dp_eventlog_free(&log);
    }
}

#define HEAD                                                                                       \
    RUNTIME("system-preparing", "")                                                                \
    "," RUNTIME("app-id", "01") "," RUNTIME("compose-hash", "02")

static const struct {
    const char *name, *text, *field; /* field "": accepted */
} orders[] = {
    {"as it should be", "[" HEAD "," RUNTIME("instance-id", "") "]", ""},
    {"a second compose-hash", "[" HEAD "," RUNTIME("compose-hash", "03") "]", "compose-hash"},
    {"the same compose-hash again", "[" HEAD "," RUNTIME("compose-hash", "02") "]", "compose-hash"},
    {"a second one later",
     "[" HEAD "," RUNTIME("boot-mr-done", "") "," RUNTIME("compose-hash", "03") "]",
     "compose-hash"},
    {"app-id behind compose-hash",
     "[" RUNTIME("compose-hash", "02") "," RUNTIME("app-id", "01") "]", "app-id"},
    {"two init scripts",
     "[" HEAD "," RUNTIME("init-script-hash", "04") "," RUNTIME("init-script-hash", "05") "]", ""},
    {"an init script behind the boot",
     "[" HEAD "," RUNTIME("boot-mr-done", "") "," RUNTIME("init-script-hash", "05") "]",
     "init-script-hash"},
    {"an unknown one between",
     "[" HEAD "," RUNTIME("later", "04") "," RUNTIME("instance-id", "") "]", ""},
    {"a second compose-hash behind system-ready",
     "[" HEAD "," RUNTIME("system-ready", "") "," RUNTIME("compose-hash", "03") "]", ""},
    {"a second system-ready",
     "[" HEAD "," RUNTIME("system-ready", "") "," RUNTIME("system-ready", "") "," RUNTIME("app-id",
                                                                                          "09") "]",
     ""},
};

static void the_first_of_an_event_is_the_only_one(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
        static const struct dp_event_facts none;
        struct dp_detail detail = {"", ""};
        struct dp_event_facts facts;
        struct dp_eventlog log;
        enum dp_err err;

        assert_int_equal(dp_eventlog_read(&log, orders[i].text, strlen(orders[i].text), NULL),
                         DP_OK);
        err = dp_event_facts(&facts, &log, &detail);
        if (strcmp(detail.field, orders[i].field) != 0 ||
            (err == DP_OK) != (orders[i].field[0] == '\0'))
            fail_msg("%s: %s", orders[i].name, detail.text);
        if (err == DP_OK)
            assert_memory_equal(facts.compose_hash.data, "\2", 1);
        else
            assert_memory_equal(&facts, &none, sizeof(none));
        dp_eventlog_free(&log);
    }
}

static void too_many_events_are_refused(void **state)
{
    struct dp_buf text = DP_BUF_INIT(DP_EVENTLOG_LEN_MAX);
    struct dp_detail detail = {"", ""};
    struct dp_eventlog log;

    (void)state;
    dp_buf_add_text(&text, "[0");
    for (int i = 0; i < DP_EVENTLOG_MAX; i++)
        dp_buf_add_text(&text, ",0");
    dp_buf_add_text(&text, "]");
    assert_int_equal(dp_eventlog_read(&log, text.data, text.len, &detail), DP_ETOOBIG);
    dp_buf_free(&text);
    assert_int_equal(dp_eventlog_read(&log, "", DP_EVENTLOG_LEN_MAX + 1, &detail), DP_ETOOBIG);
}

static void expect_config_id(struct json_object *row, const uint8_t *got)
{
    uint8_t want[DP_CONFIG_ID_LEN];

    vectors_fixed(want, sizeof(want), row, "mr_config_id");
    assert_memory_equal(got, want, sizeof(want));
}

static void config_ids_are_made_and_judged(void **state)
{
    struct json_object *doc = vectors_load("compose-hash.json");

    (void)state;
    FOR_EACH_ROW(row, vectors_rows(doc, "mr_config_id"))
    {
        int version = json_object_get_int(vectors_member(row, "version"));
        uint8_t hash[DP_EVENT_HASH_LEN], app_id[DP_EVENT_APP_ID_LEN], id[DP_CONFIG_ID_LEN];
        struct dp_event_facts facts = {.app_id = {(char *)app_id, sizeof(app_id)},
                                       .compose_hash = {(char *)hash, sizeof(hash)}};
        char provider[DP_KEY_PROVIDER_ID_MAX * 2];

        if (version == 3) {
            const char *text = vectors_text(row, "document");

            assert_int_equal(dp_config_id_v3(id, (struct dp_slice){text, strlen(text)}), DP_OK);
            expect_config_id(row, id);
            assert_int_equal(dp_config_id_judge(id, &facts), DP_CONFIG_DOCUMENT);
            continue;
        }
        vectors_fixed(hash, sizeof(hash), row, "compose_hash");
        if (version == 1) {
            dp_config_id_v1(id, hash);
        } else {
            struct dp_key_provider read;

            snprintf(provider, sizeof(provider), "{\"name\":\"%s\",\"id\":\"%s\"}",
                     vectors_text(row, "key_provider"), vectors_text(row, "key_provider_id"));
            facts.key_provider = (struct dp_slice){provider, strlen(provider)};
            vectors_fixed(app_id, sizeof(app_id), row, "app_id");
            assert_int_equal(dp_key_provider_read(&read, facts.key_provider), DP_OK);
            assert_int_equal(dp_config_id_v2(id, hash, app_id, &read), DP_OK);
        }
        expect_config_id(row, id);
        assert_int_equal(dp_config_id_judge(id, &facts), DP_CONFIG_AGREES);
        hash[0] ^= 1;
        assert_int_equal(dp_config_id_judge(id, &facts), DP_CONFIG_DIFFERS);
        hash[0] ^= 1;
        id[DP_CONFIG_ID_LEN - 1] = 1;
        assert_int_equal(dp_config_id_judge(id, &facts), DP_CONFIG_DIFFERS);
    }
    json_object_put(doc);
}

static void config_ids_of_another_form_differ(void **state)
{
    uint8_t id[DP_CONFIG_ID_LEN] = {0};
    struct dp_event_facts facts = {.booted = true};

    (void)state;
    assert_int_equal(dp_config_id_judge(id, &facts), DP_CONFIG_UNUSED);
    id[5] = 1;
    assert_int_equal(dp_config_id_judge(id, &facts), DP_CONFIG_DIFFERS);
    id[0] = 1;
    assert_int_equal(dp_config_id_judge(id, &facts), DP_CONFIG_DIFFERS);
    id[0] = 4;
    assert_int_equal(dp_config_id_judge(id, &facts), DP_CONFIG_DIFFERS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_have_their_preimages_and_digests),
        cmocka_unit_test(logs_replay_to_their_quotes),
        cmocka_unit_test(made_logs_replay),
        cmocka_unit_test(broken_logs_are_not_accepted),
        cmocka_unit_test(logs_of_another_form_are_refused),
        cmocka_unit_test(the_first_of_an_event_is_the_only_one),
        cmocka_unit_test(too_many_events_are_refused),
        cmocka_unit_test(config_ids_are_made_and_judged),
        cmocka_unit_test(config_ids_of_another_form_differ),
    };

    return cmocka_run_group_tests(tests, load, unload);
}
