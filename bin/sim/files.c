/* files.c - read what the simulator stands on. Holds the app's key, and wipes it. */
#include "sim.h"

#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/sha.h>

#include "attest/blob.h"
#include "base/hex.h"
#include "base/json.h"
#include "boot.h"
#include "info.h"
#include "measure.h"
#include "td.h"
#include "trust.h"

static enum dp_err read_file(struct dp_buf *out, const char *path, struct dp_detail *detail)
{
    FILE *file = fopen(path, "rb");
    size_t len;

    if (file == NULL)
        return dp_fail(detail, DP_EIO, path, "%s cannot be read: %m", path);
    do {
        char *room = dp_buf_room(out, 4096);

        len = room != NULL ? fread(room, 1, 4096, file) : 0;
        if (len > 0)
            dp_buf_grew(out, len);
    } while (len > 0);
    if (out->err == DP_OK && ferror(file))
        out->err = DP_EIO;
    fclose(file);
    if (out->err != DP_OK)
        return dp_fail(detail, out->err, path, "%s cannot be read: %s", path,
                       dp_err_text(out->err));
    return DP_OK;
}

/* content may be NULL where only the object matters; both are the caller's, also after an error. */
static enum dp_err read_json(struct json_object **out, struct dp_buf *content, const char *path,
                             struct dp_detail *detail)
{
    struct dp_detail why = {"", ""};
    enum dp_err err = read_file(content, path, detail);

    if (err != DP_OK)
        return err;
    if (content->len == 0)
        return dp_fail(detail, DP_EFORMAT, path, "%s is empty", path);
    if (dp_json_parse(out, content->data, content->len, &why) != DP_OK)
        return dp_fail(detail, DP_EFORMAT, path, "%s: %s", path, why.text);
    return DP_OK;
}

/* A text member of a file. */
static enum dp_err text_of(struct dp_slice *out, struct json_object *object, const char *name,
                           const char *path, struct dp_detail *detail)
{
    if (dp_json_string(out, object, name, NULL) != DP_OK)
        return dp_fail(detail, DP_EFORMAT, path, "%s has no text member %s", path, name);
    return DP_OK;
}

static enum dp_err take_keys(struct sim *sim, struct json_object *keys, const char *path,
                             struct dp_detail *detail)
{
    struct dp_slice key, signature;
    uint8_t bytes[DP_SECP_SIG_LEN];
    enum dp_err err = text_of(&key, keys, "k256_key", path, detail);

    if (err == DP_OK)
        err = text_of(&signature, keys, "k256_signature", path, detail);
    if (err != DP_OK)
        return err;
    err = dp_hex_decode_exact(sim->app_key, sizeof(sim->app_key), key.data);
    /* The parser's copy, which nobody reads again. */
    OPENSSL_cleanse((char *)key.data, key.len);
    if (err != DP_OK)
        return dp_fail(detail, DP_EFORMAT, path, "%s: k256_key is not 32 bytes of hex", path);
    if (signature.len == 0)
        return DP_OK;
    if (dp_hex_decode_exact(bytes, sizeof(bytes), signature.data) != DP_OK)
        return dp_fail(detail, DP_EFORMAT, path, "%s: k256_signature is not 65 bytes of hex", path);
    dp_hex_encode(sim->kms_signature, bytes, sizeof(bytes));
    return DP_OK;
}

static enum dp_err read_keys(struct sim *sim, const char *path, struct dp_detail *detail)
{
    struct dp_buf content = DP_BUF_INIT(SIM_FILE_MAX);
    struct json_object *keys = NULL;
    enum dp_err err = read_json(&keys, &content, path, detail);

    if (err == DP_OK)
        err = take_keys(sim, keys, path, detail);
    if (err == DP_OK)
        err = sim_ca_read(&sim->ca, keys, path, detail);
    json_object_put(keys);
    if (content.data != NULL)
        OPENSSL_cleanse(content.data, content.cap);
    dp_buf_free(&content);
    return err;
}

static enum dp_err read_blob(struct dp_blob *out, struct dp_buf *content, const char *path,
                             struct dp_detail *detail)
{
    enum dp_err err = read_file(content, path, detail);

    if (err == DP_OK)
        err = dp_blob_parse(out, (const uint8_t *)content->data, content->len);
    if (err == DP_EFORMAT)
        return dp_fail(detail, err, path, "%s is not a TDX attestation of the first form", path);
    return err;
}

/* What Info is made of beside the blob, held for as long as it is being written. */
struct sources {
    struct dp_buf app_compose, sys_config;
    struct json_object *app, *sys;
};

static enum dp_err read_sources(struct sources *out, const struct sim_setup *setup,
                                struct dp_detail *detail)
{
    enum dp_err err = read_json(&out->app, &out->app_compose, setup->app_compose, detail);

    if (err == DP_OK)
        err = read_json(&out->sys, &out->sys_config, setup->sys_config, detail);
    return err;
}

static void free_sources(struct sources *sources)
{
    json_object_put(sources->sys);
    json_object_put(sources->app);
    dp_buf_free(&sources->sys_config);
    dp_buf_free(&sources->app_compose);
}

static bool hides_tcb(struct json_object *app)
{
    struct json_object *shown;

    return json_object_object_get_ex(app, "public_tcbinfo", &shown) &&
           json_object_is_type(shown, json_type_boolean) && !json_object_get_boolean(shown);
}

