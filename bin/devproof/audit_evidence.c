/* audit_evidence.c - devproof audit: what a service showed, kept in a folder. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attest/collateral.h"
#include "attest/quote.h"
#include "base/clock.h"
#include "base/json.h"
#include "devproof/audit.h"
#include "devproof/command.h"

#define ATTESTATION_MAX (4u << 20) /* bytes: quote, log, the app's definition */
#define AUDIT_MAX (64u << 10)
#define KEYS_MAX (64u << 10)

/* Returns: -1, or an exit code after complaining */
static int path_of(const struct client *client, char path[static PATH_MAX], const char *dir,
                   const char *name)
{
    if (snprintf(path, PATH_MAX, "%s/%s", dir, name) < PATH_MAX)
        return -1;
    return client_fail(client, EXIT_USAGE, "the name of the folder is too long.");
}

static int read_file(const struct client *client, struct dp_buf *out, const char *dir,
                     const char *name)
{
    char path[PATH_MAX];
    int code = path_of(client, path, dir, name);

    if (code < 0 && !client_read_file(client, out, path))
        code = EXIT_USAGE;
    return code;
}

static int read_json(const struct client *client, struct json_object **out, struct dp_buf *text,
                     const char *dir, const char *name)
{
    struct dp_detail detail = {"", ""};
    int code = read_file(client, text, dir, name);

    if (code < 0 &&
        dp_json_parse(out, text->data != NULL ? text->data : "", text->len, &detail) != DP_OK)
        code = client_fail(client, EXIT_FAILURE, "%s/%s: %s", dir, name, detail.text);
    return code;
}

static int read_head(const struct client *client, struct evidence *evidence, const char *dir)
{
    struct dp_buf text = DP_BUF_INIT(AUDIT_MAX);
    int code = read_json(client, &evidence->audit, &text, dir, "audit.json");

    dp_buf_free(&text);
    if (code >= 0)
        return code;
    evidence->url = client_text(evidence->audit, "url");
    if (strcmp(client_text(evidence->audit, "format"), EVIDENCE_FORMAT) != 0 ||
        dp_clock_parse(&evidence->at_ms, client_text(evidence->audit, "at")) != DP_OK)
        return client_fail(client, EXIT_FAILURE, "%s/audit.json is not of the form %s.", dir,
                           EVIDENCE_FORMAT);
    evidence->hardware.at = evidence->at_ms / 1000;
    return -1;
}

/* A text of the answer; data is NULL where it has none. */
static struct dp_slice text_of(const struct evidence *evidence, const char *name)
{
    struct dp_slice text;

    if (dp_json_optional_string(&text, evidence->answer, name, NULL) != DP_OK)
        text = (struct dp_slice){NULL, 0};
    return text;
}

static int read_answer(const struct client *client, struct evidence *evidence, const char *dir)
{
    int code =
        read_json(client, &evidence->answer, &evidence->attestation, dir, "attestation.json");
    struct dp_slice hex;

    if (code >= 0)
        return code;
    hex = text_of(evidence, "quote");
    if (hex.data == NULL || dp_quote_bytes(&evidence->quote, hex.data, hex.len) != DP_OK)
        return client_fail(client, EXIT_FAILURE, "%s/attestation.json has no quote in hex.", dir);
    evidence->hardware.quote = (struct dp_slice){evidence->quote.data, evidence->quote.len};
    evidence->hardware.event_log = text_of(evidence, "event_log");
    evidence->hardware.app_compose = text_of(evidence, "app_compose");
    return -1;
}

static int read_collateral(const struct client *client, struct evidence *evidence, const char *dir)
{
    char path[PATH_MAX];
    int code = path_of(client, path, dir, "collateral.json");

    if (code >= 0 || access(path, F_OK) != 0)
        return code;
    if (!client_read_file(client, &evidence->collateral, path))
        return EXIT_USAGE;
    evidence->hardware.collateral =
        (struct dp_slice){evidence->collateral.data, evidence->collateral.len};
    return -1;
}

static int read_keys(const struct client *client, struct evidence *evidence, const char *dir)
{
    struct dp_buf text = DP_BUF_INIT(KEYS_MAX);
    char path[PATH_MAX];
    int code = path_of(client, path, dir, "keys.json");

    if (code < 0 && access(path, F_OK) == 0)
        code = read_json(client, &evidence->keys, &text, dir, "keys.json");
    dp_buf_free(&text);
    return code;
}

int evidence_read(const struct client *client, struct evidence *evidence, const char *dir)
{
    int code;

    *evidence = (struct evidence){.attestation = DP_BUF_INIT(ATTESTATION_MAX),
                                  .collateral = DP_BUF_INIT(DP_COLLATERAL_MAX),
                                  .quote = DP_BUF_INIT(DP_QUOTE_MAX)};
    code = read_head(client, evidence, dir);
    if (code < 0)
        code = read_answer(client, evidence, dir);
    if (code < 0)
        code = read_collateral(client, evidence, dir);
    if (code < 0)
        code = read_keys(client, evidence, dir);
    return code;
}

void evidence_free(struct evidence *evidence)
{
    json_object_put(evidence->audit);
    json_object_put(evidence->answer);
    json_object_put(evidence->keys);
    dp_buf_free(&evidence->attestation);
    dp_buf_free(&evidence->collateral);
    dp_buf_free(&evidence->quote);
}
