/* beacon_chain.c - slots, epochs, periods and fork versions (consensus-specs, phase0). */
#include "ethereum/beacon_chain.h"

#include <stdio.h>
#include <string.h>

#include "ethereum/beacon_json.h"
#include "ethereum/light_header.h"

#define NAME_SIZE 40

static const char *const fork_names[DP_FORK_COUNT] = {
    [DP_FORK_GENESIS] = "GENESIS", [DP_FORK_ALTAIR] = "ALTAIR", [DP_FORK_BELLATRIX] = "BELLATRIX",
    [DP_FORK_CAPELLA] = "CAPELLA", [DP_FORK_DENEB] = "DENEB",   [DP_FORK_ELECTRA] = "ELECTRA",
    [DP_FORK_FULU] = "FULU"};

static enum dp_err read_lengths(struct dp_beacon_chain *out, struct json_object *object,
                                struct dp_detail *detail)
{
    uint64_t size;
    enum dp_err err = dp_beacon_number(&out->seconds_per_slot, object, "SECONDS_PER_SLOT", detail);

    if (err == DP_OK)
        err = dp_beacon_number(&out->slots_per_epoch, object, "SLOTS_PER_EPOCH", detail);
    if (err == DP_OK)
        err = dp_beacon_number(&out->epochs_per_period, object, "EPOCHS_PER_SYNC_COMMITTEE_PERIOD",
                               detail);
    if (err == DP_OK)
        err = dp_beacon_number(&size, object, "SYNC_COMMITTEE_SIZE", detail);
    if (err != DP_OK)
        return err;
    if (size != DP_COMMITTEE_SIZE)
        return dp_fail(detail, DP_EFORMAT, "SYNC_COMMITTEE_SIZE",
                       "Only sync committees of %d are known here.", DP_COMMITTEE_SIZE);
    if (out->seconds_per_slot == 0 || out->seconds_per_slot > UINT32_MAX ||
        out->slots_per_epoch == 0 || out->slots_per_epoch > UINT32_MAX ||
        out->epochs_per_period == 0 || out->epochs_per_period > UINT32_MAX)
        return dp_fail(detail, DP_EFORMAT, NULL, "A slot, an epoch or a period has no length.");
    return DP_OK;
}

/* One that is not named never comes. */
static enum dp_err read_fork(struct dp_beacon_chain *out, enum dp_fork fork,
                             struct json_object *object, struct dp_detail *detail)
{
    char name[NAME_SIZE];
    enum dp_err err;

    snprintf(name, sizeof(name), "%s_FORK_EPOCH", fork_names[fork]);
    out->forks[fork].epoch = fork == DP_FORK_GENESIS ? 0 : DP_EPOCH_NEVER;
    if (fork != DP_FORK_GENESIS) {
        if (!json_object_object_get_ex(object, name, NULL))
            return DP_OK;
        err = dp_beacon_number(&out->forks[fork].epoch, object, name, detail);
        if (err != DP_OK)
            return err;
        if (out->forks[fork].epoch < out->forks[fork - 1].epoch)
            return dp_fail(detail, DP_EFORMAT, name, "%s is before the fork before it.", name);
    }
    snprintf(name, sizeof(name), "%s_FORK_VERSION", fork_names[fork]);
    return dp_beacon_bytes(out->forks[fork].version, DP_FORK_VERSION_LEN, object, name, detail);
}

/* Is it the name of the first epoch of a fork that is not in the list above? */
static bool names_unknown_fork(const char *name)
{
    static const char ending[] = "_FORK_EPOCH";
    const size_t len = strlen(name);

    if (len < sizeof(ending) || strcmp(name + len - (sizeof(ending) - 1), ending) != 0)
        return false;
    for (int fork = 0; fork < DP_FORK_COUNT; fork++) {
        if (strlen(fork_names[fork]) == len - (sizeof(ending) - 1) &&
            strncmp(name, fork_names[fork], strlen(fork_names[fork])) == 0)
            return false;
    }
    return true;
}

static enum dp_err read_unknown(struct dp_beacon_chain *out, struct json_object *object,
                                struct dp_detail *detail)
{
    uint64_t epoch;

    out->unknown_from = DP_EPOCH_NEVER;
    json_object_object_foreach(object, name, value)
    {
        enum dp_err err;

        (void)value;
        if (!names_unknown_fork(name))
            continue;
        err = dp_beacon_number(&epoch, object, name, detail);
        if (err != DP_OK)
            return err;
        if (epoch < out->unknown_from)
            out->unknown_from = epoch;
    }
    return DP_OK;
}

enum dp_err dp_beacon_chain_read(struct dp_beacon_chain *out, struct json_object *object,
                                 struct dp_detail *detail)
{
    enum dp_err err =
        dp_beacon_root(&out->genesis_validators_root, object, "genesis_validators_root", detail);

    if (err == DP_OK)
        err = dp_beacon_number(&out->genesis_time, object, "genesis_time", detail);
    if (err == DP_OK)
        err = read_lengths(out, object, detail);
    for (enum dp_fork fork = 0; err == DP_OK && fork < DP_FORK_COUNT; fork++)
        err = read_fork(out, fork, object, detail);
    if (err == DP_OK)
        err = read_unknown(out, object, detail);
    return err;
}

enum dp_fork dp_beacon_chain_fork(const struct dp_beacon_chain *chain, uint64_t slot)
{
    enum dp_fork fork = DP_FORK_COUNT - 1;

    while (fork > DP_FORK_GENESIS && chain->forks[fork].epoch > slot / chain->slots_per_epoch)
        fork--;
    return fork;
}

bool dp_beacon_chain_is_unknown(const struct dp_beacon_chain *chain, uint64_t slot)
{
    return slot / chain->slots_per_epoch >= chain->unknown_from;
}

uint64_t dp_beacon_chain_period(const struct dp_beacon_chain *chain, uint64_t slot)
{
    return slot / (chain->slots_per_epoch * chain->epochs_per_period);
}

uint64_t dp_beacon_chain_time(const struct dp_beacon_chain *chain, uint64_t slot)
{
    uint64_t since, time;

    if (__builtin_mul_overflow(slot, chain->seconds_per_slot, &since) ||
        __builtin_add_overflow(since, chain->genesis_time, &time))
        return UINT64_MAX;
    return time;
}

/* compute_fork_version of the slot before, as signatures are of the block before; compute_domain
 * with DOMAIN_SYNC_COMMITTEE. */
struct dp_ssz_node dp_beacon_chain_signed(const struct dp_beacon_chain *chain, uint64_t slot,
                                          const struct dp_ssz_node *root)
{
    static const uint8_t type[4] = {0x07, 0, 0, 0};
    const enum dp_fork fork = dp_beacon_chain_fork(chain, slot > 0 ? slot - 1 : 0);
    struct dp_ssz_node data, domain = dp_ssz_bytes(type, sizeof(type));

    data = dp_ssz_bytes(chain->forks[fork].version, DP_FORK_VERSION_LEN);
    dp_ssz_pair(&data, &data, &chain->genesis_validators_root);
    memcpy(domain.bytes + sizeof(type), data.bytes, DP_SSZ_LEN - sizeof(type));
    dp_ssz_pair(&data, root, &domain);
    return data;
}
