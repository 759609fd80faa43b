/* audit_evidence.c - devproof audit: what a service showed, and the folder it is kept in. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "attest/collateral.h"
#include "attest/quote.h"
#include "base/clock.h"
#include "base/hex.h"
#include "base/json.h"
#include "devproof/audit.h"
#include "devproof/command.h"

static const struct {
    const char *name;
    size_t limit; /* bytes */
    bool optional;
} files[EVIDENCE_FILES] = {
    [EVIDENCE_AUDIT] = {"audit.json", 64u << 10, false},
    [EVIDENCE_ATTESTATION] = {"attestation.json", 4u << 20, false},
    [EVIDENCE_PEER] = {"peer.pem", 256u << 10, true},
    [EVIDENCE_COLLATERAL] = {"collateral.json", DP_COLLATERAL_MAX, true},
    [EVIDENCE_KEYS] = {"keys.json", 64u << 10, true},
    [EVIDENCE_CHAIN] = {"chain.json", 64u << 20, true},
};

void evidence_init(struct evidence *evidence)
{
    *evidence = (struct evidence){.quote = DP_BUF_INIT(DP_QUOTE_MAX)};
    for (size_t i = 0; i < EVIDENCE_FILES; i++)
        evidence->files[i] = DP_BUF_INIT(files[i].limit);
}

void evidence_free(struct evidence *evidence)
{
    for (size_t i = 0; i < EVIDENCE_FILES; i++)
        dp_buf_free(&evidence->files[i]);
    json_object_put(evidence->audit);
    json_object_put(evidence->answer);
    json_object_put(evidence->keys);
    dp_buf_free(&evidence->quote);
}

/* --- what the files say --- */

static int parse(const struct client *client, struct json_object **out,
                 const struct evidence *evidence, enum evidence_file file)
{
    const struct dp_buf *text = &evidence->files[file];
    struct dp_detail detail = {"", ""};

    if (dp_json_parse(out, text->data != NULL ? text->data : "", text->len, &detail) == DP_OK)
        return -1;
    return client_fail(client, EXIT_FAILURE, "%s: %s", files[file].name, detail.text);
}

static int parse_audit(const struct client *client, struct evidence *evidence)
{
    int code = parse(client, &evidence->audit, evidence, EVIDENCE_AUDIT);

    if (code >= 0)
        return code;
    evidence->url = client_text(evidence->audit, "url");
    if (strcmp(client_text(evidence->audit, "format"), EVIDENCE_FORMAT) != 0 ||
        dp_clock_parse(&evidence->at_ms, client_text(evidence->audit, "at")) != DP_OK ||
        dp_hex_decode_exact(evidence->nonce, EVIDENCE_NONCE_LEN,
                            client_text(evidence->audit, "nonce")) != DP_OK)
        return client_fail(client, EXIT_FAILURE, "audit.json is not of the form %s.",
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

static int parse_answer(const struct client *client, struct evidence *evidence)
{
    int code = parse(client, &evidence->answer, evidence, EVIDENCE_ATTESTATION);
    struct dp_slice hex;

    if (code >= 0)
        return code;
    hex = text_of(evidence, "quote");
    if (hex.data == NULL || dp_quote_bytes(&evidence->quote, hex.data, hex.len) != DP_OK)
        return client_fail(client, EXIT_FAILURE, "attestation.json has no quote in hex.");
    evidence->hardware.quote = (struct dp_slice){evidence->quote.data, evidence->quote.len};
    evidence->hardware.event_log = text_of(evidence, "event_log");
    evidence->hardware.app_compose = text_of(evidence, "app_compose");
    return -1;
}

void evidence_take_collateral(struct evidence *evidence)
{
    const struct dp_buf *text = &evidence->files[EVIDENCE_COLLATERAL];

    evidence->hardware.collateral =
        text->len > 0 ? (struct dp_slice){text->data, text->len} : (struct dp_slice){NULL, 0};
}

int evidence_parse(const struct client *client, struct evidence *evidence)
{
    int code = parse_audit(client, evidence);

    if (code < 0)
        code = parse_answer(client, evidence);
    if (code < 0 && evidence->files[EVIDENCE_KEYS].len > 0)
        code = parse(client, &evidence->keys, evidence, EVIDENCE_KEYS);
    if (code < 0)
        evidence_take_collateral(evidence);
    return code;
}

/* --- the folder --- */

/* Returns: -1, or an exit code after complaining */
static int path_of(const struct client *client, char path[static PATH_MAX], const char *dir,
                   enum evidence_file file)
{
    if (snprintf(path, PATH_MAX, "%s/%s", dir, files[file].name) < PATH_MAX)
        return -1;
    return client_fail(client, EXIT_USAGE, "the name of the folder is too long.");
}

int evidence_read(const struct client *client, struct evidence *evidence, const char *dir)
{
    char path[PATH_MAX];

    for (size_t i = 0; i < EVIDENCE_FILES; i++) {
        int code = path_of(client, path, dir, (enum evidence_file)i);

        if (code >= 0)
            return code;
        if (files[i].optional && access(path, F_OK) != 0)
            continue;
        if (!client_read_file(client, &evidence->files[i], path))
            return EXIT_USAGE;
    }
    return evidence_parse(client, evidence);
}

static bool write_file(const char *path, const struct dp_buf *text)
{
    FILE *file = fopen(path, "wx");
    bool ok = file != NULL &&
              fwrite(text->data != NULL ? text->data : "", 1, text->len, file) == text->len;

    if (file != NULL && fclose(file) != 0)
        ok = false;
    return ok;
}

int evidence_write(const struct client *client, const struct evidence *evidence, const char *dir)
{
    char path[PATH_MAX];

    if (mkdir(dir, 0755) != 0 && errno != EEXIST)
        return client_fail(client, EXIT_FAILURE, "%s: %s", dir, strerror(errno));
    for (size_t i = 0; i < EVIDENCE_FILES; i++) {
        int code = path_of(client, path, dir, (enum evidence_file)i);

        if (code >= 0)
            return code;
        if (!write_file(path, &evidence->files[i]))
            return client_fail(client, EXIT_FAILURE, "%s: %s", path, strerror(errno));
    }
    return -1;
}
