/* reference.c - what was named to hold a quote against: an operating system's image, a KMS. */
#include "devproof/reference.h"

#include <string.h>
#include <strings.h>

#include "base/hex.h"
#include "base/json.h"
#include "devproof/command.h"

#define REFERENCE_MAX (64u << 10)

int reference_read(const struct client *client, struct json_object **out, const char *path)
{
    struct dp_buf text = DP_BUF_INIT(REFERENCE_MAX);
    struct dp_detail detail = {"", ""};
    int code = -1;

    *out = NULL;
    if (path != NULL && !client_read_file(client, &text, path))
        code = EXIT_USAGE;
    else if (path != NULL &&
             dp_json_parse(out, text.data != NULL ? text.data : "", text.len, &detail) != DP_OK)
        code = client_fail(client, EXIT_USAGE, "%s: %s", path, detail.text);
    dp_buf_free(&text);
    return code;
}

/* Compare one register. Returns: NULL, or what is wrong */
static const char *register_fault(struct json_object *reference, const char *name,
                                  const uint8_t found[static DP_RTMR_LEN])
{
    uint8_t expected[DP_RTMR_LEN];

    if (dp_hex_decode_exact(expected, sizeof(expected), client_text(reference, name)) != DP_OK)
        return "the reference has not mrtd and rtmr0 to rtmr2 as 48 bytes of hex";
    return memcmp(expected, found, sizeof(expected)) == 0 ? NULL
                                                          : "another operating system was measured";
}

const char *reference_os_fault(struct json_object *reference, const struct dp_td_report *td)
{
    const char *fault = register_fault(reference, "mrtd", td->mr_td);
    char name[] = "rtmr0";

    for (int i = 0; fault == NULL && i < DP_RTMR_RUNTIME; i++) {
        name[4] = (char)('0' + i);
        fault = register_fault(reference, name, td->rtmr[i]);
    }
    return fault;
}

bool reference_is_kms(const struct dp_key_provider *provider, const char *kms_id)
{
    char id[2 * sizeof(provider->id) + 1];

    dp_hex_encode(id, provider->id, provider->id_len);
    return strcmp(provider->name, "kms") == 0 &&
           strcasecmp(id, strncmp(kms_id, "0x", 2) == 0 ? kms_id + 2 : kms_id) == 0;
}
