/* err.c - the sentences behind the errors. */
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>

#define DP_ERR_TEXT(name, text) [name] = text,
static const char *const texts[DP_ERR_COUNT] = {DP_ERRORS(DP_ERR_TEXT)};
#undef DP_ERR_TEXT

const char *dp_err_text(enum dp_err err)
{
    return (unsigned)err < DP_ERR_COUNT ? texts[err] : "unknown error";
}

enum dp_err dp_fail(struct dp_detail *detail, enum dp_err err, const char *field, const char *fmt,
                    ...)
{
    va_list args;

    if (detail == NULL)
        return err;
    snprintf(detail->field, sizeof(detail->field), "%s", field != NULL ? field : "");
    va_start(args, fmt);
    vsnprintf(detail->text, sizeof(detail->text), fmt, args);
    va_end(args);
    return err;
}

void dp_explain(char *out, size_t size, enum dp_err err, const struct dp_detail *detail)
{
    static const struct dp_detail none = {"", ""};

    if (detail == NULL)
        detail = &none;
    snprintf(out, size, "%s%s%s", detail->field, detail->field[0] != '\0' ? ": " : "",
             detail->text[0] != '\0' ? detail->text : dp_err_text(err));
}
