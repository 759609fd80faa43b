/* event_facts.c - what a dstack guest's event log says of its app. */
#include "attest/event_facts.h"

#include <stdio.h>
#include <string.h>

#include "base/hex.h"
#include "base/json.h"

#define FACT(member) (int)offsetof(struct dp_event_facts, member)
#define NO_FACT (-1)

/* The events of all releases of dstack, in their order. */
static const struct {
    const char *name;
    int fact; /* where its payload goes */
    bool repeats;
} order[] = {
    {"system-preparing", NO_FACT, false},
    {"rootfs-hash", NO_FACT, false}, /* 0.3 */
    {"app-id", FACT(app_id), false},
    {"upgraded-app-id", NO_FACT, false}, /* 0.3.1 */
    {"compose-hash", FACT(compose_hash), false},
    {"init-script-hash", NO_FACT, true},
    {"gpu-policy-hash", NO_FACT, false},
    {"gpu-attestation", NO_FACT, false},
    {"ca-cert-hash", NO_FACT, false}, /* 0.3 */
    {"instance-id", FACT(instance_id), false},
    {"boot-mr-done", NO_FACT, false},
    {"mr-kms", FACT(mr_kms), false},
    {"os-image-hash", FACT(os_image_hash), false},
    {"key-provider", FACT(key_provider), false},
    {"storage-fs", NO_FACT, false},
    {"system-ready", NO_FACT, false},
};
#define ORDER_LEN (sizeof(order) / sizeof(order[0]))

static size_t place_of(const struct dp_event *event)
{
    size_t place = 0;

    while (place < ORDER_LEN && !dp_slice_is(event->name, order[place].name))
        place++;
    return place;
}

static void note(struct dp_event_facts *facts, size_t place, const struct dp_event *event)
{
    if (order[place].fact != NO_FACT)
        memcpy((char *)facts + order[place].fact, &event->payload, sizeof(event->payload));
    facts->booted |= strcmp(order[place].name, "boot-mr-done") == 0;
    facts->ready = strcmp(order[place].name, "system-ready") == 0;
}

enum dp_err dp_event_facts(struct dp_event_facts *out, const struct dp_eventlog *log,
                           struct dp_detail *detail)
{
    struct dp_event_facts facts = {.booted = false};
    size_t last = ORDER_LEN; /* none yet */

    memset(out, 0, sizeof(*out));
    for (size_t i = 0; i < log->len && !facts.ready; i++) {
        const struct dp_event *event = &log->events[i];
        size_t place = event->imr == DP_RTMR_RUNTIME ? place_of(event) : ORDER_LEN;

        if (place == ORDER_LEN)
            continue;
        if (place == last && !order[place].repeats)
            return dp_fail(detail, DP_EFORMAT, order[place].name,
                           "The event %s is there twice, the second time as entry %zu.",
                           order[place].name, i);
        if (last != ORDER_LEN && place < last)
            return dp_fail(detail, DP_EFORMAT, order[place].name,
                           "The event %s, entry %zu, has no place after %s.", order[place].name, i,
                           order[last].name);
        note(&facts, place, event);
        last = place;
    }
    *out = facts;
    return DP_OK;
}

const char *dp_event_facts_fault(const struct dp_event_facts *facts)
{
    struct dp_key_provider provider;

    if (facts->app_id.len != DP_EVENT_APP_ID_LEN)
        return "app-id is missing or not 20 bytes.";
    if (facts->compose_hash.len != DP_EVENT_HASH_LEN)
        return "compose-hash is missing or not 32 bytes.";
    if (facts->instance_id.data == NULL ||
        (facts->instance_id.len != 0 && facts->instance_id.len != DP_EVENT_APP_ID_LEN))
        return "instance-id is missing, or neither empty nor 20 bytes.";
    if (facts->os_image_hash.data != NULL && facts->os_image_hash.len != DP_EVENT_HASH_LEN)
        return "os-image-hash is not 32 bytes.";
    if (facts->key_provider.data != NULL &&
        dp_key_provider_read(&provider, facts->key_provider) != DP_OK)
        return "key-provider is not JSON with a name and an id in hex.";
    if (!facts->booted)
        return "boot-mr-done is missing: the log ends before the boot did.";
    return NULL;
}

enum dp_err dp_key_provider_read(struct dp_key_provider *out, struct dp_slice payload)
{
    struct json_object *object = NULL;
    struct dp_slice name, id;
    enum dp_err err = DP_EFORMAT;

    memset(out, 0, sizeof(*out));
    if (dp_json_parse(&object, payload.data, payload.len, NULL) == DP_OK &&
        dp_json_string(&name, object, "name", NULL) == DP_OK &&
        dp_json_string(&id, object, "id", NULL) == DP_OK && name.len < sizeof(out->name) &&
        memchr(name.data, '\0', name.len) == NULL &&
        dp_hex_decode(out->id, sizeof(out->id), &out->id_len, id.data, id.len) == DP_OK) {
        memcpy(out->name, name.data, name.len);
        err = DP_OK;
    }
    json_object_put(object);
    return err;
}
