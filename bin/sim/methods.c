/* methods.c - the table of methods, and those that answer with what is known already. */
#include "methods.h"

#include <string.h>

static enum dp_err info(const struct sim *sim, struct dp_buf *out, struct json_object *params,
                        struct dp_detail *detail)
{
    (void)params;
    (void)detail;
    dp_buf_add(out, sim->info.data, sim->info.len);
    return out->err;
}

static enum dp_err version(const struct sim *sim, struct dp_buf *out, struct json_object *params,
                           struct dp_detail *detail)
{
    (void)sim;
    (void)params;
    (void)detail;
    dp_buf_add_text(out, "{\"version\":\"" SIM_RELEASE "\",\"rev\":\"dstack-sim\"}");
    return out->err;
}

/* Ends with an entry without a name. */
static const struct sim_method guest[] = {
    {"GetKey", sim_get_key, true},
    {"GetTlsKey", sim_get_tls_key, true},
    {"GetQuote", sim_get_quote, false},
    {"Attest", sim_attest, false},
    {"Info", info, false},
    {"Sign", sim_sign, true},
    {"Verify", sim_verify, false},
    {"Version", version, false},
    {"GpuInfo", NULL, false},
    {NULL, NULL, false},
};

static const struct sim_method tappd[] = {
    {"DeriveKey", sim_derive_key, true},
    {"DeriveK256Key", sim_derive_k256_key, true},
    {"TdxQuote", sim_tdx_quote, false},
    {"RawQuote", sim_raw_quote, false},
    {"Info", info, false},
    {"Version", version, false},
    {NULL, NULL, false},
};

static const struct sim_method worker[] = {
    {"Info", sim_worker_info, false},
    {"Version", version, false},
    {"GetAttestationForAppKey", sim_attest_app_key, true},
    {NULL, NULL, false},
};

static const struct sim_method *find(const struct sim_method *methods, const char *name)
{
    for (; methods->name != NULL; methods++)
        if (strcmp(methods->name, name) == 0)
            return methods;
    return NULL;
}

const struct sim_method *sim_method_find(const char *name)
{
    return find(guest, name);
}

const struct sim_method *sim_prpc_find(const char *name)
{
    static const char old[] = "Tappd.", open[] = "Worker.";

    if (strncmp(name, open, strlen(open)) == 0)
        return find(worker, name + strlen(open));
    return find(tappd, strncmp(name, old, strlen(old)) == 0 ? name + strlen(old) : name);
}
