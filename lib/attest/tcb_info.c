/* tcb_info.c - Intel's TCB info: which versions of a platform are how current. */
#include "attest/tcb_info.h"

#include <stdlib.h>
#include <string.h>

/* --- reading --- */

/* Out: len  of the list; 0 where there is none */
static enum dp_err read_components(uint8_t out[static DP_TCB_COMPONENTS], size_t *len,
                                   struct json_object *tcb, const char *name)
{
    struct json_object *list;

    *len = 0;
    if (!json_object_object_get_ex(tcb, name, &list))
        return DP_OK;
    if (!json_object_is_type(list, json_type_array))
        return DP_EFORMAT;
    for (; *len < json_object_array_length(list); ++*len) {
        uint32_t svn;

        if (dp_signed_number(&svn, json_object_array_get_idx(list, *len), "svn", UINT8_MAX) !=
            DP_OK)
            return DP_EFORMAT;
        if (*len < DP_TCB_COMPONENTS)
            out[*len] = (uint8_t)svn;
    }
    return DP_OK;
}

static enum dp_err read_level(struct dp_tcb_level *out, struct json_object *level)
{
    struct json_object *tcb;

    if (dp_signed_level(&out->status, &out->advisories, level) != DP_OK ||
        dp_signed_member(&tcb, level, "tcb", json_type_object) != DP_OK ||
        dp_signed_number(&out->pcesvn, tcb, "pcesvn", UINT16_MAX) != DP_OK ||
        read_components(out->sgx, &out->sgx_len, tcb, "sgxtcbcomponents") != DP_OK)
        return DP_EFORMAT;
    return read_components(out->tdx, &out->tdx_len, tcb, "tdxtcbcomponents");
}

static int compare_lists(const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len)
{
    size_t common = a_len < b_len ? a_len : b_len;
    int order = memcmp(a, b, common < DP_TCB_COMPONENTS ? common : DP_TCB_COMPONENTS);

    return order != 0 ? order : (a_len > b_len) - (a_len < b_len);
}

/* Highest first; of equals the one that stood first. */
static int compare_levels(const void *left, const void *right)
{
    const struct dp_tcb_level *a = left, *b = right;
    int order = compare_lists(b->sgx, b->sgx_len, a->sgx, a->sgx_len);

    if (order == 0)
        order = (b->pcesvn > a->pcesvn) - (b->pcesvn < a->pcesvn);
    if (order == 0)
        order = compare_lists(b->tdx, b->tdx_len, a->tdx, a->tdx_len);
    return order != 0 ? order : (a->index > b->index) - (a->index < b->index);
}

static enum dp_err read_levels(struct dp_tcb_info *info)
{
    struct json_object *list;
    size_t count;

    if (dp_signed_member(&list, info->json, "tcbLevels", json_type_array) != DP_OK)
        return DP_EFORMAT;
    count = json_object_array_length(list);
    info->levels = calloc(count + 1, sizeof(*info->levels));
    if (info->levels == NULL)
        return DP_ENOMEM;
    for (; info->levels_len < count; info->levels_len++) {
        struct dp_tcb_level *level = &info->levels[info->levels_len];

        level->index = info->levels_len;
        if (read_level(level, json_object_array_get_idx(list, level->index)) != DP_OK)
            return DP_EFORMAT;
    }
    qsort(info->levels, count, sizeof(*info->levels), compare_levels);
    return DP_OK;
}

static enum dp_err read_module(struct dp_tdx_module *out, struct json_object *module)
{
    if (dp_signed_hex(out->mrsigner, sizeof(out->mrsigner), module, "mrsigner") != DP_OK ||
        dp_signed_hex(out->attributes, sizeof(out->attributes), module, "attributes") != DP_OK)
        return DP_EFORMAT;
    return dp_signed_hex(out->mask, sizeof(out->mask), module, "attributesMask");
}

