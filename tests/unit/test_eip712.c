/* test_eip712.c - typed data against ethereum.json, and what is refused, with the path to it. */
#include "vectors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/hex.h"
#include "base/json.h"
#include "ethereum/eip712.h"
#include "ethereum/eip712_types.h"

#define DOMAIN "\"domain\":{\"name\":\"d\"}"
#define CHECKSUM "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"

static int load(void **state)
{
    *state = vectors_load("ethereum.json");
    return 0;
}

static int unload(void **state)
{
    json_object_put(*state);
    return 0;
}

/* --- vectors --- */

static void documents_have_their_digest(void **state)
{
    FOR_EACH_ROW(row, vectors_rows(*state, "eip712"))
    {
        struct dp_detail detail = {"", ""};
        uint8_t want[DP_KECCAK_LEN];
        struct dp_eip712 got;

        if (dp_eip712_hash(&got, vectors_member(row, "typed_data"), &detail) != DP_OK)
            fail_msg("%s: %s", vectors_text(row, "name"), detail.text);
        vectors_fixed(want, sizeof(want), row, "domain_separator");
        assert_memory_equal(got.domain_separator, want, sizeof(want));
        vectors_fixed(want, sizeof(want), row, "struct_hash");
        assert_memory_equal(got.message_hash, want, sizeof(want));
        vectors_fixed(want, sizeof(want), row, "digest");
        assert_memory_equal(got.digest, want, sizeof(want));
    }
}

static void types_have_their_hash(void **state)
{
    FOR_EACH_ROW(row, vectors_rows(*state, "eip712"))
    {
        struct json_object *document = vectors_member(row, "typed_data");
        struct dp_eip712_types *types;
        uint8_t want[DP_KECCAK_LEN], got[DP_KECCAK_LEN], text[DP_KECCAK_LEN];
        int index;

        assert_int_equal(dp_eip712_types_read(&types, vectors_member(document, "types"),
                                              vectors_member(document, "domain"), NULL),
                         DP_OK);
        index = dp_eip712_types_find(types, vectors_text(document, "primaryType"));
        assert_true(index >= 0);
        assert_int_equal(dp_eip712_type_hash(types, got, (size_t)index, NULL), DP_OK);
        vectors_fixed(want, sizeof(want), row, "type_hash");
        assert_memory_equal(got, want, sizeof(want));
        dp_keccak256(text, vectors_text(row, "encode_type"),
                     strlen(vectors_text(row, "encode_type")));
        assert_memory_equal(got, text, sizeof(text));
        dp_eip712_types_free(types);
    }
}

/* --- helpers --- */

static struct json_object *parse(const char *text)
{
    struct dp_detail detail = {"", ""};
    struct json_object *document;

    if (dp_json_parse(&document, text, strlen(text), &detail) != DP_OK)
        fail_msg("%s in %s", detail.text, text);
    return document;
}

static enum dp_err hash(struct dp_eip712 *out, const char *text, struct dp_detail *detail)
{
    struct json_object *document = parse(text);
    enum dp_err err = dp_eip712_hash(out, document, detail);

    json_object_put(document);
    return err;
}

static void assert_refused(const char *text, const char *path)
{
    struct dp_detail detail = {"", ""};
    struct dp_eip712 got;

    if (hash(&got, text, &detail) != DP_ETYPEDDATA)
        fail_msg("taken: %.300s", text);
    if (strcmp(detail.field, path) != 0)
        fail_msg("%s is named, not %s: %.300s", detail.field, path, text);
    assert_int_equal(strncmp(detail.text, path, strlen(path)), 0);
}

static void assert_same(const char *a, const char *b)
{
    struct dp_detail detail = {"", ""};
    struct dp_eip712 x, y;

    if (hash(&x, a, &detail) != DP_OK || hash(&y, b, &detail) != DP_OK)
        fail_msg("%s in %s or %s", detail.text, a, b);
    assert_memory_equal(x.digest, y.digest, sizeof(x.digest));
}

