/* lightclient.c - committees in turn, each proven by what the one before has signed. */
#include "ethereum/lightclient.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "ethereum/beacon_json.h"

/* keys: of the committee, once they were needed. */
struct member {
    struct dp_light_committee committee;
    struct dp_bls_keys *keys;
    bool is_known;
};

/* current is of the period of the finalized header, next of the one after. */
struct dp_light_client {
    struct dp_beacon_chain chain;
    struct dp_light_header finalized;
    struct member current, next;
};

/* next: has_next says whether there is one. */
struct update {
    struct dp_light_header attested, finalized;
    struct dp_light_committee next;
    bool has_next;
    uint64_t slot; /* of the block that has the signature */
    uint8_t who[DP_COMMITTEE_SIZE / 8], signature[DP_BLS_SIG_LEN];
};

static enum dp_err read_header(struct dp_light_header *out, const struct dp_beacon_chain *chain,
                               struct json_object *object, const char *name,
                               struct dp_detail *detail)
{
    struct json_object *header;
    enum dp_err err = dp_beacon_object(&header, object, name, detail);

    return err == DP_OK ? dp_light_header_read(out, chain, header, detail) : err;
}

static enum dp_err read_committee(struct dp_light_committee *out, struct json_object *object,
                                  const char *name, struct dp_detail *detail)
{
    struct json_object *committee;
    enum dp_err err = dp_beacon_object(&committee, object, name, detail);

    return err == DP_OK ? dp_light_committee_read(out, committee, detail) : err;
}

static enum dp_err begin(struct dp_light_client *client, const uint8_t *checkpoint,
                         struct json_object *bootstrap, struct dp_detail *detail)
{
    struct dp_light_committee *committee = &client->current.committee;
    const struct dp_ssz_node wanted = dp_ssz_bytes(checkpoint, DP_SSZ_LEN);
    enum dp_err err = read_header(&client->finalized, &client->chain, bootstrap, "header", detail);

    if (err != DP_OK)
        return err;
    if (!dp_ssz_equal(&client->finalized.root, &wanted))
        return dp_fail(detail, DP_EFORMAT, "header", "It is not the block of the checkpoint.");
    err = read_committee(committee, bootstrap, "current_sync_committee", detail);
    if (err == DP_OK)
        err = dp_light_header_prove(&client->finalized, &client->chain, DP_LIGHT_CURRENT,
                                    &committee->root, bootstrap, "current_sync_committee_branch",
                                    detail);
    client->current.is_known = err == DP_OK;
    return err;
}

enum dp_err dp_light_client_open(struct dp_light_client **out, const struct dp_beacon_chain *chain,
                                 const uint8_t checkpoint[static DP_SSZ_LEN],
                                 struct json_object *bootstrap, struct dp_detail *detail)
{
    struct dp_light_client *client = calloc(1, sizeof(*client));
    enum dp_err err;

    *out = NULL;
    if (client == NULL)
        return DP_ENOMEM;
    client->chain = *chain;
    err = begin(client, checkpoint, bootstrap, detail);
    if (err == DP_OK)
        *out = client;
    else
        dp_light_client_free(client);
    return err;
}

void dp_light_client_free(struct dp_light_client *client)
{
    if (client == NULL)
        return;
    dp_bls_keys_free(client->current.keys);
    dp_bls_keys_free(client->next.keys);
    free(client);
}

/* Where there is none, the beacon API leaves both members out, or has the branch all zero. */
static bool has_next_committee(struct json_object *object)
{
    struct json_object *branch;

    if (!json_object_object_get_ex(object, "next_sync_committee_branch", &branch))
        return false;
    if (!json_object_is_type(branch, json_type_array))
        return true;
    for (size_t i = 0; i < dp_json_count(branch); i++) {
        const char *node = json_object_get_string(json_object_array_get_idx(branch, i));

        if (node == NULL || node[0] != '0' || node[1] != 'x' ||
            node[2 + strspn(node + 2, "0")] != '\0')
            return true;
    }
    return false;
}

static enum dp_err read_signature(struct update *out, struct json_object *object,
                                  struct dp_detail *detail)
{
    struct json_object *aggregate;
    enum dp_err err = dp_beacon_number(&out->slot, object, "signature_slot", detail);

    if (err == DP_OK)
        err = dp_beacon_object(&aggregate, object, "sync_aggregate", detail);
    if (err == DP_OK)
        err = dp_beacon_bytes(out->who, sizeof(out->who), aggregate, "sync_committee_bits", detail);
    if (err == DP_OK)
        err = dp_beacon_bytes(out->signature, sizeof(out->signature), aggregate,
                              "sync_committee_signature", detail);
    return err;
}

/* What the attested state proves is proven as it is read. */
static enum dp_err read_update(struct update *out, const struct dp_beacon_chain *chain,
                               struct json_object *object, struct dp_detail *detail)
{
    enum dp_err err = read_header(&out->attested, chain, object, "attested_header", detail);

    if (err == DP_OK)
        err = read_header(&out->finalized, chain, object, "finalized_header", detail);
    if (err == DP_OK)
        err = dp_light_header_prove(&out->attested, chain, DP_LIGHT_FINALIZED, &out->finalized.root,
                                    object, "finality_branch", detail);
    if (err == DP_OK)
        err = read_signature(out, object, detail);
    out->has_next = has_next_committee(object);
    if (err != DP_OK || !out->has_next)
        return err;
    err = read_committee(&out->next, object, "next_sync_committee", detail);
    if (err == DP_OK)
        err = dp_light_header_prove(&out->attested, chain, DP_LIGHT_NEXT, &out->next.root, object,
                                    "next_sync_committee_branch", detail);
    return err;
}

