/* eventlog.h - the event log beside a TDX quote: read it, and replay the registers from it. */
#ifndef DP_ATTEST_EVENTLOG_H
#define DP_ATTEST_EVENTLOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/tree.h"

#define DP_RTMR_LEN 48 /* SHA-384 */
#define DP_RTMR_COUNT 4
#define DP_RTMR_RUNTIME 3                     /* the one register that dstack's events go into */
#define DP_EVENT_TYPE_RUNTIME 0x08000001U     /* dstack's */
#define DP_EVENTLOG_LEN_MAX (4 * 1024 * 1024) /* bytes of text; real ones have some 20 KB */
#define DP_EVENTLOG_MAX 4096                  /* events; real ones have some 30 */

struct dp_event {
    uint8_t imr;     /* 0 to 3: RTMR0 to RTMR3 */
    uint8_t version; /* of a runtime event: 1 or 2; else 0 */
    uint32_t type;
    struct dp_slice name, payload; /* UTF-8; bytes */
    uint8_t digest[DP_RTMR_LEN];   /* what the register is extended by */
};

struct dp_eventlog {
    struct dp_event *events;
    size_t len;
    /* what names and payloads lie in */
    struct dp_tree tree;
    uint8_t *payloads;
};

/**
 * Read a log: a JSON array of events, or an object whose member event_log is one or has one as
 * text, as dstack's GetQuote answers.
 *
 * Digests of runtime events are computed; a digest, and for version 2 the preimage, that is given
 * has to be that. What is refused beyond the form: a runtime event outside of RTMR3, and any other
 * in it, since its name and payload would be bound to nothing.
 *
 * Out: out     to be freed by dp_eventlog_free; all zero unless DP_OK
 *      detail  field is the entry at fault, such as "event_log[3].digest"; may be NULL
 * Returns: DP_OK
 *          DP_EJSON, DP_EDUPLICATE  not strict JSON (dp_json_scan)
 *          DP_EFORMAT  not a log, or one that does not hold
 *          DP_ETOOBIG  over DP_EVENTLOG_LEN_MAX or DP_EVENTLOG_MAX
 *          DP_ENOMEM
 */
DP_MUST_CHECK
enum dp_err dp_eventlog_read(struct dp_eventlog *out, const char *text, size_t len,
                             struct dp_detail *detail);

/* Takes one that is all zero, too. */
void dp_eventlog_free(struct dp_eventlog *log);

/**
 * The registers after all events of the log.
 *
 * In:  until  the name of a runtime event: RTMR3 stops after its first one, as it stood when a
 *             quote was taken at that moment. NULL: all
 */
void dp_eventlog_replay(uint8_t rtmr[static DP_RTMR_COUNT][DP_RTMR_LEN],
                        const struct dp_eventlog *log, const char *until);

/**
 * What the digest of a runtime event is over.
 *
 * Out: out      added to; failures stick in it
 * In:  version  1: type, name and payload in a row, which does not tell "a:b" from "a" with a
 *               payload that begins ":b"; 2: canonical JSON (RFC 8785)
 */
void dp_event_preimage(struct dp_buf *out, unsigned version, struct dp_slice name,
                       struct dp_slice payload);

#endif
