/* json_scan.c - is this text one strict JSON value? */
#include "base/json_scan.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

/* A member name, decoded into the scanner's names. */
struct key {
    size_t object; /* number of the object that it stands in */
    size_t offset, len;
    const char *names;
};

struct level {
    size_t object;
    bool is_object;
};

struct scan {
    const unsigned char *text;
    size_t len, at;
    struct level *levels;
    size_t depth, depth_max, objects;
    char *names; /* decoded names, one after the other; never longer than the text */
    size_t names_len;
    struct key *keys;
    size_t keys_len, keys_cap;
    bool loose;
    struct dp_detail *detail;
};

static enum dp_err refuse(struct scan *s, const char *what)
{
    return dp_fail(s->detail, DP_EJSON, NULL, "The body is not valid JSON: %s at byte %zu.", what,
                   s->at);
}

static int peek(const struct scan *s)
{
    return s->at < s->len ? s->text[s->at] : -1;
}

static void skip_space(struct scan *s)
{
    int c;

    while ((c = peek(s)) == ' ' || c == '\t' || c == '\n' || c == '\r')
        s->at++;
}

static bool is_digit(int c)
{
    return c >= '0' && c <= '9';
}

/* The four digits after \u; the scanner stands on the first. */
static bool hex4(struct scan *s, uint32_t *out)
{
    *out = 0;
    for (int i = 0; i < 4; i++, s->at++) {
        int c = peek(s);

        if (is_digit(c))
            *out = *out * 16 + (uint32_t)(c - '0');
        else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f' && c > 0)
            *out = *out * 16 + (uint32_t)((c | 0x20) - 'a' + 10);
        else
            return false;
    }
    return true;
}

static enum dp_err unicode_escape(struct scan *s, uint32_t *out)
{
    uint32_t low;

    if (!hex4(s, out))
        return refuse(s, "a \\u escape without four hex digits");
    if (*out < 0xd800 || *out > 0xdfff || s->loose)
        return DP_OK;
    if (*out > 0xdbff || s->len - s->at < 6 || s->text[s->at] != '\\' || s->text[s->at + 1] != 'u')
        return refuse(s, "a lone surrogate");
    s->at += 2;
    if (!hex4(s, &low) || low < 0xdc00 || low > 0xdfff)
        return refuse(s, "a lone surrogate");
    *out = 0x10000 + ((*out - 0xd800) << 10) + (low - 0xdc00);
    return DP_OK;
}

static enum dp_err escape(struct scan *s, uint32_t *out)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    const char *found;
    int c = peek(s);

    if (c == 'u') {
        s->at++;
        return unicode_escape(s, out);
    }
    found = c > 0 ? strchr(from, c) : NULL;
    if (found == NULL)
        return refuse(s, "an unknown escape");
    s->at++;
    *out = (unsigned char)to[found - from];
    return DP_OK;
}

/* A string; where out is not NULL its decoded bytes go there, at most as many as it has in text. */
static enum dp_err string(struct scan *s, char *out, size_t *out_len)
{
    size_t len = 0, step;
    uint32_t c;
    enum dp_err err;

    for (s->at++; peek(s) != '"';) {
        if (s->at >= s->len)
            return refuse(s, "a string without end");
        if (s->text[s->at] < 0x20)
            return refuse(s, "a control character in a string");
        if (s->text[s->at] == '\\') {
            s->at++;
            err = escape(s, &c);
            if (err != DP_OK)
                return err;
            if (out != NULL)
                len += dp_utf8_put(out + len, c);
            continue;
        }
        step = dp_utf8_len(s->text + s->at, s->len - s->at);
        if (step == 0)
            return refuse(s, "invalid UTF-8");
        if (out != NULL)
            memcpy(out + len, s->text + s->at, step);
        len += step;
        s->at += step;
    }
    s->at++;
    *out_len = len;
    return DP_OK;
}

static bool digits(struct scan *s)
{
    size_t from = s->at;

    while (is_digit(peek(s)))
        s->at++;
    return s->at > from;
}

static enum dp_err number(struct scan *s)
{
    if (peek(s) == '-')
        s->at++;
    if (peek(s) == '0')
        s->at++;
    else if (!digits(s))
        return refuse(s, "an unexpected character");
    if (peek(s) == '.') {
        s->at++;
        if (!digits(s))
            return refuse(s, "a number without digits after its point");
    }
    if (peek(s) == 'e' || peek(s) == 'E') {
        s->at++;
        if (peek(s) == '+' || peek(s) == '-')
            s->at++;
        if (!digits(s))
            return refuse(s, "a number without digits in its exponent");
    }
    return DP_OK;
}

static enum dp_err literal(struct scan *s, const char *word)
{
    size_t len = strlen(word);

    if (s->len - s->at < len || memcmp(s->text + s->at, word, len) != 0)
        return refuse(s, "an unknown word");
    s->at += len;
    return DP_OK;
}

