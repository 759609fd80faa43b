/* test_header.c - block headers against merkle-patricia.json: a header is its hash's, or refused.
 */
#include "vectors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "ethereum/header.h"
#include "ethereum/rlp.h"

static int load(void **state)
{
    *state = vectors_load("merkle-patricia.json");
    return 0;
}

static int unload(void **state)
{
    json_object_put(*state);
    return 0;
}

static bool is_number(const char *name)
{
    static const char *const names[] = {"difficulty",  "number",       "gasLimit",
                                        "gasUsed",     "timestamp",    "baseFeePerGas",
                                        "blobGasUsed", "excessBlobGas"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(names[i], name) == 0)
            return true;
    }
    return false;
}

/* A number's bytes, "0x0a" or "0x", as nodes have numbers: "0xa", "0x0". */
static struct json_object *quantity(const char *text)
{
    char made[80];

    text += 2;
    while (*text == '0')
        text++;
    snprintf(made, sizeof(made), "0x%s", *text != '\0' ? text : "0");
    return json_object_new_string(made);
}

/* The block as a node gives it. */
static struct json_object *block_of(struct json_object *row)
{
    struct json_object *block = json_object_new_object();
    char hash[80];

    snprintf(hash, sizeof(hash), "0x%s", vectors_text(row, "hash"));
    json_object_object_add(block, "hash", json_object_new_string(hash));
    json_object_object_foreach(vectors_member(row, "fields"), name, value)
    {
        json_object_object_add(block, name,
                               is_number(name) ? quantity(json_object_get_string(value))
                                               : json_object_get(value));
    }
    return block;
}

static void headers_are_bound_to_their_hash(void **state)
{
    FOR_EACH_ROW(row, vectors_rows(*state, "blocks"))
    {
        struct json_object *block = block_of(row);
        uint8_t hash[DP_KECCAK_LEN], root[DP_KECCAK_LEN];
        struct dp_header header;

        vectors_fixed(hash, sizeof(hash), row, "hash");
        vectors_fixed(root, sizeof(root), row, "state_root");
        assert_int_equal(dp_header_read(&header, block, NULL), DP_OK);
        assert_memory_equal(header.hash, hash, sizeof(hash));
        assert_memory_equal(header.state_root, root, sizeof(root));
        assert_int_equal(header.number, json_object_get_int64(vectors_member(row, "number")));
        assert_int_equal(header.time, json_object_get_int64(vectors_member(row, "timestamp")));
        json_object_put(block);
    }
}

/* The same text with its last digit another one. */
static struct json_object *altered(const char *text)
{
    char *copy = strdup(text);
    size_t last = strlen(copy) - 1;
    struct json_object *made;

    copy[last] = copy[last] == '1' ? '2' : '1';
    made = json_object_new_string(strcmp(text, "0x") == 0 ? "0x01" : copy);
    free(copy);
    return made;
}

static void assert_refused(struct json_object *block)
{
    static const struct dp_header zero;
    struct dp_detail detail = {"", ""};
    struct dp_header header;

    assert_int_equal(dp_header_read(&header, block, &detail), DP_EFORMAT);
    assert_memory_equal(&header, &zero, sizeof(zero));
    assert_true(detail.text[0] != '\0');
}

static void a_header_with_any_field_changed_is_refused(void **state)
{
    struct json_object *row = json_object_array_get_idx(vectors_rows(*state, "blocks"), 3);
    struct json_object *block = block_of(row), *fields = vectors_member(row, "fields");
    struct dp_header header;

    json_object_object_foreach(fields, name, unused)
    {
        struct json_object *kept = json_object_get(json_object_object_get(block, name));

        (void)unused;
        json_object_object_add(block, name, altered(json_object_get_string(kept)));
        assert_refused(block);
        json_object_object_add(block, name, json_object_new_int(1));
        assert_refused(block);
        json_object_object_add(block, name, json_object_new_string("0xzz"));
        assert_refused(block);
        json_object_object_del(block, name);
        assert_refused(block);
        json_object_object_add(block, name, kept);
    }
    assert_int_equal(dp_header_read(&header, block, NULL), DP_OK);
    json_object_object_del(block, "hash");
    assert_refused(block);
    json_object_put(block);
}

/* The item as a node has it in a block. */
static struct json_object *field_of(const struct dp_rlp_item *item, bool number)
{
    char *text = malloc(DP_HEX0X_SIZE(item->len));
    struct json_object *made;

    dp_hex0x_encode(text, item->payload, item->len);
    made = number ? quantity(text) : json_object_new_string(text);
    free(text);
    return made;
}

/* A header in RLP under the names that another row has for its fields; NULL where it is cut. */
static struct json_object *block_of_rlp(struct json_object *fields, const struct bytes *rlp,
                                        const char *hash)
{
    struct json_object *block = json_object_new_object();
    struct dp_rlp_item list, item;
    char text[80];
    size_t at = 0;

    snprintf(text, sizeof(text), "0x%s", hash);
    json_object_object_add(block, "hash", json_object_new_string(text));
    if (dp_rlp_read(&list, rlp->data, rlp->len) != DP_OK) {
        json_object_put(block);
        return NULL;
    }
    json_object_object_foreach(fields, name, unused)
    {
        (void)unused;
        assert_int_equal(dp_rlp_read(&item, list.payload + at, list.len - at), DP_OK);
        json_object_object_add(block, name, field_of(&item, is_number(name)));
        at += item.size;
    }
    assert_int_equal(at, list.len);
    return block;
}

static void headers_that_hash_to_something_else_are_refused(void **state)
{
    struct json_object *good = json_object_array_get_idx(vectors_rows(*state, "blocks"), 3);
    struct json_object *fields = vectors_member(good, "fields"), *block;
    struct bytes rlp = vectors_hex(good, "rlp");
    struct dp_header header;

    block = block_of_rlp(fields, &rlp, vectors_text(good, "hash"));
    assert_int_equal(dp_header_read(&header, block, NULL), DP_OK);
    json_object_put(block);
    bytes_free(rlp);
    FOR_EACH_ROW(row, vectors_rows(*state, "broken_headers"))
    {
        rlp = vectors_hex(row, "rlp");
        block = block_of_rlp(fields, &rlp, vectors_text(row, "claimed_hash"));
        assert_refused(block);
        json_object_put(block);
        bytes_free(rlp);
    }
}

static void what_is_no_block_is_refused(void **state)
{
    struct json_object *list = json_object_new_array(), *empty = json_object_new_object();

    (void)state;
    assert_refused(NULL);
    assert_refused(list);
    assert_refused(empty);
    json_object_put(list);
    json_object_put(empty);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(headers_are_bound_to_their_hash),
        cmocka_unit_test(a_header_with_any_field_changed_is_refused),
        cmocka_unit_test(headers_that_hash_to_something_else_are_refused),
        cmocka_unit_test(what_is_no_block_is_refused),
    };

    return cmocka_run_group_tests(tests, load, unload);
}
