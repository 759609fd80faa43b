/* test_peers_answer.c - the daemon's file of peers: what is taken, what is added, what is refused.
 */
#include "helper.h"

#include <stdio.h>
#include <string.h>

#include "cluster/peers_answer.h"

#define NOW INT64_C(1790000100000)

/* The members, in which a row replaces one. */
#define HEAD                                                                                       \
    "\"schema\":\"devproof.peers/1\",\"contract\":\"0x0\",\"chainId\":1,\"mode\":\"tls\","         \
    "\"self\":{},\"block\":{\"number\":1},\"digest\":\"0x1\""
#define READ ",\"readAtMs\":1790000096000"
#define WRITTEN ",\"writtenAtMs\":1790000099000"
#define NO_ERROR ",\"error\":null"
#define PEERS ",\"peers\":[{\"tokenId\":3}]"

static struct json_object *read_text(const char *text, enum dp_err want)
{
    struct dp_detail detail = {"", ""};
    struct json_object *answer = NULL;
    enum dp_err err = dp_peers_answer(&answer, (struct dp_slice){text, strlen(text)}, NOW, &detail);

    if (err != want)
        fail_msg("%s: %s (%s)", text, dp_err_text(err), detail.text);
    assert_true((answer == NULL) == (want != DP_OK));
    assert_true((detail.text[0] == '\0') == (want == DP_OK));
    return answer;
}

static const char *text_of(struct json_object *object, const char *name)
{
    return json_object_get_string(json_object_object_get(object, name));
}

static void a_list_comes_with_its_age(void **state)
{
    struct json_object *answer = read_text("{" HEAD READ WRITTEN NO_ERROR PEERS "}", DP_OK);

    (void)state;
    assert_int_equal(json_object_get_int64(json_object_object_get(answer, "ageMs")), 4000);
    assert_null(json_object_object_get(answer, "error"));
    assert_string_equal(text_of(answer, "peers"), "[ { \"tokenId\": 3 } ]");
    json_object_put(answer);
}

static void a_list_that_was_never_read_has_no_age(void **state)
{
    struct json_object *answer, *age;

    (void)state;
    answer = read_text("{\"schema\":\"devproof.peers/1\",\"contract\":\"0x0\",\"chainId\":1,"
                       "\"mode\":\"tls\",\"self\":{},\"block\":null,\"digest\":null,"
                       "\"readAtMs\":null,\"error\":{\"code\":\"node\",\"detail\":\"down\"},"
                       "\"peers\":[]" WRITTEN "}",
                       DP_OK);
    assert_true(json_object_object_get_ex(answer, "ageMs", &age));
    assert_null(age);
    assert_string_equal(text_of(json_object_object_get(answer, "error"), "code"), "node");
    json_object_put(answer);
}

/* writtenAtMs, whether that is a daemon that is gone */
static const struct {
    int64_t written;
    bool gone;
} times[] = {
    {NOW, false},         {NOW - 30000, false}, {NOW - 30001, true},
    {NOW + 30000, false}, {NOW + 30001, true},  {0, true},
};

static void a_daemon_that_is_gone_is_an_error_beside_its_list(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(times); i++) {
        struct json_object *answer, *error;
        char text[512];

        snprintf(text, sizeof(text), "{" HEAD READ ",\"writtenAtMs\":%lld" NO_ERROR PEERS "}",
                 (long long)times[i].written);
        answer = read_text(text, DP_OK);
        error = json_object_object_get(answer, "error");
        assert_int_equal(error != NULL, times[i].gone);
        if (error != NULL)
            assert_string_equal(text_of(error, "code"), "daemon");
        assert_int_equal(json_object_array_length(json_object_object_get(answer, "peers")), 1);
        json_object_put(answer);
    }
}

static void what_it_said_before_it_fell_silent_stays(void **state)
{
    struct json_object *answer =
        read_text("{" HEAD READ PEERS ",\"writtenAtMs\":1790000040000,"
                  "\"error\":{\"code\":\"node\",\"detail\":\"one.example is down.\"}}",
                  DP_OK);

    (void)state;
    assert_string_equal(text_of(json_object_object_get(answer, "error"), "detail"),
                        "The cluster's daemon has written nothing for 60 seconds. Before: "
                        "one.example is down.");
    json_object_put(answer);
}

static const char *const refused[] = {
    "",
    "{",
    "[]",
    "{}",
    "{" HEAD READ WRITTEN NO_ERROR PEERS "}x",
    "{" HEAD READ WRITTEN NO_ERROR PEERS PEERS "}",
    "{" HEAD READ WRITTEN NO_ERROR "}",
    "{" HEAD READ WRITTEN PEERS "}",
    "{" HEAD READ NO_ERROR PEERS "}",
    "{" HEAD WRITTEN NO_ERROR PEERS "}",
    "{" HEAD READ WRITTEN NO_ERROR ",\"peers\":null}",
    "{" HEAD READ WRITTEN NO_ERROR ",\"peers\":{}}",
    "{" HEAD READ WRITTEN NO_ERROR ",\"peers\":[3]}",
    "{" HEAD READ WRITTEN NO_ERROR ",\"peers\":[null]}",
    "{" HEAD READ WRITTEN PEERS ",\"error\":\"down\"}",
    "{" HEAD WRITTEN NO_ERROR PEERS ",\"readAtMs\":\"1790000096000\"}",
    "{" HEAD READ NO_ERROR PEERS ",\"writtenAtMs\":null}",
    "{" HEAD READ NO_ERROR PEERS ",\"writtenAtMs\":1.5}",
    "{\"schema\":\"devproof.peers/2\",\"contract\":\"0x0\",\"chainId\":1,\"mode\":\"tls\","
    "\"self\":{},\"block\":null,\"digest\":null" READ WRITTEN NO_ERROR PEERS "}",
    "{\"schema\":null,\"contract\":\"0x0\",\"chainId\":1,\"mode\":\"tls\","
    "\"self\":{},\"block\":null,\"digest\":null" READ WRITTEN NO_ERROR PEERS "}",
};

static void what_is_no_such_document_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(refused); i++)
        read_text(refused[i], DP_EPEERS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_list_comes_with_its_age),
        cmocka_unit_test(a_list_that_was_never_read_has_no_age),
        cmocka_unit_test(a_daemon_that_is_gone_is_an_error_beside_its_list),
        cmocka_unit_test(what_it_said_before_it_fell_silent_stays),
        cmocka_unit_test(what_is_no_such_document_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
