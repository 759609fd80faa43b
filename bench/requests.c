/* requests.c - what to ask: a file of requests, and the bytes of the n-th one. */
#include "requests.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNTER "{n}"

/* Copy a template with the number in the counter's place. */
static void add_numbered(struct dp_buf *out, const char *text, unsigned long long n)
{
    const char *at;

    while ((at = strstr(text, COUNTER)) != NULL) {
        dp_buf_add(out, text, (size_t)(at - text));
        dp_buf_addf(out, "%llu", n);
        text = at + strlen(COUNTER);
    }
    dp_buf_add_text(out, text);
}

static void write_request(struct dp_buf *out, const struct request *r, unsigned long long n)
{
    struct dp_buf body = DP_BUF_INIT(REQUEST_MAX);

    add_numbered(&body, r->body, n);
    dp_buf_addf(out, "%s ", r->method);
    add_numbered(out, r->path, n);
    dp_buf_add_text(out, " HTTP/1.1\r\nHost: bench\r\n");
    if (strcmp(r->token, "-") != 0)
        dp_buf_addf(out, "Authorization: Bearer %s\r\n", r->token);
    if (body.len > 0)
        dp_buf_addf(out, "Content-Type: application/json\r\nContent-Length: %zu\r\n", body.len);
    dp_buf_add_text(out, "\r\n");
    if (body.len > 0)
        dp_buf_add(out, body.data, body.len);
    if (body.err != DP_OK)
        out->err = body.err;
    dp_buf_free(&body);
}

/* Cut the next word off a line; "" at its end. */
static char *next_word(char **line)
{
    char *word = *line;

    *line += strcspn(word, " ");
    if (**line != '\0')
        *(*line)++ = '\0';
    return word;
}

/* Takes over the line, which all the texts are parts of. */
static enum dp_err parse(struct request *r, char *line)
{
    char *end;

    r->method = next_word(&line);
    r->path = next_word(&line);
    r->status = (int)strtol(next_word(&line), &end, 10);
    r->token = next_word(&line);
    r->body = line;
    r->text = DP_BUF_INIT(REQUEST_MAX);
    if (r->path[0] != '/' || *end != '\0' || r->status < 100 || r->token[0] == '\0')
        return DP_EFORMAT;
    if (strstr(r->path, COUNTER) == NULL && strstr(r->body, COUNTER) == NULL)
        write_request(&r->text, r, 0);
    return r->text.err;
}

static enum dp_err add_line(struct requests *requests, const char *text)
{
    struct request *more =
        realloc(requests->list, (requests->count + 1) * sizeof(requests->list[0]));
    char *line = strdup(text);

    if (more != NULL)
        requests->list = more;
    if (more == NULL || line == NULL) {
        free(line);
        return DP_ENOMEM;
    }
    line[strcspn(line, "\n")] = '\0';
    return parse(&requests->list[requests->count++], line);
}

enum dp_err requests_read(struct requests *out, const char *path, size_t *line)
{
    FILE *file = fopen(path, "r");
    enum dp_err err = DP_OK;
    char *text = NULL;
    size_t cap = 0;

    *out = (struct requests){0};
    *line = 0;
    if (file == NULL)
        return DP_EIO;
    while (err == DP_OK && getline(&text, &cap, file) > 0) {
        ++*line;
        err = add_line(out, text);
    }
    free(text);
    fclose(file);
    return err == DP_OK && out->count == 0 ? DP_EFORMAT : err;
}

void requests_free(struct requests *requests)
{
    for (size_t i = 0; i < requests->count; i++) {
        dp_buf_free(&requests->list[i].text);
        free(requests->list[i].method);
    }
    free(requests->list);
    *requests = (struct requests){0};
}

struct dp_slice requests_get(const struct requests *requests, const struct request **request,
                             unsigned long long n, struct dp_buf *scratch)
{
    const struct request *r = &requests->list[n % requests->count];

    *request = r;
    if (r->text.len > 0)
        return (struct dp_slice){r->text.data, r->text.len};
    dp_buf_reset(scratch);
    write_request(scratch, r, n);
    return scratch->err == DP_OK ? (struct dp_slice){scratch->data, scratch->len}
                                 : (struct dp_slice){0};
}