/* Note the name of len bytes that was just decoded. */
static enum dp_err remember(struct scan *s, size_t len)
{
    if (s->loose)
        return DP_OK;
    /* json-c ends a name there, so two names that differ here would be one to it. */
    if (memchr(s->names + s->names_len, '\0', len) != NULL)
        return refuse(s, "a NUL in a member name");
    if (s->keys == NULL || s->keys_len == s->keys_cap) {
        size_t cap = s->keys != NULL ? 2 * s->keys_cap : 16;
        struct key *keys = realloc(s->keys, cap * sizeof(*keys));

        if (keys == NULL)
            return DP_ENOMEM;
        s->keys = keys;
        s->keys_cap = cap;
    }
    s->keys[s->keys_len++] =
        (struct key){s->levels[s->depth - 1].object, s->names_len, len, s->names};
    s->names_len += len;
    return DP_OK;
}

static enum dp_err key(struct scan *s)
{
    size_t len = 0;
    enum dp_err err;

    skip_space(s);
    if (peek(s) != '"')
        return refuse(s, "no member name where one is due");
    err = string(s, s->names + s->names_len, &len);
    if (err == DP_OK)
        err = remember(s, len);
    if (err != DP_OK)
        return err;
    skip_space(s);
    if (peek(s) != ':')
        return refuse(s, "no colon after a member name");
    s->at++;
    return DP_OK;
}

/* An opening bracket: go one level down. *empty is set where the closing one follows at once. */
static enum dp_err open_level(struct scan *s, bool is_object, bool *empty)
{
    if (s->depth == s->depth_max)
        return refuse(s, "too deep a nesting");
    s->levels[s->depth++] = (struct level){s->objects, is_object};
    s->objects += is_object;
    s->at++;
    skip_space(s);
    *empty = peek(s) == (is_object ? '}' : ']');
    return is_object && !*empty ? key(s) : DP_OK;
}

/* After a value: a comma and what follows it, or as many closing brackets as there are. */
static enum dp_err after_value(struct scan *s, bool *more)
{
    for (*more = false; s->depth > 0;) {
        const struct level *top = &s->levels[s->depth - 1];

        skip_space(s);
        if (peek(s) == ',') {
            s->at++;
            *more = true;
            return top->is_object ? key(s) : DP_OK;
        }
        if (peek(s) != (top->is_object ? '}' : ']'))
            return refuse(s, s->at < s->len ? "an unexpected character" : "an early end");
        s->at++;
        s->depth--;
    }
    return DP_OK;
}

static enum dp_err values(struct scan *s)
{
    bool more = true, empty;
    size_t ignored = 0;
    enum dp_err err = DP_OK;

    while (err == DP_OK && more) {
        int c;

        skip_space(s);
        c = peek(s);
        empty = true;
        if (c == '{' || c == '[')
            err = open_level(s, c == '{', &empty);
        else if (c == '"')
            err = string(s, NULL, &ignored);
        else if (c == 't')
            err = literal(s, "true");
        else if (c == 'f')
            err = literal(s, "false");
        else if (c == 'n')
            err = literal(s, "null");
        else if (c == -1)
            err = refuse(s, "an early end");
        else
            err = number(s);
        if (err == DP_OK && empty)
            err = after_value(s, &more);
    }
    skip_space(s);
    if (err == DP_OK && s->at < s->len)
        err = refuse(s, "something after its end");
    return err;
}

static int by_object_and_name(const void *a, const void *b)
{
    const struct key *x = a, *y = b;
    size_t len = x->len < y->len ? x->len : y->len;
    int order;

    if (x->object != y->object)
        return x->object < y->object ? -1 : 1;
    order = memcmp(x->names + x->offset, y->names + y->offset, len);
    return order != 0 ? order : (x->len > y->len) - (x->len < y->len);
}

static enum dp_err find_duplicate(struct scan *s)
{
    if (s->keys_len < 2)
        return DP_OK;
    qsort(s->keys, s->keys_len, sizeof(*s->keys), by_object_and_name);
    for (size_t i = 1; i < s->keys_len; i++) {
        const struct key *k = &s->keys[i];
        char name[sizeof(s->detail->field)];
        const char *from = s->names + k->offset;
        size_t len = k->len < sizeof(name) ? k->len : sizeof(name) - 1;

        if (by_object_and_name(k - 1, k) != 0)
            continue;
        /* Not inside a character: the name stands in an answer, which is UTF-8. */
        while (len < k->len && len > 0 && (from[len] & 0xc0) == 0x80)
            len--;
        memcpy(name, from, len);
        name[len] = '\0';
        return dp_fail(s->detail, DP_EDUPLICATE, name, "A field is given twice in one object.");
    }
    return DP_OK;
}

static enum dp_err scan(struct scan *s)
{
    enum dp_err err = DP_ENOMEM;

    s->levels = calloc(s->depth_max, sizeof(*s->levels));
    s->names = malloc(s->len + 1);
    if (s->levels == NULL || s->names == NULL)
        goto out;
    err = values(s);
    if (err == DP_OK)
        err = find_duplicate(s);
out:
    free(s->keys);
    free(s->names);
    free(s->levels);
    return err;
}

enum dp_err dp_json_scan(const char *text, size_t len, size_t depth_max, struct dp_detail *detail)
{
    struct scan s = {
        .text = (const unsigned char *)text, .len = len, .depth_max = depth_max, .detail = detail};

    return scan(&s);
}

enum dp_err dp_json_scan_loose(const char *text, size_t len, size_t depth_max,
                               struct dp_detail *detail)
{
    struct scan s = {.text = (const unsigned char *)text,
                     .len = len,
                     .depth_max = depth_max,
                     .loose = true,
                     .detail = detail};

    return scan(&s);
}
