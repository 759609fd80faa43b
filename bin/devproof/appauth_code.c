/* appauth_code.c - is a contract's code that of TimelockAppAuth, and what was it built with? */
#include <stdlib.h>
#include <string.h>

#include <openssl/sha.h>

#include "base/hex.h"
#include "base/json.h"
#include "devproof/appauth.h"

#define METADATA_LENGTH 2 /* bytes at the end of the code: how long the metadata before them is */

/* Where the code's immutables stand; schema/timelock_app_auth.json. */
struct known {
    struct json_object *json;
    uint8_t sha256[SHA256_DIGEST_LENGTH];
    size_t code_len;
};

/* It comes with the program: what is wrong with it is a fault of the build. */
static void read_known(struct known *known)
{
    struct json_object *len;

    if (dp_json_parse(&known->json, appauth_known_code[0], strlen(appauth_known_code[0]), NULL) !=
            DP_OK ||
        dp_hex_decode_exact(known->sha256, sizeof(known->sha256),
                            client_text(known->json, "sha256")) != DP_OK ||
        !json_object_object_get_ex(known->json, "codeBytes", &len))
        abort();
    known->code_len = (size_t)json_object_get_int64(len);
}

/* Take the number that stands at all places of an immutable, and leave zeros there. Returns: is it
 * the same at all of them? */
static bool take_immutable(uint64_t *out, uint8_t *code, const struct known *known,
                           const char *name)
{
    struct json_object *places =
        json_object_object_get(json_object_object_get(known->json, "immutables"), name);

    for (size_t i = 0; i < dp_json_count(places); i++) {
        const int64_t place = json_object_get_int64(json_object_array_get_idx(places, i));
        uint64_t value;

        if (place < 0 || (size_t)place + DP_WORD_LEN > known->code_len)
            abort();
        if (dp_integer_read(&value, code + place) != DP_OK || (i > 0 && value != *out))
            return false;
        *out = value;
        memset(code + place, 0, DP_WORD_LEN);
    }
    return true;
}

static size_t without_metadata(const uint8_t *code, size_t len)
{
    size_t metadata;

    if (len < METADATA_LENGTH)
        return len;
    metadata = ((size_t)code[len - 2] << 8 | code[len - 1]) + METADATA_LENGTH;
    return metadata <= len ? len - metadata : len;
}

void appauth_know_code(struct appauth_state *state, const uint8_t *code, size_t len)
{
    struct {
        const char *name;
        uint64_t *out, found;
    } immutables[] = {
        {"minimumNotice", &state->minimum_notice, 0},
        {"exitWindow", &state->exit_window, 0},
        {"proposalLifetime", &state->proposal_lifetime, 0},
        {"pauseLength", &state->pause_length, 0},
    };
    const size_t count = sizeof(immutables) / sizeof(immutables[0]);
    uint8_t digest[SHA256_DIGEST_LENGTH], *zeroed;
    struct known known = {.json = NULL};

    read_known(&known);
    state->is_known = without_metadata(code, len) == known.code_len;
    if (state->is_known) {
        zeroed = malloc(known.code_len);
        if (zeroed == NULL)
            abort();
        memcpy(zeroed, code, known.code_len);
        for (size_t i = 0; state->is_known && i < count; i++)
            state->is_known =
                take_immutable(&immutables[i].found, zeroed, &known, immutables[i].name);
        SHA256(zeroed, known.code_len, digest);
        state->is_known = state->is_known && memcmp(digest, known.sha256, sizeof(digest)) == 0;
        free(zeroed);
    }
    for (size_t i = 0; state->is_known && i < count; i++)
        *immutables[i].out = immutables[i].found;
    json_object_put(known.json);
}