/* --- values --- */

/* Of a document whose message has the one member v. */
#define VALUE                                                                                      \
    "{\"types\":{\"M\":[{\"name\":\"v\",\"type\":\"%s\"}],\"S\":[]},\"primaryType\":\"M\"," DOMAIN \
    ",\"message\":{\"v\":%s}}"

static const struct {
    const char *type, *value, *path; /* path after typedData.message; NULL: taken */
} values[] = {
    {"uint8", "255", NULL},
    {"uint8", "256", ".v"},
    {"uint8", "-1", ".v"},
    {"uint8", "\"-1\"", ".v"},
    {"uint8", "1.0", ".v"},
    {"uint8", "1e2", ".v"},
    {"uint8", "1.5", ".v"},
    {"uint8", "true", ".v"},
    {"uint8", "null", ".v"},
    {"uint8", "[]", ".v"},
    {"uint8", "{}", ".v"},
    {"uint8", "\"\"", ".v"},
    {"uint8", "\"0x\"", ".v"},
    {"uint8", "\"1\\u0000\"", ".v"},
    {"int8", "-128", NULL},
    {"int8", "-129", ".v"},
    {"int8", "128", ".v"},
    {"int256", "-9007199254740991", NULL},
    {"int256", "-9007199254740992", ".v"},
    {"uint256", "9007199254740991", NULL},
    {"uint256", "9007199254740992", ".v"},
    {"uint256", "18446744073709551615", ".v"},
    {"uint256", "100000000000000000000000", ".v"},
    {"int256", "-100000000000000000000000", ".v"},
    {"uint256", "\"100000000000000000000000\"", NULL},
    {"uint64", "\"18446744073709551616\"", ".v"},
    {"bool", "true", NULL},
    {"bool", "false", NULL},
    {"bool", "0", ".v"},
    {"bool", "\"true\"", ".v"},
    {"bool", "null", ".v"},
    {"address", "\"" CHECKSUM "\"", NULL},
    {"address", "\"0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed\"", NULL},
    {"address", "\"0x5AAEB6053F3E94C9B9A09F33669435E7EF1BEAED\"", ".v"},
    {"address", "\"0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeD\"", ".v"},
    {"address", "\"5aaeb6053f3e94c9b9a09f33669435e7ef1beaed\"", ".v"},
    {"address", "\"0x5aaeb6053f3e94c9b9a09f33669435e7ef1bea\"", ".v"},
    {"address", "\"0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed\\u0000\"", ".v"},
    {"address", "\"name.eth\"", ".v"},
    {"address", "0", ".v"},
    {"bytes1", "\"0xff\"", NULL},
    {"bytes1", "\"0x\"", ".v"},
    {"bytes1", "\"0xffff\"", ".v"},
    {"bytes1", "\"ff\"", ".v"},
    {"bytes1", "\"0Xff\"", ".v"},
    {"bytes4", "\"0xffffff\"", ".v"},
    {"bytes4", "\"0xfffffffg\"", ".v"},
    {"bytes4", "[255,255,255,255]", ".v"},
    {"bytes32", "\"0x00\"", ".v"},
    {"bytes", "\"0x\"", NULL},
    {"bytes", "\"0xAb\"", NULL},
    {"bytes", "\"\"", ".v"},
    {"bytes", "\"ab\"", ".v"},
    {"bytes", "\"0xa\"", ".v"},
    {"bytes", "\"0x0x\"", ".v"},
    {"bytes", "7", ".v"},
    {"string", "\"\"", NULL},
    {"string", "\"a\\u0000b\"", NULL},
    {"string", "7", ".v"},
    {"string", "null", ".v"},
    {"S", "{}", NULL},
    {"S", "null", ".v"},
    {"S", "[]", ".v"},
    {"S", "\"\"", ".v"},
    {"S[]", "[]", NULL},
    {"S[]", "[{},{}]", NULL},
    {"S[]", "[{},null]", ".v[1]"},
    {"S[]", "{}", ".v"},
    {"S[2]", "[{},{}]", NULL},
    {"S[2]", "[{}]", ".v"},
    {"S[2]", "[{},{},{}]", ".v"},
    {"S[0]", "[]", NULL},
    {"S[0]", "[{}]", ".v"},
    {"uint8[]", "[1,2,256]", ".v[2]"},
    {"uint8[]", "\"0x0102\"", ".v"},
    {"uint8[2][]", "[[1,2],[3,4],[5,6]]", NULL},
    {"uint8[2][]", "[[1,2],[3]]", ".v[1]"},
    {"uint8[][2]", "[[],[1]]", NULL},
    {"uint8[][2]", "[[],[1],[]]", ".v"},
    {"uint8[][2]", "[[],[1,\"x\"]]", ".v[1][1]"},
    {"uint8[2][]", "[1,2]", ".v[0]"},
};

