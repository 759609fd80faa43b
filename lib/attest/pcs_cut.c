/* pcs_cut.c - the bytes of a member in a JSON text. */
#include <string.h>

#include "attest/pcs.h"
#include "base/json.h"
#include "base/json_scan.h"
#include "base/tree.h"

/* Behind the string that begins at p. The text is JSON, so that it ends. */
static const char *skip_string(const char *p)
{
    for (p++; *p != '"'; p++) {
        if (*p == '\\')
            p++;
    }
    return p + 1;
}

/* Behind the object or list that begins at p. */
static const char *skip_value(const char *p)
{
    size_t depth = 0;

    do {
        if (*p == '"') {
            p = skip_string(p);
            continue;
        }
        depth += *p == '{' || *p == '[';
        depth -= *p == '}' || *p == ']';
        p++;
    } while (depth > 0);
    return p;
}

static const char *skip_space(const char *p)
{
    return p + strspn(p, " \t\r\n");
}

static bool is_name(struct dp_slice written, const char *name)
{
    return written.len == strlen(name) + 2 && memcmp(written.data + 1, name, written.len - 2) == 0;
}

enum dp_err dp_pcs_cut(struct dp_slice *out, struct dp_slice text, const char *name)
{
    const char *p;

    if (text.data == NULL || dp_json_scan(text.data, text.len, DP_JSON_DEPTH_MAX, NULL) != DP_OK)
        return DP_EFORMAT;
    p = skip_space(text.data);
    if (*p != '{')
        return DP_EFORMAT;
    for (p = skip_space(p + 1); *p == '"'; p = skip_space(p)) {
        const char *end = skip_string(p);
        struct dp_slice written = {p, (size_t)(end - p)};

        p = skip_space(skip_space(end) + 1); /* behind the colon */
        if (*p == '{' || *p == '[')
            end = skip_value(p);
        else
            end = *p == '"' ? skip_string(p) : p + strcspn(p, ",} \t\r\n");
        if (is_name(written, name) && (*p == '{' || *p == '[')) {
            *out = (struct dp_slice){p, (size_t)(end - p)};
            return DP_OK;
        }
        p = skip_space(end);
        p += *p == ',';
    }
    return DP_EFORMAT;
}
