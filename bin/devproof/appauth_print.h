/* appauth_print.h - values as people and as JSON read them, one line and one member at a time. */
/*
 * Running out of memory ends the process.
 */
#ifndef DEVPROOF_APPAUTH_PRINT_H
#define DEVPROOF_APPAUTH_PRINT_H

#include "devproof/appauth.h"

#define REPORT_TEXT_SIZE 160
#define REPORT_HASH_SIZE DP_HEX0X_SIZE(DP_WORD_LEN)

/* Where a value is from. */
extern const char report_proven[], report_told[];

struct report {
    bool is_quiet; /* else each line is printed as it comes */
    struct json_object *json;
    const struct appauth *appauth;
    const struct appauth_state *state;
    const struct appauth_history *history;
    const struct appauth_replay *replay;
};

/* --- values --- */

/* As RFC 3339; 0 is "never". Returns: out */
const char *report_time(char out[static REPORT_TEXT_SIZE], uint64_t seconds);

bool report_is_zero(const uint8_t *bytes, size_t len);

/* New values, to be freed by json_object_put. */
struct json_object *report_number(uint64_t number);
struct json_object *report_text(const char *text);
struct json_object *report_object(void);
struct json_object *report_array(void);

/* Add to an array; the value is taken over. */
void report_push(struct json_object *array, struct json_object *value);

/* Add a member: Unix seconds, 0 as null; 32 bytes as hex. */
void report_add_time(struct json_object *object, const char *name, uint64_t seconds);
void report_add_hash(struct json_object *object, const char *name, const uint8_t *hash);

/* --- lines, unless the report is quiet --- */

void report_heading(const struct report *report, const char *text);
void report_print(const struct report *report, const char *fmt, ...) DP_PRINTF(2, 3);

/* --- facts: a line with the label, and a member {value, source} of that name --- */

/* value is taken over; text is how people read it. */
void report_fact(const struct report *report, const char *source, const char *name,
                 const char *label, struct json_object *value, const char *text);
void report_fact_seconds(const struct report *report, const char *source, const char *name,
                         const char *label, uint64_t seconds);

/* These are proven. */
void report_fact_flag(const struct report *report, const char *name, const char *label, bool value);
void report_fact_address(const struct report *report, const char *name, const char *label,
                         const uint8_t address[static DP_ADDRESS_LEN]);

/* The member alone; the list is taken over. */
void report_fact_list(const struct report *report, const char *name, struct json_object *list);

#endif