static enum dp_err check_order(const struct dp_light_client *client, const struct update *update,
                               uint64_t now, struct dp_detail *detail)
{
    if (update->slot <= update->attested.slot || update->attested.slot < update->finalized.slot)
        return dp_fail(detail, DP_EFORMAT, "signature_slot",
                       "The slots of signature, attested and finalized header are not in order.");
    if (dp_beacon_chain_time(&client->chain, update->slot) > now)
        return dp_fail(detail, DP_EFORMAT, "signature_slot", "It is signed in the future.");
    return DP_OK;
}

static enum dp_err check_participation(const struct update *update, struct dp_detail *detail)
{
    int count = 0;

    for (size_t i = 0; i < sizeof(update->who); i++)
        count += __builtin_popcount(update->who[i]);
    if (3 * count < 2 * DP_COMMITTEE_SIZE)
        return dp_fail(detail, DP_EFORMAT, "sync_committee_bits",
                       "%d of %d have signed, which is less than two thirds.", count,
                       DP_COMMITTEE_SIZE);
    return DP_OK;
}

/* The committee of the period in which it is signed. */
static enum dp_err find_signers(struct member **out, struct dp_light_client *client,
                                const struct update *update, struct dp_detail *detail)
{
    const uint64_t own = dp_beacon_chain_period(&client->chain, client->finalized.slot);
    const uint64_t signed_in = dp_beacon_chain_period(&client->chain, update->slot);

    *out = signed_in == own ? &client->current : &client->next;
    if (signed_in != own && (signed_in != own + 1 || !client->next.is_known))
        return dp_fail(detail, DP_EFORMAT, "signature_slot",
                       "The committee of period %llu is not known: this client is at %llu.",
                       (unsigned long long)signed_in, (unsigned long long)own);
    if ((*out)->keys != NULL)
        return DP_OK;
    return dp_bls_keys_open(&(*out)->keys,
                            (const uint8_t(*)[DP_BLS_PUBLIC_LEN])(*out)->committee.keys,
                            DP_COMMITTEE_SIZE, detail);
}

static enum dp_err check_signature(struct dp_light_client *client, const struct update *update,
                                   struct dp_detail *detail)
{
    struct dp_ssz_node message;
    struct member *signers;
    enum dp_err err = find_signers(&signers, client, update, detail);

    if (err != DP_OK)
        return err;
    message = dp_beacon_chain_signed(&client->chain, update->slot, &update->attested.root);
    if (!dp_bls_verify(signers->keys, update->who, message.bytes, DP_SSZ_LEN, update->signature))
        return dp_fail(detail, DP_EFORMAT, "sync_committee_signature",
                       "The committee has not signed this header.");
    return DP_OK;
}

/* A period has one next committee, whichever of its states says it. */
static enum dp_err check_next(const struct dp_light_client *client, const struct update *update,
                              struct dp_detail *detail)
{
    if (update->has_next && client->next.is_known &&
        dp_beacon_chain_period(&client->chain, update->attested.slot) ==
            dp_beacon_chain_period(&client->chain, client->finalized.slot) &&
        !dp_ssz_equal(&update->next.root, &client->next.committee.root))
        return dp_fail(detail, DP_EFORMAT, "next_sync_committee",
                       "Another one is known for this period.");
    return DP_OK;
}

static void set_next(struct dp_light_client *client, const struct update *update)
{
    client->next = (struct member){0};
    if (!update->has_next)
        return;
    client->next.committee = update->next;
    client->next.is_known = true;
}

/*
 * As both headers are of the client's period, or the one after where its committee is known, a
 * next committee is that of the finalized header's period where the attested one is of the same.
 * Else (finality had not come yet when the period ended) it is one too far, and is left.
 */
static void apply(struct dp_light_client *client, const struct update *update)
{
    const struct dp_beacon_chain *chain = &client->chain;
    const uint64_t own = dp_beacon_chain_period(chain, client->finalized.slot);
    const uint64_t final = dp_beacon_chain_period(chain, update->finalized.slot);
    const uint64_t attested = dp_beacon_chain_period(chain, update->attested.slot);

    if (final == own + 1) {
        dp_bls_keys_free(client->current.keys);
        client->current = client->next;
        set_next(client, update);
    } else if (final == own && attested == own && !client->next.is_known) {
        set_next(client, update);
    }
    if (update->finalized.slot > client->finalized.slot)
        client->finalized = update->finalized;
}

enum dp_err dp_light_client_update(struct dp_light_client *client, struct json_object *update,
                                   uint64_t now, struct dp_detail *detail)
{
    struct update *read = malloc(sizeof(*read));
    enum dp_err err;

    if (read == NULL)
        return DP_ENOMEM;
    err = read_update(read, &client->chain, update, detail);
    if (err == DP_OK)
        err = check_order(client, read, now, detail);
    if (err == DP_OK)
        err = check_participation(read, detail);
    if (err == DP_OK)
        err = check_next(client, read, detail);
    if (err == DP_OK)
        err = check_signature(client, read, detail);
    if (err == DP_OK)
        apply(client, read);
    free(read);
    return err;
}

const struct dp_light_header *dp_light_client_finalized(const struct dp_light_client *client)
{
    return &client->finalized;
}

uint64_t dp_light_client_reach(const struct dp_light_client *client)
{
    const uint64_t slots = client->chain.slots_per_epoch * client->chain.epochs_per_period;
    const uint64_t own = dp_beacon_chain_period(&client->chain, client->finalized.slot);

    return (own + (client->next.is_known ? 2 : 1)) * slots - 1;
}
