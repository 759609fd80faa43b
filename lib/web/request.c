/* request.c - what a client sent: variables, query, body. */
#include "web/web.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <fcgiapp.h>

#include "base/hex.h"
#include "base/json.h"

const char *dp_request_param(const struct dp_exchange *x, const char *name)
{
    const char *value = FCGX_GetParam(name, x->fcgi->envp);

    return value != NULL ? value : "";
}

int64_t dp_request_id(const struct dp_exchange *x)
{
    const char *slash = strrchr(dp_request_param(x, "DOCUMENT_URI"), '/');

    return slash != NULL ? strtoll(slash + 1, NULL, 10) : 0;
}

/* Decode len characters of a query's value. */
static enum dp_err decode(char *out, size_t size, const char *text, size_t len)
{
    size_t at = 0, got;

    for (size_t i = 0; i < len; i++) {
        uint8_t c = (uint8_t)text[i];

        if (c == '%') {
            if (len - i < 3 || dp_hex_decode(&c, 1, &got, text + i + 1, 2) != DP_OK || got != 1)
                return DP_EPARAM;
            i += 2;
        } else if (c == '+') {
            c = ' ';
        }
        if (c == '\0' || at + 1 >= size)
            return DP_EPARAM;
        out[at++] = (char)c;
    }
    out[at] = '\0';
    return DP_OK;
}

enum dp_err dp_request_query(struct dp_exchange *x, const char *name, char *out, size_t size,
                             bool *present)
{
    const char *at = dp_request_param(x, "QUERY_STRING");
    size_t name_len = strlen(name);
    bool found = false;

    out[0] = '\0';
    while (*at != '\0') {
        size_t len = strcspn(at, "&");

        if (len > name_len && strncmp(at, name, name_len) == 0 && at[name_len] == '=') {
            if (found || decode(out, size, at + name_len + 1, len - name_len - 1) != DP_OK)
                return dp_fail(&x->detail, DP_EPARAM, name,
                               "The parameter %s is given twice, too long or badly encoded.", name);
            found = true;
        }
        at += len;
        at += *at == '&';
    }
    if (present != NULL)
        *present = found;
    return DP_OK;
}

enum dp_err dp_request_number(struct dp_exchange *x, int64_t *out, const char *name, int64_t min,
                              int64_t max, int64_t fallback)
{
    char text[24], *end;
    bool present = false;
    enum dp_err err = dp_request_query(x, name, text, sizeof(text), &present);

    *out = fallback;
    if (err != DP_OK || !present)
        return err;
    errno = 0;
    *out = strtoll(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0 || *out < min || *out > max)
        return dp_fail(&x->detail, DP_EPARAM, name, "%s must be a whole number from %lld to %lld.",
                       name, (long long)min, (long long)max);
    return DP_OK;
}

/* application/json, with or without parameters. */
static bool is_json(const char *content_type)
{
    static const char json[] = "application/json";
    size_t len = strcspn(content_type, "; \t");

    return len == sizeof(json) - 1 && strncasecmp(content_type, json, len) == 0;
}

static enum dp_err read_body(struct dp_exchange *x, struct dp_buf *body)
{
    size_t len = strtoul(dp_request_param(x, "CONTENT_LENGTH"), NULL, 10);
    char *room;
    int got;

    if (len > body->limit)
        return dp_fail(&x->detail, DP_EBODY, NULL, "The body may have up to %zu bytes.",
                       body->limit);
    room = dp_buf_room(body, len);
    if (room == NULL)
        return body->err;
    got = FCGX_GetStr(room, (int)len, x->fcgi->in);
    dp_buf_grew(body, got > 0 ? (size_t)got : 0);
    return (size_t)got == len ? DP_OK : DP_EIO;
}

enum dp_err dp_request_json_within(struct dp_exchange *x, struct json_object **out, size_t limit)
{
    struct dp_buf body = DP_BUF_INIT(limit);
    enum dp_err err;

    *out = NULL;
    if (!is_json(dp_request_param(x, "CONTENT_TYPE")))
        return dp_fail(&x->detail, DP_EMEDIA, NULL,
                       "Send the body as JSON, with Content-Type: application/json.");
    err = read_body(x, &body);
    if (err == DP_OK)
        err = dp_json_parse(out, body.data, body.len, &x->detail);
    dp_buf_free(&body);
    return err;
}

enum dp_err dp_request_json(struct dp_exchange *x, struct json_object **out)
{
    return dp_request_json_within(x, out, DP_BODY_MAX);
}
