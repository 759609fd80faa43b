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

const struct sim_method *sim_method_find(const char *name)
{
    static const struct sim_method methods[] = {
        {"GetKey", sim_get_key},     {"GetTlsKey", sim_get_tls_key}, {"Info", info},
        {"Sign", sim_sign},          {"Verify", sim_verify},         {"Version", version},
        {"GetQuote", sim_get_quote}, {"Attest", sim_attest},         {"GpuInfo", NULL},
    };

    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
        if (strcmp(methods[i].name, name) == 0)
            return &methods[i];
    return NULL;
}