static enum dp_err write_info(struct sim *sim, const struct sources *sources,
                              const struct sim_setup *setup, struct dp_detail *detail)
{
    struct dp_slice name, vm_config;
    struct sim_info_parts parts;
    enum dp_err err = text_of(&name, sources->app, "name", setup->app_compose, detail);

    if (err == DP_OK)
        err = text_of(&vm_config, sources->sys, "vm_config", setup->sys_config, detail);
    if (err != DP_OK)
        return err;
    dp_buf_add(&sim->vm_config, vm_config.data, vm_config.len);
    parts = (struct sim_info_parts){
        .blob = &sim->blob,
        .app_compose = {sources->app_compose.data, sources->app_compose.len},
        .app_name = name.data,
        .vm_config = vm_config.data,
    };
    err = sim_info_write(&sim->info, &parts);
    parts.hides_tcb = hides_tcb(sources->app);
    return err == DP_OK ? sim_info_write(&sim->public_info, &parts) : err;
}

/* As if the TD had been started with this compose file, and in this mode. */
static enum dp_err start_td(struct sim *sim, const struct dp_buf *app_compose,
                            const struct sim_setup *setup, struct dp_detail *detail)
{
    uint8_t hash[SIM_COMPOSE_HASH_LEN];
    enum dp_err err = DP_OK;

    if (!sim_is_tdx_v4(sim->blob.quote))
        return dp_fail(detail, DP_EFORMAT, setup->attestation, "%s holds no TDX quote of version 4",
                       setup->attestation);
    if (setup->debug)
        sim_td_debug(&sim->attestation, &sim->blob);
    SHA256((const uint8_t *)app_compose->data, app_compose->len, hash);
    if (setup->measure)
        err = sim_td_measure(&sim->attestation, &sim->blob, hash);
    if (err == DP_OK && setup->instance_id != NULL)
        err = sim_td_instance(&sim->attestation, &sim->blob, setup->instance_id);
    hash[0] ^= 1;
    if (err == DP_OK && setup->fault == SIM_FAULT_EVENT_LOG)
        err = sim_td_log_compose(&sim->attestation, &sim->blob, hash);
    if (err == DP_EFORMAT)
        return dp_fail(detail, err, setup->attestation, "%s logs no compose hash or instance id",
                       setup->attestation);
    return err;
}

static enum dp_err read_all(struct sim *out, struct sources *sources, const struct sim_setup *setup,
                            struct dp_detail *detail)
{
    enum dp_err err = read_keys(out, setup->keys, detail);

    if (err == DP_OK)
        err = read_blob(&out->blob, &out->attestation, setup->attestation, detail);
    if (err == DP_OK)
        err = read_sources(sources, setup, detail);
    if (err == DP_OK)
        err = start_td(out, &sources->app_compose, setup, detail);
    if (err == DP_OK)
        err = write_info(out, sources, setup, detail);
    return err;
}

/* Whom to ask before a key is used, and what: neither changes any more. */
static enum dp_err open_appauth(struct sim *sim, const struct sim_setup *setup,
                                struct dp_detail *detail)
{
    struct dp_buf call = DP_BUF_INIT(SIM_FILE_MAX);
    enum dp_err err;

    if (setup->app_auth == NULL)
        return DP_OK;
    err = sim_boot_call(&call, &sim->blob, setup->tcb);
    if (err == DP_OK)
        err = sim_appauth_open(&sim->appauth, setup->app_auth, setup->rpc, &call);
    else
        dp_fail(detail, err, setup->attestation, "%s logs no app that a contract could be asked of",
                setup->attestation);
    dp_buf_free(&call);
    return err;
}

enum dp_err sim_open(struct sim *out, const struct sim_setup *given, struct dp_detail *detail)
{
    struct sim_setup setup = *given;
    struct sources sources = {
        .app_compose = DP_BUF_INIT(SIM_FILE_MAX),
        .sys_config = DP_BUF_INIT(SIM_FILE_MAX),
    };
    enum dp_err err;

    if (setup.tcb == NULL)
        setup.tcb = sim_tcb_find("up-to-date");
    memset(out, 0, sizeof(*out));
    out->info = DP_BUF_INIT(16 * SIM_FILE_MAX);
    out->public_info = DP_BUF_INIT(16 * SIM_FILE_MAX);
    out->attestation = DP_BUF_INIT(SIM_FILE_MAX);
    out->vm_config = DP_BUF_INIT(SIM_FILE_MAX);
    out->pck_chain = DP_BUF_INIT(SIM_FILE_MAX);
    err = dp_memo_open(&out->vouched, SIM_VOUCHED_MAX, DP_SECP_SIG_LEN);
    if (err == DP_OK)
        err = read_all(out, &sources, &setup, detail);
    if (err == DP_OK)
        err = sim_trust_make(out, &setup, detail);
    if (err == DP_OK)
        err = open_appauth(out, &setup, detail);
    free_sources(&sources);
    return err;
}

void sim_close(struct sim *sim)
{
    sim_appauth_close(sim->appauth);
    sim_trust_free(sim);
    dp_blob_free(&sim->blob);
    dp_buf_free(&sim->vm_config);
    dp_buf_free(&sim->attestation);
    dp_buf_free(&sim->public_info);
    dp_buf_free(&sim->info);
    sim_ca_free(&sim->ca);
    dp_memo_close(sim->vouched);
    OPENSSL_cleanse(sim, sizeof(*sim));
}
