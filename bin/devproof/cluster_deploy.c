/* cluster_deploy.c - devproof cluster deploy: a cluster's contract, from a file of its settings. */
#include <stdlib.h>

#include "base/json.h"
#include "devproof/cluster.h"
#include "devproof/command.h"
#include "devproof/contracts.h"

#define SETTINGS_MAX (256u << 10)

/* What a file need not say; DstackClusterNFT.sol says what each is. Who rules and which KMS is
 * trusted has no default, and the guardian is the owner where no other is named. Code and devices
 * may change with a notice of two days, and nobody but the owner gives out seats. */
static const char defaults[] =
    "{\"name\":\"Cluster\",\"symbol\":\"NODE\","
    "\"auth\":{\"minimumNotice\":172800,\"notice\":172800,\"exitWindow\":604800,"
    "\"proposalLifetime\":1209600,\"pauseLength\":86400,\"allowAnyDevice\":true,"
    "\"requireTcbUpToDate\":false,"
    "\"composeHash\":\"0x0000000000000000000000000000000000000000000000000000000000000000\","
    "\"deviceId\":\"0x0000000000000000000000000000000000000000000000000000000000000000\"},"
    "\"member\":{\"maxNodes\":16,\"networkMode\":2,\"ownerAdmits\":true,\"publicAdmits\":false,"
    "\"refundWindow\":604800},"
    "\"peer\":{\"appIds\":[],\"leaseDuration\":3600},"
    "\"bootNeedsSeat\":false,\"ballot\":\"0x0000000000000000000000000000000000000000\","
    "\"founders\":[]}";

/* Members that are missing, those of objects inside too. Nothing that is there changes. */
static void fill(struct json_object *settings, struct json_object *from)
{
    json_object_object_foreach(from, name, value)
    {
        struct json_object *own = json_object_object_get(settings, name);

        if (own == NULL && json_object_object_add(settings, name, json_object_get(value)) != 0)
            abort();
        /* One level: no settings are deeper. */
        if (!json_object_is_type(own, json_type_object) ||
            !json_object_is_type(value, json_type_object))
            continue;
        json_object_object_foreach(value, inner, deep)
        {
            if (json_object_object_get(own, inner) == NULL &&
                json_object_object_add(own, inner, json_object_get(deep)) != 0)
                abort();
        }
    }
}

static void complete(struct json_object *settings)
{
    struct json_object *from = NULL, *owner = json_object_object_get(settings, "owner");

    if (dp_json_parse(&from, defaults, sizeof(defaults) - 1, NULL) != DP_OK)
        abort();
    fill(settings, from);
    json_object_put(from);
    if (owner != NULL && json_object_object_get(settings, "guardian") == NULL)
        dp_json_add(settings, "guardian", json_object_get(owner));
}

/* The contract's argument as text, added to out. Returns: an exit code, after complaining */
static int read_settings(const struct cluster *cluster, struct dp_buf *out, const char *path)
{
    struct dp_buf text = DP_BUF_INIT(SETTINGS_MAX);
    struct dp_detail detail = {"", ""};
    struct json_object *settings = NULL;
    int code = EXIT_USAGE;

    if (!client_read_file(&cluster->client, &text, path)) {
        dp_buf_free(&text);
        return EXIT_USAGE;
    }
    if (dp_json_parse(&settings, text.data != NULL ? text.data : "", text.len, &detail) != DP_OK) {
        client_fail(&cluster->client, EXIT_USAGE, "%s: %s", path, detail.text);
    } else {
        complete(settings);
        dp_json_write(out, settings);
        if (out->err != DP_OK)
            abort();
        code = EXIT_SUCCESS;
    }
    json_object_put(settings);
    dp_buf_free(&text);
    return code;
}

static const char *given_or(const struct cluster *cluster, enum cluster_option option,
                            const char *otherwise)
{
    return cluster->given[option] != NULL ? cluster->given[option] : otherwise;
}

int cluster_deploy(struct cluster *cluster, int argc, char **argv)
{
    struct dp_buf settings = DP_BUF_INIT(2 * SETTINGS_MAX);
    struct contracts contracts = {
        .client = cluster->client,
        .url = cluster->nodes.list[0].rpc.url,
        .folder = given_or(cluster, OPTION_CONTRACTS, CONTRACTS_FOLDER),
        .deployments = given_or(cluster, OPTION_DEPLOYMENTS, CONTRACTS_DEPLOYMENTS),
        .key_file = cluster->given[OPTION_KEY_FILE],
        .label = cluster->given[OPTION_AS],
        .timeout_s = cluster->timeout_s != 0 ? cluster->timeout_s : CONTRACTS_TIMEOUT_S,
        .no_build = cluster->given[OPTION_NO_BUILD] != NULL,
    };
    char name[] = "DstackClusterNFT", *words[] = {name, NULL};
    int code = read_settings(cluster, &settings, argv[0]);

    (void)argc;
    words[1] = settings.data;
    if (code == EXIT_SUCCESS)
        code = contracts_open(&contracts);
    if (code == EXIT_SUCCESS)
        code = contracts_deploy(&contracts, words, 2);
    dp_buf_free(&settings);
    return code;
}
