/* audit_powers.c - devproof audit: what somebody can still do though every claim holds. */
#include "base/json.h"
#include "devproof/audit.h"

#define NAMES_MAX 4096

/* Settings that the operator passes in: no hash changes with them. */
static void add_settings(struct dp_claims *claims, const struct hardware *hardware)
{
    struct dp_buf names = DP_BUF_INIT(NAMES_MAX);
    struct json_object *document = NULL, *list = NULL;

    if (hardware->app_compose.data != NULL &&
        dp_json_parse(&document, hardware->app_compose.data, hardware->app_compose.len, NULL) ==
            DP_OK)
        list = json_object_object_get(document, "allowed_envs");
    for (size_t i = 0; json_object_is_type(list, json_type_array) && i < dp_json_count(list); i++)
        dp_buf_addf(&names, "%s%s", i > 0 ? ", " : "set ",
                    json_object_get_string(json_object_array_get_idx(list, i)));
    if (names.len > 0)
        dp_claims_add_power(claims, "the operator",
                            names.err == DP_OK ? names.data : "set more than can be listed",
                            "the names are in the definition, the values nobody sees");
    dp_buf_free(&names);
    json_object_put(document);
}

void audit_powers(struct dp_claims *claims, const struct hardware *hardware)
{
    dp_claims_add_power(claims, "the operator", "switch the service off, or keep people out of it",
                        "what is inside can be neither read nor changed by that");
    add_settings(claims, hardware);
    dp_claims_add_power(claims, "whoever runs the KMS", "derive every key of this app",
                        "unless the KMS is attested, too: this report does not look into it");
    dp_claims_add_power(
        claims, hardware->own_root ? "whoever has the key of the root that was named" : "Intel",
        "sign for hardware that is not what it says",
        "nothing from outside could tell; stage 3 is about that");
}
