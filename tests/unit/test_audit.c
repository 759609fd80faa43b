/* test_audit.c - rows of the audit log: their hash by hand, and every way to break the chain. */
#include "helper.h"

#include <string.h>

#include "base/hex.h"
#include "base/json.h"
#include "store/audit_json.h"

#define ROWS 5
#define TIME_MS INT64_C(1769851800000)

/* Made with Python's json and hashlib from the sentence in audit.h. */
static const char first_hash[] = "a264a0d95e97c4bd8292edf33fa3771c8202a1e372e3a1abc0ba71f25f9afe51";
static const char second_hash[] =
    "f7d672835d4fe34335c22144dfed19bcc754cdcd0aeb5e7285855e9f12e12f25";

static void assert_hash(const uint8_t hash[static DP_AUDIT_HASH_LEN], const char *want)
{
    char text[2 * DP_AUDIT_HASH_LEN + 1];

    dp_hex_encode(text, hash, DP_AUDIT_HASH_LEN);
    assert_string_equal(text, want);
}

static void a_row_hashes_as_a_stranger_would(void **state)
{
    struct dp_audit_row first, second;
    uint8_t digest[32], hash[DP_AUDIT_HASH_LEN];

    (void)state;
    dp_audit_begin(&first, DP_ACTOR_OPERATOR, "token_made", "");
    dp_audit_add_int(&first, "tokenId", 1);
    first.seq = 1;
    first.time_ms = TIME_MS;
    dp_audit_hash(hash, &first);
    assert_hash(hash, first_hash);

    memset(digest, 0xab, sizeof(digest));
    dp_audit_signature(&second, DP_ACTOR_USER, "alice", digest, "raw", "wallet/ethereum", 0);
    second.seq = 2;
    second.time_ms = TIME_MS + 7;
    memcpy(second.prev_hash, hash, sizeof(hash));
    dp_audit_hash(hash, &second);
    assert_hash(hash, second_hash);
}

/* --- chains --- */

static void seal(struct dp_audit_row *row, int64_t seq, const struct dp_audit_row *before)
{
    row->seq = seq;
    if (before != NULL)
        memcpy(row->prev_hash, before->hash, sizeof(row->prev_hash));
    dp_audit_hash(row->hash, row);
}

static void make_chain(struct dp_audit_row rows[static ROWS])
{
    for (int i = 0; i < ROWS; i++) {
        uint8_t digest[32] = {(uint8_t)i};

        dp_audit_signature(&rows[i], DP_ACTOR_USER, "alice", digest, "raw", "wallet/ethereum", 0);
        seal(&rows[i], i + 1, i > 0 ? &rows[i - 1] : NULL);
    }
}

static struct dp_audit_check check_rows(const struct dp_audit_row *rows, const int *order)
{
    struct dp_audit_check check;

    dp_audit_check_begin(&check);
    for (; *order >= 0; order++)
        dp_audit_check_row(&check, &rows[*order]);
    return check;
}

static const struct {
    const char *name;
    int order[ROWS + 2];
    enum dp_audit_fault fault;
    int64_t seq;
} orders[] = {
    {"as written", {0, 1, 2, 3, 4, -1}, DP_AUDIT_INTACT, 0},
    {"none", {-1}, DP_AUDIT_INTACT, 0},
    {"the first is missing", {1, 2, 3, 4, -1}, DP_AUDIT_MISSING, 1},
    {"one in the middle is missing", {0, 1, 3, 4, -1}, DP_AUDIT_MISSING, 3},
    {"two in the middle are missing", {0, 3, 4, -1}, DP_AUDIT_MISSING, 2},
    {"two are swapped", {0, 2, 1, 3, 4, -1}, DP_AUDIT_REORDERED, 2},
    {"the first stands last", {1, 2, 3, 4, 0, -1}, DP_AUDIT_REORDERED, 1},
    {"one stands twice", {0, 1, 1, 2, 3, 4, -1}, DP_AUDIT_REORDERED, 2},
    {"backwards", {4, 3, 2, 1, 0, -1}, DP_AUDIT_REORDERED, 1},
};

static void a_row_out_of_place_is_found(void **state)
{
    struct dp_audit_row rows[ROWS];

    (void)state;
    make_chain(rows);
    for (size_t i = 0; i < COUNT(orders); i++) {
        struct dp_audit_check check = check_rows(rows, orders[i].order);

        if (check.fault != orders[i].fault || check.fault_seq != orders[i].seq)
            fail_msg("%s: row %lld %s", orders[i].name, (long long)check.fault_seq,
                     dp_audit_fault_word(check.fault));
    }
}

/* Each byte that is hashed, in each row: the very row is named. */
static void a_changed_row_is_found(void **state)
{
    static const int order[] = {0, 1, 2, 3, 4, -1};
    struct dp_audit_row rows[ROWS];

    (void)state;
    for (int i = 0; i < ROWS; i++) {
        char *const parts[] = {rows[i].actor,        rows[i].action,
                               rows[i].user_id,      rows[i].data + 12,
                               rows[i].data,         (char *)rows[i].prev_hash,
                               (char *)rows[i].hash, (char *)&rows[i].time_ms};

        for (size_t part = 0; part < COUNT(parts); part++) {
            struct dp_audit_check check;

            make_chain(rows);
            parts[part][0] ^= 1;
            check = check_rows(rows, order);
            if (check.fault != DP_AUDIT_CHANGED || check.fault_seq != i + 1)
                fail_msg("part %zu of row %d: row %lld %s", part, i + 1, (long long)check.fault_seq,
                         dp_audit_fault_word(check.fault));
        }
    }
}