static enum dp_err read_identity(struct dp_tdx_module *out, struct json_object *module)
{
    if (!json_object_is_type(module, json_type_object) ||
        dp_signed_text(out->id, sizeof(out->id), module, "id") != DP_OK ||
        read_module(out, module) != DP_OK)
        return DP_EFORMAT;
    return dp_isv_levels_read(&out->levels, module);
}

static enum dp_err read_modules(struct dp_tcb_info *info)
{
    struct json_object *member;
    enum dp_err err = DP_OK;
    size_t count;

    if (json_object_object_get_ex(info->json, "tdxModule", &member)) {
        if (!json_object_is_type(member, json_type_object) ||
            read_module(&info->module, member) != DP_OK)
            return DP_EFORMAT;
        info->has_module = true;
    }
    if (!json_object_object_get_ex(info->json, "tdxModuleIdentities", &member))
        return DP_OK;
    if (!json_object_is_type(member, json_type_array))
        return DP_EFORMAT;
    count = json_object_array_length(member);
    info->identities = calloc(count + 1, sizeof(*info->identities));
    if (info->identities == NULL)
        return DP_ENOMEM;
    while (err == DP_OK && info->identities_len < count) {
        struct json_object *entry = json_object_array_get_idx(member, info->identities_len);

        err = read_identity(&info->identities[info->identities_len++], entry);
    }
    return err;
}

enum dp_err dp_tcb_info_read(struct dp_tcb_info *out, struct dp_slice text)
{
    enum dp_err err;

    memset(out, 0, sizeof(*out));
    err = dp_json_parse(&out->json, text.data, text.len, NULL);
    if (err != DP_OK)
        return err == DP_ENOMEM ? err : DP_EFORMAT;
    if (dp_signed_text(out->id, sizeof(out->id), out->json, "id") != DP_OK ||
        dp_signed_number(&out->version, out->json, "version", UINT32_MAX) != DP_OK ||
        dp_signed_date(&out->issued, out->json, "issueDate") != DP_OK ||
        dp_signed_date(&out->next_update, out->json, "nextUpdate") != DP_OK ||
        dp_signed_hex(out->fmspc, sizeof(out->fmspc), out->json, "fmspc") != DP_OK)
        return DP_EFORMAT;
    err = read_levels(out);
    return err == DP_OK ? read_modules(out) : err;
}

void dp_tcb_info_free(struct dp_tcb_info *info)
{
    for (size_t i = 0; i < info->identities_len; i++)
        dp_isv_levels_free(&info->identities[i].levels);
    free(info->identities);
    free(info->levels);
    json_object_put(info->json);
    memset(info, 0, sizeof(*info));
}

/* --- matching --- */

static bool reaches(const uint8_t *svns, const uint8_t *components)
{
    for (int i = 0; i < DP_TCB_COMPONENTS; i++) {
        if (svns[i] < components[i])
            return false;
    }
    return true;
}

struct dp_dcap_fault dp_tcb_info_match(struct dp_tcb_verdict *out, const struct dp_tcb_info *info,
                                       const uint8_t cpusvn[static DP_TCB_COMPONENTS],
                                       uint32_t pcesvn, const struct dp_td_report *td)
{
    static const struct dp_dcap_fault lists = {DP_DCAP_TCB_LEVEL,
                                               "A TCB level has not 16 components."};

    for (size_t i = 0; i < info->levels_len; i++) {
        const struct dp_tcb_level *level = &info->levels[i];

        if (pcesvn < level->pcesvn)
            continue;
        if (level->sgx_len != DP_TCB_COMPONENTS)
            return lists;
        if (!reaches(cpusvn, level->sgx))
            continue;
        if (td != NULL && level->tdx_len != DP_TCB_COMPONENTS)
            return lists;
        if (td != NULL && !reaches(td->tee_tcb_svn, level->tdx))
            continue;
        if (!dp_tcb_verdict_set(out, level->status, level->advisories))
            return DP_DCAP_FAULT(DP_DCAP_TCB_LEVEL, "A TCB level has too many advisories.");
        return DP_DCAP_NO_FAULT;
    }
    return DP_DCAP_FAULT(DP_DCAP_TCB_LEVEL, "The platform is below every TCB level.");
}
