/* eventlog.c - the event log beside a TDX quote: read it, and replay the registers from it. */
#include "attest/eventlog.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/sha.h>

#include "base/hex.h"
#include "base/json_tree.h"

/* Where the reader of events stands. */
struct reader {
    struct dp_eventlog *log;
    uint32_t node; /* the entry */
    uint8_t *room; /* for payloads: never more bytes than the text has, as it is hex */
    struct dp_buf preimage, given;
    struct dp_detail *detail;
};

static enum dp_err refuse(const struct reader *r, const char *member, const char *fault)
{
    char field[64];

    snprintf(field, sizeof(field), "event_log[%zu]%s%s", r->log->len, member[0] != '\0' ? "." : "",
             member);
    return dp_fail(r->detail, DP_EFORMAT, field, "%s %s.", field, fault);
}

/* NULL where there is none. */
static const struct dp_node *member(const struct reader *r, const char *name)
{
    uint32_t at = dp_tree_find(&r->log->tree, r->node, name);

    return at != DP_NODE_NONE ? &r->log->tree.nodes[at] : NULL;
}

/* A member that is a number of digits alone, up to max. */
static enum dp_err read_number(uint32_t *out, const struct reader *r, const char *name,
                               uint32_t max)
{
    const struct dp_node *node = member(r, name);
    uint64_t value = 0;
    size_t i = 0;

    if (node == NULL || node->kind != DP_NODE_PLAIN)
        return refuse(r, name, "is missing or no number");
    for (; i < node->text.len && node->text.data[i] >= '0' && node->text.data[i] <= '9'; i++) {
        value = value * 10 + (uint64_t)(node->text.data[i] - '0');
        if (value > max)
            return refuse(r, name, "is too large");
    }
    if (i != node->text.len)
        return refuse(r, name, "is no whole number");
    *out = (uint32_t)value;
    return DP_OK;
}

static enum dp_err read_text(struct dp_slice *out, const struct reader *r, const char *name)
{
    const struct dp_node *node = member(r, name);

    if (node == NULL || node->kind != DP_NODE_TEXT)
        return refuse(r, name, "is missing or no text");
    *out = node->text;
    return DP_OK;
}

static enum dp_err read_payload(struct dp_event *event, struct reader *r)
{
    struct dp_slice hex = {NULL, 0};
    size_t len;
    enum dp_err err = read_text(&hex, r, "event_payload");

    if (err != DP_OK)
        return err;
    if (dp_hex_decode(r->room, hex.len / 2, &len, hex.data, hex.len) != DP_OK)
        return refuse(r, "event_payload", "is not hex");
    event->payload = (struct dp_slice){(const char *)r->room, len};
    r->room += len;
    return DP_OK;
}

/* Out: given  false where the digest is an empty text */
static enum dp_err read_digest(uint8_t digest[static DP_RTMR_LEN], bool *given,
                               const struct reader *r)
{
    struct dp_slice hex = {NULL, 0};
    size_t len;
    enum dp_err err = read_text(&hex, r, "digest");

    if (err != DP_OK)
        return err;
    *given = hex.len > 0;
    if (*given && (dp_hex_decode(digest, DP_RTMR_LEN, &len, hex.data, hex.len) != DP_OK ||
                   len != DP_RTMR_LEN))
        return refuse(r, "digest", "is not 48 bytes of hex");
    return DP_OK;
}

void dp_event_preimage(struct dp_buf *out, unsigned version, struct dp_slice name,
                       struct dp_slice payload)
{
    static const char type[] = {0x01, 0x00, 0x00, 0x08, ':'};
    char *hex;

    if (version == 1) {
        dp_buf_add(out, type, sizeof(type));
        dp_buf_add(out, name.data, name.len);
        dp_buf_add_text(out, ":");
        dp_buf_add(out, payload.data, payload.len);
        return;
    }
    dp_buf_add_text(out, "{\"name\":");
    dp_json_tree_string(out, name);
    dp_buf_add_text(out, ",\"payload\":\"");
    hex = dp_buf_room(out, 2 * payload.len);
    if (hex != NULL) {
        dp_hex_encode(hex, (const uint8_t *)payload.data, payload.len);
        dp_buf_grew(out, 2 * payload.len);
    }
    dp_buf_addf(out, "\",\"type\":%u}", DP_EVENT_TYPE_RUNTIME);
}

