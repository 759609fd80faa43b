/* vectors.h - read the vector files of tests/vectors; whatever is missing fails the test. */
#ifndef TESTS_UNIT_VECTORS_H
#define TESTS_UNIT_VECTORS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <json-c/json.h>

/* Bytes that a test owns; data is never NULL. */
struct bytes {
    uint8_t *data;
    size_t len;
};

/* The content of a file under DP_VECTORS. */
struct bytes vectors_file(const char *name);
/* The same as JSON; freed by json_object_put. */
struct json_object *vectors_load(const char *name);

/* The list of that name, never empty. */
struct json_object *vectors_rows(struct json_object *doc, const char *name);

/* Members of a row; each must be there. */
struct json_object *vectors_member(struct json_object *row, const char *name);
const char *vectors_text(struct json_object *row, const char *name);
/* Hex decoded. */
struct bytes vectors_hex(struct json_object *row, const char *name);
/* The bytes of a text, which may hold NUL. */
struct bytes vectors_utf8(struct json_object *row, const char *name);
/* What {"generate": {"length": n, "rule": r}} stands for. */
struct bytes vectors_generated(struct json_object *row);
/* Hex of exactly len bytes. */
void vectors_fixed(uint8_t *out, size_t len, struct json_object *row, const char *name);
bool vectors_bool(struct json_object *row, const char *name);

void bytes_free(struct bytes bytes);

/* Run body for each row of a list. */
#define FOR_EACH_ROW(row, rows)                                                                    \
    for (size_t row##_i = 0; row##_i < json_object_array_length(rows); row##_i++)                  \
        for (struct json_object *row = json_object_array_get_idx(rows, row##_i); row != NULL;      \
             row = NULL)

#endif
