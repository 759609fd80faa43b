/* appauth_print.c - values as people and as JSON read them, one line and one member at a time. */
#include "devproof/appauth_print.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/hex.h"
#include "base/json.h"

#define YEAR_10000 253402300800 /* Unix seconds */

const char report_proven[] = "proven", report_told[] = "told";

/* --- values --- */

const char *report_time(char out[static REPORT_TEXT_SIZE], uint64_t seconds)
{
    if (seconds == 0)
        snprintf(out, REPORT_TEXT_SIZE, "never");
    else if (seconds >= YEAR_10000)
        snprintf(out, REPORT_TEXT_SIZE, "%" PRIu64, seconds);
    else
        dp_clock_format(out, (int64_t)seconds * 1000);
    return out;
}

struct json_object *report_number(uint64_t number)
{
    struct json_object *made = json_object_new_uint64(number);

    if (made == NULL)
        abort();
    return made;
}

struct json_object *report_text(const char *text)
{
    struct json_object *made = json_object_new_string(text);

    if (made == NULL)
        abort();
    return made;
}

struct json_object *report_object(void)
{
    struct json_object *made = json_object_new_object();

    if (made == NULL)
        abort();
    return made;
}

struct json_object *report_array(void)
{
    struct json_object *made = json_object_new_array();

    if (made == NULL)
        abort();
    return made;
}

void report_push(struct json_object *array, struct json_object *value)
{
    if (json_object_array_add(array, value) != 0)
        abort();
}

/* 0, as a time that has not come, is null. */
void report_add_time(struct json_object *object, const char *name, uint64_t seconds)
{
    dp_json_add(object, name, seconds != 0 ? report_number(seconds) : NULL);
}

void report_add_hash(struct json_object *object, const char *name, const uint8_t *hash)
{
    char text[REPORT_HASH_SIZE];

    dp_hex0x_encode(text, hash, DP_WORD_LEN);
    dp_json_add_text(object, name, text);
}

bool report_is_zero(const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (bytes[i] != 0)
            return false;
    }
    return true;
}

/* --- lines --- */

void report_heading(const struct report *report, const char *text)
{
    if (!report->is_quiet)
        printf("\n%s\n", text);
}

void report_print(const struct report *report, const char *fmt, ...)
{
    va_list args;

    if (report->is_quiet)
        return;
    va_start(args, fmt);
    vprintf(fmt, args);
    va_end(args);
}

/* One value, which is taken over: a line, and a member {value, source}. */
void report_fact(const struct report *report, const char *source, const char *name,
                 const char *label, struct json_object *value, const char *text)
{
    struct json_object *member = report_object();

    report_print(report, "  %-22s %-8s %s\n", label, source, text);
    dp_json_add(member, "value", value);
    dp_json_add_text(member, "source", source);
    dp_json_add(report->json, name, member);
}

void report_fact_flag(const struct report *report, const char *name, const char *label, bool value)
{
    struct json_object *json = json_object_new_boolean(value);

    if (json == NULL)
        abort();
    report_fact(report, report_proven, name, label, json, value ? "yes" : "no");
}

void report_fact_seconds(const struct report *report, const char *source, const char *name,
                         const char *label, uint64_t seconds)
{
    char text[REPORT_TEXT_SIZE];

    snprintf(text, sizeof(text), "%" PRIu64 " s (%" PRIu64 "d %02" PRIu64 "h %02" PRIu64 "m)",
             seconds, seconds / 86400, seconds / 3600 % 24, seconds / 60 % 60);
    report_fact(report, source, name, label, report_number(seconds), text);
}

void report_fact_address(const struct report *report, const char *name, const char *label,
                         const uint8_t address[static DP_ADDRESS_LEN])
{
    char text[DP_ADDRESS_TEXT_SIZE];

    dp_address_format(text, address);
    report_fact(report, report_proven, name, label, report_text(text),
                report_is_zero(address, DP_ADDRESS_LEN) ? "nobody" : text);
}

/* A list, which is taken over. */
void report_fact_list(const struct report *report, const char *name, struct json_object *list)
{
    struct json_object *member = report_object();

    dp_json_add(member, "value", list);
    dp_json_add_text(member, "source", report_proven);
    dp_json_add(report->json, name, member);
}