/* Version 2 shows its preimage, which has to be the one that we would write. */
static enum dp_err check_preimage(struct reader *r, unsigned version)
{
    const struct dp_node *node = member(r, "preimage");
    char *room;
    size_t len;

    if (version == 1 && node != NULL && (node->kind != DP_NODE_TEXT || node->text.len > 0))
        return refuse(r, "preimage", "is for events of version 2");
    if (version == 1)
        return DP_OK;
    if (node == NULL || node->kind != DP_NODE_TEXT)
        return refuse(r, "preimage", "is missing, and the event is of version 2");
    dp_buf_reset(&r->given);
    room = dp_buf_room(&r->given, node->text.len / 2);
    if (room == NULL)
        return r->given.err;
    if (dp_hex_decode((uint8_t *)room, node->text.len / 2, &len, node->text.data, node->text.len) !=
        DP_OK)
        return refuse(r, "preimage", "is not hex");
    if (len != r->preimage.len || memcmp(room, r->preimage.data, len) != 0)
        return refuse(r, "preimage", "is not the canonical text of this event");
    return DP_OK;
}

static enum dp_err read_runtime(struct dp_event *event, struct reader *r)
{
    uint8_t given[DP_RTMR_LEN];
    uint32_t version = 1;
    bool has = false;
    enum dp_err err = DP_OK;

    if (event->imr != DP_RTMR_RUNTIME)
        return refuse(r, "imr", "is not 3, where runtime events belong");
    if (member(r, "version") != NULL)
        err = read_number(&version, r, "version", UINT32_MAX);
    if (err == DP_OK && version != 1 && version != 2)
        err = refuse(r, "version", "is neither 1 nor 2");
    if (err == DP_OK)
        err = read_digest(given, &has, r);
    if (err != DP_OK)
        return err;
    event->version = (uint8_t)version;
    dp_buf_reset(&r->preimage);
    dp_event_preimage(&r->preimage, version, event->name, event->payload);
    if (r->preimage.err != DP_OK)
        return r->preimage.err;
    err = check_preimage(r, version);
    if (err != DP_OK)
        return err;
    SHA384((const uint8_t *)r->preimage.data, r->preimage.len, event->digest);
    if (has && memcmp(given, event->digest, DP_RTMR_LEN) != 0)
        return refuse(r, "digest", "is not that of this name and payload");
    return DP_OK;
}

/* An event of the firmware: its digest is all there is to go by. */
static enum dp_err read_boot(struct dp_event *event, struct reader *r)
{
    bool has = false;
    enum dp_err err;

    if (event->imr == DP_RTMR_RUNTIME)
        return refuse(r, "event_type", "is not that of a runtime event, which RTMR3 is for");
    err = read_digest(event->digest, &has, r);
    if (err == DP_OK && !has)
        err = refuse(r, "digest", "is empty, and nothing says what it was");
    return err;
}

static enum dp_err read_event(struct dp_event *event, struct reader *r)
{
    uint32_t imr = 0;
    enum dp_err err;

    if (r->log->tree.nodes[r->node].kind != DP_NODE_OBJECT)
        return refuse(r, "", "is not an object");
    err = read_number(&imr, r, "imr", UINT32_MAX);
    if (err == DP_OK && imr >= DP_RTMR_COUNT)
        err = refuse(r, "imr", "is no register from 0 to 3");
    if (err == DP_OK)
        err = read_number(&event->type, r, "event_type", UINT32_MAX);
    if (err == DP_OK)
        err = read_text(&event->name, r, "event");
    if (err == DP_OK)
        err = read_payload(event, r);
    if (err != DP_OK)
        return err;
    event->imr = (uint8_t)imr;
    return event->type == DP_EVENT_TYPE_RUNTIME ? read_runtime(event, r) : read_boot(event, r);
}