static void values_are_taken_or_refused(void **state)
{
    char text[1024], path[64];

    (void)state;
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        struct dp_detail detail = {"", ""};
        struct dp_eip712 got;

        snprintf(text, sizeof(text), VALUE, values[i].type, values[i].value);
        if (values[i].path == NULL) {
            if (hash(&got, text, &detail) != DP_OK)
                fail_msg("%s", detail.text);
            continue;
        }
        snprintf(path, sizeof(path), "typedData.message%s", values[i].path);
        assert_refused(text, path);
    }
}

static void values_that_mean_the_same_hash_the_same(void **state)
{
    static const char *const same[][3] = {
        {"uint256", "17", "\"17\""},
        {"uint256", "17", "\"0x11\""},
        {"uint256", "17", "\"0x011\""},
        {"uint256", "0", "-0"},
        {"int8", "-1", "\"-1\""},
        {"string", "\"\\u00e9\"", "\"\xc3\xa9\""},
        {"bytes", "\"0xABCD\"", "\"0xabcd\""},
        {"address", "\"" CHECKSUM "\"", "\"0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed\""},
    };
    char a[1024], b[1024];

    (void)state;
    for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
        snprintf(a, sizeof(a), VALUE, same[i][0], same[i][1]);
        snprintf(b, sizeof(b), VALUE, same[i][0], same[i][2]);
        assert_same(a, b);
    }
}

/* --- types --- */

static const struct {
    const char *types, *path; /* path after typedData.types; NULL: taken */
} types_of[] = {
    {"\"M\":[]", NULL},
    {"\"M\":[],\"Unused\":[{\"name\":\"x\",\"type\":\"M\"}]", NULL},
    {"\"M\":[],\"_x9\":[]", NULL},
    {"\"M\":{}", ".M"},
    {"\"M\":null", ".M"},
    {"\"M\":[],\"\":[]", ""},
    {"\"M\":[],\"9\":[]", ""},
    {"\"M\":[],\"A B\":[]", ""},
    {"\"M\":[],\"A(\":[]", ""},
    {"\"M\":[],\"A[]\":[]", ""},
    {"\"M\":[],\"\xc3\xa9\":[]", ""},
    {"\"M\":[],\"A$\":[]", ""},
    {"\"M\":[],\"address\":[]", ""},
    {"\"M\":[],\"uint256\":[]", ""},
    {"\"M\":[],\"integer\":[]", ""},
    {"\"M\":[],\"bytes33\":[]", ""},
    {"\"M\":[7]", ".M[0].name"},
    {"\"M\":[{}]", ".M[0].name"},
    {"\"M\":[{\"name\":\"\",\"type\":\"bool\"}]", ".M[0].name"},
    {"\"M\":[{\"name\":\"a b\",\"type\":\"bool\"}]", ".M[0].name"},
    {"\"M\":[{\"name\":\"a,bool b\",\"type\":\"bool\"}]", ".M[0].name"},
    {"\"M\":[{\"name\":\"a\\u0000\",\"type\":\"bool\"}]", ".M[0].name"},
    {"\"M\":[{\"name\":7,\"type\":\"bool\"}]", ".M[0].name"},
    {"\"M\":[{\"name\":\"a\"}]", ".M[0].type"},
    {"\"M\":[{\"name\":\"a\",\"type\":\"bool\"},{\"name\":\"a\",\"type\":\"string\"}]",
     ".M[1].name"},
    {"\"M\":[{\"name\":\"a\",\"type\":\"M\"}]", ".M[0]"},
    {"\"M\":[{\"name\":\"x\",\"type\":\"bool\"},{\"name\":\"a\",\"type\":\"N\"}],"
     "\"N\":[{\"name\":\"b\",\"type\":\"M\"}]",
     ".M[1]"},
    {"\"M\":[{\"name\":\"list\",\"type\":\"N[]\"}],\"N\":[{\"name\":\"b\",\"type\":\"N\"}]",
     ".N[0]"},
};

