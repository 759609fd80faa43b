/* blob_pack.c - an attestation as one blob: the second form, MessagePack. */
#include "attest/blob_pack.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum kind { UINT, MAP, ARRAY, TEXT, BIN, OTHER, BROKEN };

/* What is left to read. */
struct pack {
    const uint8_t *at;
    size_t left;
};

/* An item's head. value: the number, the count of what follows, or the length in bytes. */
struct head {
    enum kind kind;
    uint64_t value;
};

static uint64_t big_endian(const uint8_t *at, size_t len)
{
    uint64_t value = 0;

    for (size_t i = 0; i < len; i++)
        value = value << 8 | at[i];
    return value;
}

/* Heads with their value in the bytes behind the first; those of signed numbers, floats and
 * extensions are in no attestation. */
static const struct {
    uint8_t first, len;
    enum kind kind;
} heads[] = {
    {0xc0, 0, OTHER}, {0xc2, 0, OTHER}, {0xc3, 0, OTHER}, {0xc4, 1, BIN},   {0xc5, 2, BIN},
    {0xc6, 4, BIN},   {0xcc, 1, UINT},  {0xcd, 2, UINT},  {0xce, 4, UINT},  {0xcf, 8, UINT},
    {0xd9, 1, TEXT},  {0xda, 2, TEXT},  {0xdb, 4, TEXT},  {0xdc, 2, ARRAY}, {0xdd, 4, ARRAY},
    {0xde, 2, MAP},   {0xdf, 4, MAP},
};

static struct head short_head(uint8_t first)
{
    if (first < 0x80)
        return (struct head){UINT, first};
    if (first < 0x90)
        return (struct head){MAP, first & 0x0f};
    if (first < 0xa0)
        return (struct head){ARRAY, first & 0x0f};
    if (first < 0xc0)
        return (struct head){TEXT, first & 0x1f};
    return (struct head){BROKEN, 0};
}

static struct head read_head(struct pack *in)
{
    struct head out;

    if (in->left == 0)
        return (struct head){BROKEN, 0};
    out = short_head(*in->at);
    for (size_t i = 0; out.kind == BROKEN && i < sizeof(heads) / sizeof(heads[0]); i++) {
        if (heads[i].first != *in->at || heads[i].len >= in->left)
            continue;
        out = (struct head){heads[i].kind, big_endian(in->at + 1, heads[i].len)};
        in->at += heads[i].len;
        in->left -= heads[i].len;
    }
    in->at++;
    in->left--;
    return out;
}

/* Go over an item and all in it, without recursion. Each takes a byte at least, which bounds what
 * a count may promise. */
static bool skip(struct pack *in)
{
    for (uint64_t todo = 1; todo > 0; todo--) {
        struct head head = read_head(in);

        if (head.kind == BROKEN || (head.kind != UINT && head.value > in->left))
            return false;
        if (head.kind == TEXT || head.kind == BIN) {
            in->at += head.value;
            in->left -= head.value;
        } else if (head.kind == ARRAY || head.kind == MAP) {
            todo += head.kind == MAP ? 2 * head.value : head.value;
        }
        if (todo - 1 > in->left)
            return false;
    }
    return true;
}

static bool read_bytes(struct dp_slice *out, struct pack in, enum kind kind)
{
    struct head head = read_head(&in);

    if (head.kind != kind || head.value > in.left)
        return false;
    *out = (struct dp_slice){(const char *)in.at, (size_t)head.value};
    return true;
}

/* The value of a member, which has to be there exactly once. */
static bool find(struct pack *value, struct pack map, const char *name)
{
    struct head head = read_head(&map);
    size_t found = 0;

    for (uint64_t i = 0; head.kind == MAP && i < head.value; i++) {
        struct pack key = map;
        struct dp_slice text;

        if (!skip(&map) || !read_bytes(&text, key, TEXT))
            return false;
        if (text.len == strlen(name) && memcmp(text.data, name, text.len) == 0) {
            *value = map;
            found++;
        }
        if (!skip(&map))
            return false;
    }
    return head.kind == MAP && found == 1;
}