static enum dp_err read_list(struct dp_eventlog *log, uint32_t list, struct dp_detail *detail)
{
    /* A preimage of version 2 has each byte of a payload twice, of a name up to six times. */
    struct reader r = {.log = log,
                       .preimage = DP_BUF_INIT(8 * DP_EVENTLOG_LEN_MAX),
                       .given = DP_BUF_INIT(DP_EVENTLOG_LEN_MAX),
                       .detail = detail};
    uint32_t count = log->tree.nodes[list].count;
    enum dp_err err = DP_OK;

    if (count > DP_EVENTLOG_MAX)
        return dp_fail(detail, DP_ETOOBIG, "event_log", "The log has over %d events.",
                       DP_EVENTLOG_MAX);
    log->events = calloc(count > 0 ? count : 1, sizeof(*log->events));
    log->payloads = malloc(log->tree.texts_len / 2 + 1);
    if (log->events == NULL || log->payloads == NULL)
        return DP_ENOMEM;
    r.room = log->payloads;
    for (r.node = log->tree.nodes[list].first; err == DP_OK && r.node != DP_NODE_NONE;
         r.node = log->tree.nodes[r.node].next) {
        err = read_event(&log->events[log->len], &r);
        log->len++;
    }
    dp_buf_free(&r.preimage);
    dp_buf_free(&r.given);
    return err;
}

/* The tree of the array, and its node in it. */
static enum dp_err find_list(struct dp_tree *tree, uint32_t *list, const char *text, size_t len,
                             struct dp_detail *detail)
{
    struct dp_tree outer;
    uint32_t at;
    enum dp_err err = dp_json_tree_parse_strict(tree, text, len, detail);

    if (err != DP_OK)
        return err;
    at = tree->nodes[DP_NODE_ROOT].kind == DP_NODE_OBJECT
             ? dp_tree_find(tree, DP_NODE_ROOT, "event_log")
             : DP_NODE_ROOT;
    if (at != DP_NODE_NONE && at != DP_NODE_ROOT && tree->nodes[at].kind == DP_NODE_TEXT) {
        outer = *tree;
        err = dp_json_tree_parse_strict(tree, outer.nodes[at].text.data, outer.nodes[at].text.len,
                                        detail);
        dp_tree_free(&outer);
        if (err != DP_OK)
            return err;
        at = DP_NODE_ROOT;
    }
    if (at == DP_NODE_NONE || tree->nodes[at].kind != DP_NODE_LIST)
        return dp_fail(detail, DP_EFORMAT, "event_log",
                       "It is no event log: neither an array nor an object with event_log.");
    *list = at;
    return DP_OK;
}

enum dp_err dp_eventlog_read(struct dp_eventlog *out, const char *text, size_t len,
                             struct dp_detail *detail)
{
    uint32_t list = DP_NODE_ROOT;
    enum dp_err err;

    *out = (struct dp_eventlog){.events = NULL};
    if (len > DP_EVENTLOG_LEN_MAX)
        return dp_fail(detail, DP_ETOOBIG, "event_log", "The log has over %d bytes.",
                       DP_EVENTLOG_LEN_MAX);
    err = find_list(&out->tree, &list, text, len, detail);
    if (err == DP_OK)
        err = read_list(out, list, detail);
    if (err != DP_OK)
        dp_eventlog_free(out);
    return err;
}

void dp_eventlog_free(struct dp_eventlog *log)
{
    free(log->events);
    free(log->payloads);
    dp_tree_free(&log->tree);
    *log = (struct dp_eventlog){.events = NULL};
}

void dp_eventlog_replay(uint8_t rtmr[static DP_RTMR_COUNT][DP_RTMR_LEN],
                        const struct dp_eventlog *log, const char *until)
{
    uint8_t both[2 * DP_RTMR_LEN];
    bool open = true;

    memset(rtmr, 0, sizeof(rtmr[0]) * DP_RTMR_COUNT);
    for (size_t i = 0; i < log->len; i++) {
        const struct dp_event *event = &log->events[i];

        if (event->imr == DP_RTMR_RUNTIME && !open)
            continue;
        memcpy(both, rtmr[event->imr], DP_RTMR_LEN);
        memcpy(both + DP_RTMR_LEN, event->digest, DP_RTMR_LEN);
        SHA384(both, sizeof(both), rtmr[event->imr]);
        if (until != NULL && event->imr == DP_RTMR_RUNTIME && dp_slice_is(event->name, until))
            open = false;
    }
}