#define TYPES "{\"types\":{%s},\"primaryType\":\"M\"," DOMAIN ",\"message\":{}}"

static void types_are_taken_or_refused(void **state)
{
    char text[1024], path[64];

    (void)state;
    for (size_t i = 0; i < sizeof(types_of) / sizeof(types_of[0]); i++) {
        struct dp_eip712 got;

        snprintf(text, sizeof(text), TYPES, types_of[i].types);
        if (types_of[i].path == NULL) {
            assert_int_equal(hash(&got, text, NULL), DP_OK);
            continue;
        }
        snprintf(path, sizeof(path), "typedData.types%s", types_of[i].path);
        assert_refused(text, path);
    }
}

static void unknown_types_are_refused(void **state)
{
    static const char *const names[] = {
        "",
        "uint",
        "int",
        "uint0",
        "uint7",
        "uint264",
        "uint08",
        "uint 8",
        "uint8 ",
        "uint1e1",
        "uint4294967304",
        "int257",
        "bytes0",
        "bytes33",
        "bytes01",
        "byte",
        "Bool",
        "function",
        "fixed128x18",
        "char",
        "Missing",
        "bool[",
        "bool]",
        "bool[]]",
        "bool[][",
        "bool[-1]",
        "bool[01]",
        "bool[ 1]",
        "bool[x]",
        "bool[1]x",
        "[]",
        "bool[9999999]",
        "bool[4294967297]",
        "M,bool a",
        "mapping(address=>bool)",
        "M()",
        "bool[][][][][][][][][][][][][][][][][]",
    };
    char text[1024];

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        snprintf(text, sizeof(text), VALUE, names[i], "0");
        assert_refused(text, "typedData.types.M[0].type");
    }
}

static void every_width_is_known(void **state)
{
    char text[1024], type[16], value[80];

    (void)state;
    for (int size = 1; size <= 32; size++) {
        struct dp_eip712 got;
        struct dp_detail detail = {"", ""};

        snprintf(type, sizeof(type), "uint%d", 8 * size);
        snprintf(text, sizeof(text), VALUE, type, "255");
        assert_int_equal(hash(&got, text, &detail), DP_OK);
        snprintf(type, sizeof(type), "int%d", 8 * size);
        snprintf(text, sizeof(text), VALUE, type, "-128");
        assert_int_equal(hash(&got, text, &detail), DP_OK);
        snprintf(type, sizeof(type), "bytes%d", size);
        snprintf(value, sizeof(value), "\"0x%0*d\"", 2 * size, 0);
        snprintf(text, sizeof(text), VALUE, type, value);
        assert_int_equal(hash(&got, text, &detail), DP_OK);
    }
}

/* --- documents --- */

