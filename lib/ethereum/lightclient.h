/* lightclient.h - follow a consensus chain from a block that one trusts, by sync committees. */
/*
 * The sync protocol of consensus-specs (Altair to Fulu), as far as what is final and two thirds of
 * a committee have signed: nothing optimistic, nothing forced. Whoever hands over the updates need
 * not be trusted: they can only withhold newer ones, which the time of the final header shows.
 */
#ifndef DP_ETHEREUM_LIGHTCLIENT_H
#define DP_ETHEREUM_LIGHTCLIENT_H

#include "ethereum/light_header.h"

struct dp_light_client;

/**
 * Begin at a block.
 *
 * In:  chain       copied
 *      checkpoint  root of that beacon block, known from elsewhere: all stands on it. It should not
 *                  be older than the chain's weak subjectivity period (some two weeks).
 *      bootstrap   data of the beacon API's light_client/bootstrap for it
 * Out: out     to be freed by dp_light_client_free; NULL unless DP_OK
 *      detail  what is wrong; may be NULL
 * Returns: DP_OK, DP_ENOMEM, what light_header.h does
 *          DP_EFORMAT  another block, or a committee or execution block that is not proven by it
 */
DP_MUST_CHECK
enum dp_err dp_light_client_open(struct dp_light_client **out, const struct dp_beacon_chain *chain,
                                 const uint8_t checkpoint[static DP_SSZ_LEN],
                                 struct json_object *bootstrap, struct dp_detail *detail);

/* Takes NULL. */
void dp_light_client_free(struct dp_light_client *client);

/**
 * Verify an update, and take from it what is newer: the finalized header, the next committee.
 *
 * In:  update  data of light_client/updates (one of them) or light_client/finality_update
 *      now     Unix seconds; what is signed later is refused
 * Returns: DP_OK (also where it is good and says nothing new), DP_ENOMEM, what light_header.h does
 *          DP_EFORMAT  it does not hold; the client is as it was
 * The first signature of a committee takes some 80 ms, others some 8.
 */
DP_MUST_CHECK
enum dp_err dp_light_client_update(struct dp_light_client *client, struct json_object *update,
                                   uint64_t now, struct dp_detail *detail);

/* The newest header that is proven final; that of the checkpoint at first. */
const struct dp_light_header *dp_light_client_finalized(const struct dp_light_client *client);

/* The last slot whose signatures can be verified: the end of the last period whose committee is
 * known. */
uint64_t dp_light_client_reach(const struct dp_light_client *client);

#endif
