/* eip712_types.c - the struct types that typed data declares (EIP-712, encodeType). */
#include "ethereum/eip712_types.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_"
#define DIGITS "0123456789"
#define LENGTH_DIGITS_MAX 6 /* of a fixed array's length: more than any body holds */
#define SET_WORDS (DP_EIP712_TYPES_MAX / 64)

/* A set of type indices. */
struct set {
    uint64_t bits[SET_WORDS];
};

struct dp_eip712_types {
    struct dp_eip712_type *list;
    size_t count;
    struct dp_eip712_member *members;
    size_t member_count;
    struct set *reach; /* of each type: the types that its encodeType names */
    size_t *sorted;    /* indices by name */
    size_t text_left;
};

static const struct {
    const char *name, *type;
} domain_members[] = {
    {"name", "string"},     {"version", "string"},
    {"chainId", "uint256"}, {"verifyingContract", "address"},
    {"salt", "bytes32"},
};

#define DOMAIN_MEMBERS (sizeof(domain_members) / sizeof(domain_members[0]))

static bool has(const struct set *set, size_t index)
{
    return (set->bits[index / 64] >> (index % 64) & 1) != 0;
}

static void add(struct set *set, size_t index)
{
    set->bits[index / 64] |= UINT64_C(1) << (index % 64);
}

/* Where something stands in types: "typedData.types.NAME[index].part". */
static enum dp_err refuse(struct dp_detail *detail, const struct dp_eip712_type *type, size_t index,
                          const char *part, const char *sentence)
{
    char path[sizeof(detail->field)];

    snprintf(path, sizeof(path), "typedData.types.%s[%zu]%s", type->name, index, part);
    return dp_fail(detail, DP_ETYPEDDATA, path, "%s: %s", path, sentence);
}

static enum dp_err refuse_all(struct dp_detail *detail, const char *path, const char *sentence)
{
    return dp_fail(detail, DP_ETYPEDDATA, path, "%s: %s", path, sentence);
}

/* --- names --- */

/* Anything else would make encodeType ambiguous, or libraries differ on it. */
static bool is_identifier(const char *text)
{
    size_t len = strlen(text);

    return len > 0 && len <= DP_EIP712_NAME_MAX && strchr(LETTERS, text[0]) != NULL &&
           strspn(text, LETTERS DIGITS) == len;
}