static bool find_bytes(struct dp_slice *out, struct pack map, const char *name, enum kind kind)
{
    struct pack value;

    return find(&value, map, name) && read_bytes(out, value, kind);
}

static bool is_text(struct pack map, const char *name, const char *want)
{
    struct dp_slice text;

    return find_bytes(&text, map, name, TEXT) && text.len == strlen(want) &&
           memcmp(text.data, want, text.len) == 0;
}

static bool is_number(struct pack map, const char *name, uint64_t want)
{
    struct pack value;
    struct head head;

    if (!find(&value, map, name))
        return false;
    head = read_head(&value);
    return head.kind == UINT && head.value == want;
}

/* Bytes that are written as a list of numbers. room: at least as much as the list takes */
static bool read_numbers(uint8_t *room, size_t *len, struct pack map, const char *name)
{
    struct pack value;
    struct head head;

    if (!find(&value, map, name))
        return false;
    head = read_head(&value);
    if (head.kind != ARRAY)
        return false;
    for (uint64_t i = 0; i < head.value; i++) {
        struct head item = read_head(&value);

        if (item.kind != UINT || item.value > UINT8_MAX)
            return false;
        room[i] = (uint8_t)item.value;
    }
    *len = (size_t)head.value;
    return true;
}

/* The version is left out where it is 1. */
static bool read_event(struct dp_blob_runtime *out, struct pack map)
{
    struct pack version;

    out->version = 1;
    if (find(&version, map, "version")) {
        struct head head = read_head(&version);

        if (head.kind != UINT || head.value < 1 || head.value > 2)
            return false;
        out->version = (unsigned)head.value;
    }
    return find_bytes(&out->name, map, "event", TEXT) &&
           find_bytes(&out->payload, map, "payload", BIN);
}

static enum dp_err read_events(struct dp_blob *out, struct pack stack)
{
    struct pack list;
    struct head head;

    if (!find(&list, stack, "runtime_events"))
        return DP_EFORMAT;
    head = read_head(&list);
    if (head.kind != ARRAY || head.value > list.left)
        return DP_EFORMAT;
    out->runtime = calloc((size_t)head.value + 1, sizeof(*out->runtime));
    if (out->runtime == NULL)
        return DP_ENOMEM;
    for (; out->runtime_count < head.value; out->runtime_count++) {
        struct pack event = list;

        if (!skip(&list) || !read_event(&out->runtime[out->runtime_count], event))
            return DP_EFORMAT;
    }
    return DP_OK;
}

static enum dp_err read_parts(struct dp_blob *out, struct pack platform, struct pack stack)
{
    size_t quote_len, report_len;

    if (!read_numbers(out->held, &quote_len, platform, "quote") ||
        !read_numbers(out->held + quote_len, &report_len, stack, "report_data") ||
        report_len != DP_BLOB_REPORT_DATA_LEN || !find_bytes(&out->config, stack, "config", TEXT))
        return DP_EFORMAT;
    out->quote = (struct dp_slice){(const char *)out->held, quote_len};
    out->report_data = out->held + quote_len;
    return read_events(out, stack);
}

enum dp_err dp_blob_parse_pack(struct dp_blob *out, const uint8_t *in, size_t len)
{
    struct pack all = {in, len}, end = all, platform, stack, inside[2];

    memset(out, 0, sizeof(*out));
    if (!skip(&end) || end.left > 0 || !is_number(all, "version", 1) ||
        !find(&platform, all, "platform") || !is_text(platform, "kind", "tdx") ||
        !find(&inside[0], platform, "data") || !find(&stack, all, "stack") ||
        !(is_text(stack, "kind", "dstack") || is_text(stack, "kind", "dstack-pod")) ||
        !find(&inside[1], stack, "data"))
        return DP_EFORMAT;
    /* Each number of a list takes a byte or more of the input. */
    out->held = malloc(len);
    if (out->held == NULL)
        return DP_ENOMEM;
    return read_parts(out, inside[0], inside[1]);
}