/* Whoever changes a row and seals it anew must write all later ones anew, too. */
static void a_row_sealed_anew_is_found(void **state)
{
    static const int order[] = {0, 1, 2, 3, 4, -1};
    struct dp_audit_row rows[ROWS];
    struct dp_audit_check check;

    (void)state;
    make_chain(rows);
    rows[2].time_ms++;
    seal(&rows[2], 3, &rows[1]);
    check = check_rows(rows, order);
    assert_int_equal(check.fault, DP_AUDIT_REPLACED);
    assert_int_equal(check.fault_seq, 3);

    make_chain(rows);
    rows[0].prev_hash[0] = 1;
    dp_audit_hash(rows[0].hash, &rows[0]);
    check = check_rows(rows, order);
    assert_int_equal(check.fault, DP_AUDIT_CHANGED);
    assert_int_equal(check.fault_seq, 1);
}

/* A middle part that is cut out and closed by new numbers does not follow what is before it. */
static void a_closed_gap_is_found(void **state)
{
    static const int order[] = {0, 3, 4, -1};
    struct dp_audit_row rows[ROWS];
    struct dp_audit_check check;

    (void)state;
    make_chain(rows);
    rows[3].seq = 2;
    rows[4].seq = 3;
    check = check_rows(rows, order);
    assert_int_equal(check.fault, DP_AUDIT_CHANGED);
    assert_int_equal(check.fault_seq, 2);
}

/* Two rows of one text would have one hash: such text is no row of ours. */
static void quotes_do_not_make_one_row_of_another(void **state)
{
    static const int order[] = {0, -1};
    struct dp_audit_row row;
    struct dp_audit_check check;

    (void)state;
    dp_audit_begin(&row, DP_ACTOR_USER, "sign", "");
    strcpy(row.action, "sign\",\"bob");
    seal(&row, 1, NULL);
    check = check_rows(&row, order);
    assert_int_equal(check.fault, DP_AUDIT_CHANGED);
}

/* --- JSON --- */

static enum dp_err parse(struct dp_audit_row *row, const char *text)
{
    struct json_object *object = NULL;
    enum dp_err err;

    assert_int_equal(dp_json_parse(&object, text, strlen(text), NULL), DP_OK);
    err = dp_audit_from_json(row, object);
    json_object_put(object);
    return err;
}

static void json_is_the_same_row(void **state)
{
    struct dp_audit_row rows[ROWS], again;

    (void)state;
    make_chain(rows);
    for (int i = 0; i < ROWS; i++) {
        struct json_object *object = dp_audit_to_json(&rows[i]);

        assert_int_equal(dp_audit_from_json(&again, object), DP_OK);
        json_object_put(object);
        assert_memory_equal(&again, &rows[i], sizeof(again));
    }
}

#define BEFORE                                                                                     \
    "{\"seq\":1,\"time\":\"2026-01-31T09:30:00.000Z\",\"actor\":\"operator\",\"action\":\"token_"  \
    "made\""
#define AFTER                                                                                      \
    ",\"prevHash\":\"0x0000000000000000000000000000000000000000000000000000000000000000\","        \
    "\"hash\":\"0xa264a0d95e97c4bd8292edf33fa3771c8202a1e372e3a1abc0ba71f25f9afe51\"}"

static void json_may_be_spelt_differently(void **state)
{
    static const int order[] = {0, -1};
    struct dp_audit_row row;

    (void)state;
    assert_int_equal(
        parse(&row, BEFORE ",\"data\" : { \"token\\u0049d\" : 1 },\"userId\":null" AFTER), DP_OK);
    assert_int_equal(check_rows(&row, order).fault, DP_AUDIT_INTACT);
}

static const char *const not_ours[] = {
    BEFORE ",\"data\":{\"tokenId\":1.0}" AFTER,
    BEFORE ",\"data\":{\"tokenId\":true}" AFTER,
    BEFORE ",\"data\":{\"tokenId\":[1]}" AFTER,
    BEFORE ",\"data\":{\"tokenId\":1,\"more\":1}" AFTER,
    BEFORE ",\"data\":null" AFTER,
    BEFORE AFTER,
    BEFORE ",\"data\":{\"tokenId\":1},\"userId\":\"\""
           ",\"prevHash\":\"\",\"hash\":\"\"}",
    BEFORE ",\"data\":{\"tokenId\":1},\"userId\":\"bob\"" AFTER,
    BEFORE ",\"data\":{\"tokenId\":1},\"userId\":7" AFTER,
    "{\"seq\":1}",
};

static void json_that_is_no_row_of_ours_does_not_hold(void **state)
{
    static const int order[] = {0, -1};
    struct dp_audit_row row;

    (void)state;
    for (size_t i = 0; i < COUNT(not_ours); i++) {
        assert_int_equal(parse(&row, not_ours[i]), DP_OK);
        if (check_rows(&row, order).fault != DP_AUDIT_CHANGED)
            fail_msg("%s", not_ours[i]);
    }
    assert_int_equal(parse(&row, "{}"), DP_EFORMAT);
    assert_int_equal(parse(&row, "{\"seq\":\"1\"}"), DP_EFORMAT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_row_hashes_as_a_stranger_would),
        cmocka_unit_test(a_row_out_of_place_is_found),
        cmocka_unit_test(a_changed_row_is_found),
        cmocka_unit_test(a_row_sealed_anew_is_found),
        cmocka_unit_test(a_closed_gap_is_found),
        cmocka_unit_test(quotes_do_not_make_one_row_of_another),
        cmocka_unit_test(json_is_the_same_row),
        cmocka_unit_test(json_may_be_spelt_differently),
        cmocka_unit_test(json_that_is_no_row_of_ours_does_not_hold),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