static bool begins_with(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* Atomic types, and what viem takes for one. */
static bool is_reserved(const char *name)
{
    return begins_with(name, "uint") || begins_with(name, "int") || begins_with(name, "bytes") ||
           strcmp(name, "address") == 0 || strcmp(name, "bool") == 0 || strcmp(name, "string") == 0;
}

int dp_eip712_types_find(const struct dp_eip712_types *types, const char *name)
{
    for (size_t i = 0; i < types->count; i++) {
        if (strcmp(types->list[i].name, name) == 0)
            return (int)i;
    }
    return -1;
}

const struct dp_eip712_type *dp_eip712_types_get(const struct dp_eip712_types *types, size_t index)
{
    return &types->list[index];
}

/* --- the type of a member --- */

static bool read_atomic(struct dp_eip712_member *member, const char *base)
{
    struct dp_value_type type;

    if (dp_value_type_parse(&type, base) != DP_OK)
        return false;
    member->kind = (enum dp_eip712_kind)type.kind;
    member->size = type.size;
    return true;
}

static bool read_struct(struct dp_eip712_member *member, const struct dp_eip712_types *types,
                        const char *base)
{
    int index = dp_eip712_types_find(types, base);

    member->kind = DP_EIP712_STRUCT;
    member->size = (unsigned)index;
    return index >= 0;
}

/* The brackets after a base type. */
static bool read_dimensions(struct dp_eip712_member *member, const char *at)
{
    while (*at != '\0') {
        size_t len = strspn(at + 1, DIGITS);
        int32_t length = DP_EIP712_DYNAMIC;

        if (at[0] != '[' || at[1 + len] != ']' || len > LENGTH_DIGITS_MAX ||
            (len > 1 && at[1] == '0') || member->dimensions == DP_EIP712_DIMENSIONS_MAX)
            return false;
        if (len > 0)
            length = (int32_t)strtol(at + 1, NULL, 10);
        member->lengths[member->dimensions++] = length;
        at += len + 2;
    }
    return true;
}

static bool read_type(struct dp_eip712_member *member, const struct dp_eip712_types *types,
                      const char *text)
{
    char base[DP_EIP712_NAME_MAX + 1];
    size_t len = strcspn(text, "[");

    if (len >= sizeof(base))
        return false;
    memcpy(base, text, len);
    base[len] = '\0';
    member->type = text;
    return (read_atomic(member, base) || read_struct(member, types, base)) &&
           read_dimensions(member, text + len);
}

/* --- members --- */

/* A member's string without a NUL in it, or NULL. */
static const char *text_of(struct json_object *object, const char *name)
{
    struct dp_slice text;

    if (!json_object_is_type(object, json_type_object) ||
        dp_json_string(&text, object, name, NULL) != DP_OK || strlen(text.data) != text.len)
        return NULL;
    return text.data;
}

static bool is_twice(const struct dp_eip712_type *type, size_t index)
{
    for (size_t i = 0; i < index; i++) {
        if (strcmp(type->members[i].name, type->members[index].name) == 0)
            return true;
    }
    return false;
}

static enum dp_err read_member(struct dp_eip712_types *types, struct dp_eip712_type *type,
                               struct json_object *json, struct dp_detail *detail)
{
    struct dp_eip712_member *member = &types->members[types->member_count++];
    const char *name = text_of(json, "name"), *text = text_of(json, "type");
    size_t index = type->count++;

    if (name == NULL || !is_identifier(name))
        return refuse(
            detail, type, index, ".name",
            "a name is 1 to 64 letters, digits and underscores and begins with no digit.");
    member->name = name;
    if (text == NULL || !read_type(member, types, text))
        return refuse(detail, type, index, ".type",
                      "no type of that name: address, bool, string, bytes, bytes1 to bytes32, "
                      "uint8 to uint256, int8 to int256, one of types, or an array of these.");
    type->text_len += strlen(name) + strlen(text) + 2;
    if (is_twice(type, index))
        return refuse(detail, type, index, ".name", "another member has this name.");
    return DP_OK;
}

static enum dp_err read_members(struct dp_eip712_types *types, struct dp_eip712_type *type,
                                struct json_object *list, struct dp_detail *detail)
{
    size_t count = json_object_array_length(list);
    enum dp_err err = DP_OK;

    type->members = &types->members[types->member_count];
    for (size_t i = 0; err == DP_OK && i < count; i++)
        err = read_member(types, type, json_object_array_get_idx(list, i), detail);
    return err;
}

/* --- the domain's type, where it is not declared --- */

static bool is_domain_member(const char *name)
{
    for (size_t i = 0; i < DOMAIN_MEMBERS; i++) {
        if (strcmp(domain_members[i].name, name) == 0)
            return true;
    }
    return false;
}

/* Is it one that some libraries would leave out of the type, and others not? */
static bool is_ambiguous(const char *name, struct json_object *value)
{
    if (strcmp(name, "chainId") == 0)
        return !json_object_is_type(value, json_type_int);
    return strcmp(name, "version") == 0 && json_object_is_type(value, json_type_string) &&
           json_object_get_string_len(value) == 0;
}

static enum dp_err check_domain(struct json_object *domain, struct dp_detail *detail)
{
    json_object_object_foreach(domain, name, value)
    {
        if (value == NULL)
            continue;
        if (!is_domain_member(name))
            return refuse_all(detail, "typedData.domain",
                              "a member that EIP-712 does not know needs EIP712Domain in types.");
        if (is_ambiguous(name, value))
            return dp_fail(detail, DP_ETYPEDDATA,
                           name[0] == 'c' ? "typedData.domain.chainId" : "typedData.domain.version",
                           "typedData.domain.%s: a chainId that is no JSON number, or an empty "
                           "version, needs EIP712Domain in types.",
                           name);
    }
    return DP_OK;
}

static void derive_domain(struct dp_eip712_types *types, struct dp_eip712_type *type,
                          struct json_object *domain)
{
    type->members = &types->members[types->member_count];
    for (size_t i = 0; i < DOMAIN_MEMBERS; i++) {
        struct dp_eip712_member *member = &types->members[types->member_count];
        bool known;

        if (json_object_object_get(domain, domain_members[i].name) == NULL)
            continue;
        member->name = domain_members[i].name;
        known = read_type(member, types, domain_members[i].type);
        assert(known);
        (void)known;
        type->text_len += strlen(member->name) + strlen(member->type) + 2;
        types->member_count++;
        type->count++;
    }
}

/* --- which types contain which --- */

/* Add to what each type reaches what those reach (Warshall), so that depth needs no recursion. */
static void close_over(struct dp_eip712_types *types)
{
    for (size_t via = 0; via < types->count; via++) {
        for (size_t from = 0; from < types->count; from++) {
            if (!has(&types->reach[from], via))
                continue;
            for (size_t w = 0; w < SET_WORDS; w++)
                types->reach[from].bits[w] |= types->reach[via].bits[w];
        }
    }
}

static void link_types(struct dp_eip712_types *types, bool arrays)
{
    for (size_t i = 0; i < types->count; i++) {
        const struct dp_eip712_type *type = &types->list[i];

        for (size_t j = 0; j < type->count; j++) {
            if (type->members[j].kind == DP_EIP712_STRUCT &&
                (arrays || type->members[j].dimensions == 0))
                add(&types->reach[i], type->members[j].size);
        }
    }
    close_over(types);
}

/* The first member of a type through which it contains itself. */
static size_t find_loop(const struct dp_eip712_types *types, size_t index)
{
    const struct dp_eip712_type *type = &types->list[index];

    for (size_t i = 0; i < type->count; i++) {
        const struct dp_eip712_member *member = &type->members[i];

        if (member->kind == DP_EIP712_STRUCT && member->dimensions == 0 &&
            (member->size == index || has(&types->reach[member->size], index)))
            return i;
    }
    return 0;
}

static enum dp_err find_cycle(struct dp_eip712_types *types, struct dp_detail *detail)
{
    link_types(types, false);
    for (size_t i = 0; i < types->count; i++) {
        if (has(&types->reach[i], i))
            return refuse(detail, &types->list[i], find_loop(types, i), "",
                          "the type contains itself, so it has no value that ends.");
    }
    link_types(types, true);
    return DP_OK;
}

/* --- all of it --- */

static enum dp_err count_all(size_t *members, struct json_object *json, struct dp_detail *detail)
{
    *members = DOMAIN_MEMBERS;
    if (json_object_object_length(json) >= DP_EIP712_TYPES_MAX)
        return refuse_all(detail, "typedData.types", "more than 255 types.");
    json_object_object_foreach(json, name, list)
    {
        char path[sizeof(detail->field)];

        if (!is_identifier(name) || is_reserved(name))
            return refuse_all(detail, "typedData.types",
                              "the name of a struct type is 1 to 64 letters, digits and "
                              "underscores, begins with no digit and with none of uint, int and "
                              "bytes, and is not address, bool or string.");
        snprintf(path, sizeof(path), "typedData.types.%s", name);
        if (!json_object_is_type(list, json_type_array))
            return refuse_all(detail, path, "a struct type is an array of {name, type}.");
        *members += json_object_array_length(list);
    }
    if (*members > DP_EIP712_MEMBERS_MAX)
        return refuse_all(detail, "typedData.types", "more than 1019 members.");
    return DP_OK;
}

static enum dp_err make(struct dp_eip712_types **out, size_t count, size_t members)
{
    struct dp_eip712_types *types = calloc(1, sizeof(*types));

    *out = types;
    if (types == NULL)
        return DP_ENOMEM;
    types->text_left = DP_EIP712_TEXT_MAX;
    types->list = calloc(count, sizeof(*types->list));
    types->members = calloc(members, sizeof(*types->members));
    types->reach = calloc(count, sizeof(*types->reach));
    types->sorted = calloc(count, sizeof(*types->sorted));
    if (types->list == NULL || types->members == NULL || types->reach == NULL ||
        types->sorted == NULL)
        return DP_ENOMEM;
    return DP_OK;
}

void dp_eip712_types_free(struct dp_eip712_types *types)
{
    if (types == NULL)
        return;
    free(types->list);
    free(types->members);
    free(types->reach);
    free(types->sorted);
    free(types);
}

/* Names first, as a member's type may be declared after it. */
static void declare(struct dp_eip712_types *types, const char *name)
{
    types->list[types->count].name = name;
    types->list[types->count].text_len = strlen(name) + 2;
    types->count++;
}

static int by_name(const void *a, const void *b, void *list)
{
    const struct dp_eip712_type *types = list;

    return strcmp(types[*(const size_t *)a].name, types[*(const size_t *)b].name);
}

static void sort_names(struct dp_eip712_types *types)
{
    for (size_t i = 0; i < types->count; i++)
        types->sorted[i] = i;
    qsort_r(types->sorted, types->count, sizeof(*types->sorted), by_name, types->list);
}

static enum dp_err fill(struct dp_eip712_types *types, struct json_object *json,
                        struct json_object *domain, struct dp_detail *detail)
{
    bool derived = !json_object_object_get_ex(json, DP_EIP712_DOMAIN, NULL);
    size_t i = 0;
    enum dp_err err = derived ? check_domain(domain, detail) : DP_OK;

    json_object_object_foreach(json, name, unused)
    {
        (void)unused;
        declare(types, name);
    }
    if (derived)
        declare(types, DP_EIP712_DOMAIN);
    json_object_object_foreach(json, again, list)
    {
        (void)again;
        if (err == DP_OK)
            err = read_members(types, &types->list[i++], list, detail);
    }
    if (err == DP_OK && derived)
        derive_domain(types, &types->list[i], domain);
    return err;
}

enum dp_err dp_eip712_types_read(struct dp_eip712_types **out, struct json_object *types,
                                 struct json_object *domain, struct dp_detail *detail)
{
    size_t members;
    enum dp_err err = count_all(&members, types, detail);

    *out = NULL;
    if (err == DP_OK)
        err = make(out, (size_t)json_object_object_length(types) + 1, members);
    if (err == DP_OK)
        err = fill(*out, types, domain, detail);
    if (err == DP_OK)
        err = find_cycle(*out, detail);
    if (err == DP_OK) {
        sort_names(*out);
        return DP_OK;
    }
    dp_eip712_types_free(*out);
    *out = NULL;
    return err;
}

/* --- encodeType --- */

static void add_text(struct dp_keccak *k, const char *text)
{
    dp_keccak_add(k, text, strlen(text));
}

static void add_struct(struct dp_keccak *k, const struct dp_eip712_type *type)
{
    add_text(k, type->name);
    add_text(k, "(");
    for (size_t i = 0; i < type->count; i++) {
        if (i > 0)
            add_text(k, ",");
        add_text(k, type->members[i].type);
        add_text(k, " ");
        add_text(k, type->members[i].name);
    }
    add_text(k, ")");
}

/* Does encodeType of a type name another one, after itself? */
static bool names(const struct dp_eip712_types *types, size_t index, size_t other)
{
    return other != index && has(&types->reach[index], other);
}

static size_t text_len(const struct dp_eip712_types *types, size_t index)
{
    size_t len = types->list[index].text_len;

    for (size_t i = 0; i < types->count; i++) {
        if (names(types, index, i))
            len += types->list[i].text_len;
    }
    return len;
}

static void hash_type(struct dp_eip712_types *types, size_t index)
{
    struct dp_keccak k;

    dp_keccak_init(&k);
    add_struct(&k, &types->list[index]);
    for (size_t i = 0; i < types->count; i++) {
        if (names(types, index, types->sorted[i]))
            add_struct(&k, &types->list[types->sorted[i]]);
    }
    dp_keccak_final(&k, types->list[index].hash);
    types->list[index].hashed = true;
}

enum dp_err dp_eip712_type_hash(struct dp_eip712_types *types, uint8_t out[static DP_KECCAK_LEN],
                                size_t index, struct dp_detail *detail)
{
    struct dp_eip712_type *type = &types->list[index];

    if (!type->hashed) {
        size_t len = text_len(types, index);

        if (len > types->text_left)
            return refuse_all(detail, "typedData.types",
                              "the types contain one another too often: more than 1 MiB of "
                              "encodeType.");
        types->text_left -= len;
        hash_type(types, index);
    }
    memcpy(out, type->hash, DP_KECCAK_LEN);
    return DP_OK;
}
