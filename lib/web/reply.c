/* reply.c - the answer, built whole before a byte goes out, so any failure can set the status. */
#include "web/web.h"

#include "base/json.h"

enum dp_err dp_reply_json(struct dp_exchange *x, int status, struct json_object *object)
{
    x->status = status;
    x->content_type = "application/json";
    dp_json_write(&x->body, object);
    dp_buf_add(&x->body, "\n", 1);
    json_object_put(object);
    return x->body.err;
}

void dp_reply_header(struct dp_exchange *x, const char *name, const char *value)
{
    dp_buf_addf(&x->headers, "%s: %s\r\n", name, value);
}
