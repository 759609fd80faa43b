/* reference.h - what was named to hold a quote against: an operating system's image, a KMS. */
#ifndef DEVPROOF_REFERENCE_H
#define DEVPROOF_REFERENCE_H

#include <stdbool.h>

#include <json-c/json.h>

#include "attest/event_facts.h"
#include "attest/quote.h"
#include "devproof/client.h"

/* Read mrtd and rtmr0 to rtmr2 of an OS image, as dstack-mr prints them. Out: out  NULL where path
 * is. Returns: -1, or EXIT_USAGE after complaining */
int reference_read(const struct client *client, struct json_object **out, const char *path);

/* Was it another image that a TD started? Returns: NULL, or what is wrong (static) */
const char *reference_os_fault(struct json_object *reference, const struct dp_td_report *td);

/* Is it the KMS of that id: hex of its CA's SubjectPublicKeyInfo, 0x before it or not? */
bool reference_is_kms(const struct dp_key_provider *provider, const char *kms_id);

#endif