static const struct {
    const char *text, *path; /* NULL: taken */
} documents[] = {
    {"{}", "typedData.types"},
    {"{\"types\":[],\"primaryType\":\"M\",\"domain\":{},\"message\":{}}", "typedData.types"},
    {"{\"types\":{\"M\":[]},\"domain\":{},\"message\":{}}", "typedData.primaryType"},
    {"{\"types\":{\"M\":[]},\"primaryType\":7,\"domain\":{},\"message\":{}}",
     "typedData.primaryType"},
    {"{\"types\":{\"M\":[]},\"primaryType\":\"N\",\"domain\":{},\"message\":{}}",
     "typedData.primaryType"},
    {"{\"types\":{\"M\":[]},\"primaryType\":\"M\\u0000\",\"domain\":{},\"message\":{}}",
     "typedData.primaryType"},
    {"{\"types\":{\"M\":[]},\"primaryType\":\"uint8\",\"domain\":{},\"message\":{}}",
     "typedData.primaryType"},
    {"{\"types\":{\"M\":[]},\"primaryType\":\"M\",\"message\":{}}", "typedData.domain"},
    {"{\"types\":{\"M\":[]},\"primaryType\":\"M\",\"domain\":null,\"message\":{}}",
     "typedData.domain"},
    {"{\"types\":{\"M\":[]},\"primaryType\":\"M\",\"domain\":{}}", "typedData.message"},
    {"{\"types\":{\"M\":[]},\"primaryType\":\"M\",\"domain\":{},\"message\":[]}",
     "typedData.message"},
    {"{\"types\":{\"M\":[]},\"primaryType\":\"M\",\"domain\":{},\"message\":{}}", NULL},
    {"{\"types\":{},\"primaryType\":\"EIP712Domain\",\"domain\":{},\"message\":{}}", NULL},
    {"{\"types\":{\"M\":[]},\"primaryType\":\"M\",\"domain\":{\"name\":null},\"message\":{}}",
     NULL},
    {"{\"types\":{\"M\":[]},\"primaryType\":\"M\",\"domain\":{\"Name\":\"x\"},\"message\":{}}",
     "typedData.domain"},
    {"{\"types\":{\"M\":[]},\"primaryType\":\"M\",\"domain\":{\"version\":\"\"},\"message\":{}}",
     "typedData.domain.version"},
    {"{\"types\":{\"M\":[]},\"primaryType\":\"M\",\"domain\":{\"version\":1},\"message\":{}}",
     "typedData.domain.version"},
    {"{\"types\":{\"M\":[]},\"primaryType\":\"M\",\"domain\":{\"chainId\":\"1\"},\"message\":{}}",
     "typedData.domain.chainId"},
    {"{\"types\":{\"M\":[]},\"primaryType\":\"M\",\"domain\":{\"chainId\":1},\"message\":{}}",
     NULL},
    {"{\"types\":{\"M\":[]},\"primaryType\":\"M\",\"domain\":{\"chainId\":-1},\"message\":{}}",
     "typedData.domain.chainId"},
    {"{\"types\":{\"M\":[]},\"primaryType\":\"M\",\"domain\":{\"salt\":\"0x\"},\"message\":{}}",
     "typedData.domain.salt"},
    {"{\"types\":{\"M\":[]},\"primaryType\":\"M\",\"domain\":{\"verifyingContract\":\"\"},"
     "\"message\":{}}",
     "typedData.domain.verifyingContract"},
    {"{\"types\":{\"EIP712Domain\":[{\"name\":\"chainId\",\"type\":\"uint256\"}],\"M\":[]},"
     "\"primaryType\":\"M\",\"domain\":{\"chainId\":\"1\"},\"message\":{}}",
     NULL},
    {"{\"types\":{\"EIP712Domain\":[{\"name\":\"chainId\",\"type\":\"uint256\"}],\"M\":[]},"
     "\"primaryType\":\"M\",\"domain\":{},\"message\":{}}",
     "typedData.domain.chainId"},
    {"{\"types\":{\"A\":[{\"name\":\"b\",\"type\":\"B[]\"}],\"B\":[{\"name\":\"to\",\"type\":"
     "\"C\"}],\"C\":[{\"name\":\"wallets\",\"type\":\"address[]\"}]},\"primaryType\":\"A\","
     "\"domain\":{},\"message\":{\"b\":[{\"to\":{\"wallets\":[]}},{\"to\":{\"wallets\":[\"0x\"]}}]"
     "}}",
     "typedData.message.b[1].to.wallets[0]"},
};

