/* audit_keys.c - devproof audit: who gives the app its keys, and does a user's key come from there?
 */
#include <string.h>

#include "base/hex.h"
#include "devproof/audit.h"
#include "devproof/reference.h"

static const char kms_title[] = "The app's keys come from the KMS that was named";
static const char chain_title[] = "A user's key was given by that KMS to this app and no other";

static void claim_kms(struct dp_claims *claims, const struct key_rules *rules,
                      const struct facts *facts)
{
    const struct dp_key_provider *provider = &facts->key_provider;
    char found[sizeof(provider->name) + 2 * sizeof(provider->id) + 2] = "", *id;
    bool same;
    struct dp_claim claim = {
        .id = "kms.identity", .title = kms_title, .found = found, .required = true};

    if (!facts->known) {
        audit_add_unchecked(claims, claim.id, claim.title,
                            "there is no event log that fits the quote");
        return;
    }
    id = stpcpy(stpcpy(found, provider->name), " ");
    dp_hex_encode(id, provider->id, provider->id_len);
    same = rules->kms_id != NULL && reference_is_kms(provider, rules->kms_id);
    claim.source = "key-provider in the event log";
    claim.expected = rules->kms_id;
    if (strcmp(provider->name, "kms") != 0) {
        claim.verdict = DP_VERDICT_FAIL;
        claim.note = "without a KMS no contract decides who gets the keys";
    } else if (rules->kms_id == NULL) {
        claim.verdict = DP_VERDICT_UNCHECKED;
        claim.note = "no KMS was named to compare with";
    } else if (!same) {
        claim.verdict = DP_VERDICT_FAIL;
        claim.note = "it is another KMS";
    }
    dp_claims_add(claims, &claim);
}

static void claim_chain(struct dp_claims *claims, const struct key_rules *rules,
                        const struct facts *facts, struct json_object *keys)
{
    struct chain_expected expected = rules->chain;
    char root[DP_ADDRESS_TEXT_SIZE];
    const char *fault;

    memcpy(expected.app_id, facts->app_id, sizeof(expected.app_id));
    expected.has_app_id = true;
    dp_address_format(root, expected.root);
    fault = chain_fault(&expected, keys);
    dp_claims_add(claims, &(struct dp_claim){
                              .id = "keys.chain",
                              .title = chain_title,
                              .expected = root,
                              .found = fault == NULL ? client_text(keys, "address")
                                                     : "a chain that does not hold",
                              .source = "the KMS root that was named, and the app id in the log",
                              .note = fault,
                              .verdict = fault == NULL ? DP_VERDICT_PASS : DP_VERDICT_FAIL,
                              .required = true,
                          });
}

void audit_keys(struct dp_claims *claims, const struct key_rules *rules, const struct facts *facts,
                struct json_object *keys)
{
    claim_kms(claims, rules, facts);
    if (!facts->known)
        audit_add_unchecked(claims, "keys.chain", chain_title,
                            "the app id is not known: no event log fits the quote");
    else if (keys == NULL)
        audit_add_unchecked(claims, "keys.chain", chain_title,
                            "no user was named whose key could be looked at");
    else if (!rules->chain.has_root)
        audit_add_unchecked(claims, "keys.chain", chain_title,
                            "no KMS root was named to compare with");
    else
        claim_chain(claims, rules, facts, keys);
}
