/* guest_quote.h - a TDX quote of this CVM, from the guest agent. */
#ifndef DP_DSTACK_GUEST_QUOTE_H
#define DP_DSTACK_GUEST_QUOTE_H

#include <stdint.h>

#include <json-c/json.h>

#include "base/err.h"
#include "dstack/guest.h"

#define DP_GUEST_REPORT_DATA_LEN 64
#define DP_GUEST_QUOTE_MS 10000 /* a deadline for it: an agent makes one at a time */

/**
 * GetQuote.
 *
 * Out: out  the agent's answer, with the texts quote (hex) and event_log, and vm_config where the
 *           agent knows one; to be freed by json_object_put; NULL unless DP_OK
 * Returns: DP_OK
 *          DP_EGUEST  no connection, no answer in time, or no quote in it
 *          DP_ENOMEM
 */
DP_MUST_CHECK
enum dp_err dp_guest_quote(struct dp_guest *guest, struct json_object **out,
                           const uint8_t report_data[static DP_GUEST_REPORT_DATA_LEN]);

#endif