static void documents_are_taken_or_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(documents) / sizeof(documents[0]); i++) {
        struct dp_detail detail = {"", ""};
        struct dp_eip712 got;

        if (documents[i].path != NULL)
            assert_refused(documents[i].text, documents[i].path);
        else if (hash(&got, documents[i].text, &detail) != DP_OK)
            fail_msg("%s", detail.text);
    }
}

/* A chain in the order of the EIP and one with the domain's type spelled out are one document. */
static void a_domain_type_is_derived_in_the_order_of_the_eip(void **state)
{
    static const char domain[] =
        "\"domain\":{\"salt\":"
        "\"0x0101010101010101010101010101010101010101010101010101010101010101\""
        ",\"verifyingContract\":\"" CHECKSUM "\",\"chainId\":1,\"version\":\"1\",\"name\":\"n\"}";
    static const char declared[] =
        "\"EIP712Domain\":[{\"name\":\"name\",\"type\":\"string\"},{\"name\":\"version\",\"type\":"
        "\"string\"},{\"name\":\"chainId\",\"type\":\"uint256\"},{\"name\":\"verifyingContract\","
        "\"type\":\"address\"},{\"name\":\"salt\",\"type\":\"bytes32\"}],";
    char a[2048], b[2048];

    (void)state;
    snprintf(a, sizeof(a), "{\"types\":{\"M\":[]},\"primaryType\":\"M\",%s,\"message\":{}}",
             domain);
    snprintf(b, sizeof(b), "{\"types\":{%s\"M\":[]},\"primaryType\":\"M\",%s,\"message\":{}}",
             declared, domain);
    assert_same(a, b);
}

/* --- limits --- */

/* A struct that holds itself through an array, levels deep; json-c builds what its parser would
 * not read. */
static struct json_object *nested(unsigned levels)
{
    struct json_object *document = parse(
        "{\"types\":{\"M\":[{\"name\":\"in\",\"type\":\"M[]\"}]},\"primaryType\":\"M\"," DOMAIN
        ",\"message\":{\"in\":[]}}");
    struct json_object *inner = json_object_get(json_object_object_get(document, "message"));

    for (unsigned i = 1; i < levels; i++) {
        struct json_object *outer = json_object_new_object(), *list = json_object_new_array();

        json_object_array_add(list, inner);
        json_object_object_add(outer, "in", list);
        inner = outer;
    }
    json_object_object_add(document, "message", inner);
    return document;
}

static void depth_is_limited(void **state)
{
    static const struct {
        unsigned levels;
        enum dp_err want;
    } depths[] = {{1, DP_OK}, {15, DP_OK}, {20, DP_ETYPEDDATA}, {10000, DP_ETYPEDDATA}};

    (void)state;
    for (size_t i = 0; i < sizeof(depths) / sizeof(depths[0]); i++) {
        struct json_object *document = nested(depths[i].levels);
        struct dp_detail detail = {"", ""};
        struct dp_eip712 got;

        assert_int_equal(dp_eip712_hash(&got, document, &detail), depths[i].want);
        json_object_put(document);
    }
}

/* Types in a chain, each with a member of the next: the depth of types costs no recursion. */
static void chain(struct dp_buf *buf, unsigned count, const char *brackets)
{
    dp_buf_add_text(buf, "{\"types\":{");
    for (unsigned i = 0; i < count; i++)
        dp_buf_addf(buf, "\"T%u\":[{\"name\":\"a\",\"type\":\"T%u%s\"}],", i, i + 1, brackets);
    dp_buf_addf(buf, "\"T%u\":[]},\"primaryType\":\"T0\"," DOMAIN ",\"message\":{\"a\":[]}}",
                count);
    assert_int_equal(buf->err, DP_OK);
}

static void types_are_limited(void **state)
{
    static const struct {
        unsigned count;
        const char *brackets, *path; /* NULL: taken */
    } chains[] = {
        {254, "[]", NULL},
        {255, "[]", "typedData.types"},
        {10000, "[]", "typedData.types"},
        {10000, "", "typedData.types"},
        {254, "", "typedData.message.a"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(chains) / sizeof(chains[0]); i++) {
        struct dp_buf buf = DP_BUF_INIT(1 << 20);
        struct dp_detail detail = {"", ""};
        struct dp_eip712 got;

        chain(&buf, chains[i].count, chains[i].brackets);
        if (chains[i].path != NULL)
            assert_refused(buf.data, chains[i].path);
        else if (hash(&got, buf.data, &detail) != DP_OK)
            fail_msg("%s", detail.text);
        dp_buf_free(&buf);
    }
}

static void members_are_limited(void **state)
{
    (void)state;
    for (unsigned count = 1019; count <= 1020; count++) {
        struct dp_buf buf = DP_BUF_INIT(1 << 20);
        struct dp_eip712 got;

        dp_buf_add_text(&buf, "{\"types\":{\"M\":[],\"U\":[");
        for (unsigned i = 0; i < count; i++)
            dp_buf_addf(&buf, "%s{\"name\":\"m%u\",\"type\":\"M\"}", i > 0 ? "," : "", i);
        dp_buf_add_text(&buf, "]},\"primaryType\":\"M\"," DOMAIN ",\"message\":{}}");
        if (count == 1019)
            assert_int_equal(hash(&got, buf.data, NULL), DP_OK);
        else
            assert_refused(buf.data, "typedData.types");
        dp_buf_free(&buf);
    }
}

/* All types reach all others, and a value of each is there: the texts would be 250 times 50 KiB. */
static void the_text_of_types_is_limited(void **state)
{
    struct dp_buf buf = DP_BUF_INIT(1 << 20);
    const unsigned count = 250;

    (void)state;
    dp_buf_add_text(&buf, "{\"types\":{\"M\":[");
    for (unsigned i = 0; i < count; i++)
        dp_buf_addf(&buf, "%s{\"name\":\"m%u\",\"type\":\"T%u\"}", i > 0 ? "," : "", i, i);
    dp_buf_add_text(&buf, "]");
    for (unsigned i = 0; i < count; i++)
        dp_buf_addf(&buf,
                    ",\"T%u\":[{\"name\":\"a\",\"type\":\"T%u[]\"},"
                    "{\"name\":\"b%061u\",\"type\":\"bool[][][][][][][][]\"}]",
                    i, (i + 1) % count, 0);
    dp_buf_add_text(&buf, "},\"primaryType\":\"M\"," DOMAIN ",\"message\":{");
    for (unsigned i = 0; i < count; i++)
        dp_buf_addf(&buf, "%s\"m%u\":{\"a\":[],\"b%061u\":[]}", i > 0 ? "," : "", i, 0);
    dp_buf_add_text(&buf, "}}");
    assert_int_equal(buf.err, DP_OK);
    assert_refused(buf.data, "typedData.types");
    dp_buf_free(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(documents_have_their_digest),
        cmocka_unit_test(types_have_their_hash),
        cmocka_unit_test(values_are_taken_or_refused),
        cmocka_unit_test(values_that_mean_the_same_hash_the_same),
        cmocka_unit_test(types_are_taken_or_refused),
        cmocka_unit_test(unknown_types_are_refused),
        cmocka_unit_test(every_width_is_known),
        cmocka_unit_test(documents_are_taken_or_refused),
        cmocka_unit_test(a_domain_type_is_derived_in_the_order_of_the_eip),
        cmocka_unit_test(depth_is_limited),
        cmocka_unit_test(types_are_limited),
        cmocka_unit_test(members_are_limited),
        cmocka_unit_test(the_text_of_types_is_limited),
    };

    return cmocka_run_group_tests(tests, load, unload);
}
